"""`python -m evals.retrieval`: how good search is, what each idea brings, and what it costs elsewhere.

Questions about 40 financial rulebooks (ObliQA's dev set) are asked of the real search over the real database.
What was learned from questions is measured on others only: the map of a third of the questions is learned
from the other two. Intervals are 95 % bootstrap intervals over questions. Regulation B's cross-references
show whether what helps on one corpus hurts on another, and that no search ever leaves its day.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_engine
from evals import crossrefs, question_map
from evals.benchmarks import obliqa
from evals.benchmarks.__main__ import DATA, OUT
from evals.benchmarks.database import outside_transactions, scratch_database
from evals.benchmarks.figures import average_precision, recall
from evals.benchmarks.obliqa import GivenVectors, Question
from evals.gates import Gate, Result, exactly
from evals.question_map import Taught
from retrieval import questions
from retrieval.ingest import ingest_paths
from retrieval.passages import complete, joined
from retrieval.rank import Weights
from retrieval.search import PostgresClauses

K = 10
DAY = date(2026, 1, 1)
RESAMPLED = 2000
IDEAS = 3
"""What an idea brings is measured on every third question."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over questions with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """The figure of these values."""
        array = np.asarray(values)
        chosen = np.random.default_rng(0).integers(0, len(array), (RESAMPLED, len(array)))
        low, high = np.percentile(array[chosen].mean(axis=1), (2.5, 97.5))
        return cls(float(array.mean()), float(low), float(high))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"

    def gate(self, name: str, threshold: float, why: str) -> Gate:
        """A gate that the mean must pass."""
        return Gate(name, self.mean, self.low, self.high, "at least", threshold, why)


Answer = tuple[Sequence[str], frozenset[str]]
"""The clauses found, best first, and those that were wanted."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Recall and mean average precision of the first ten answers."""

    recall: Figure
    precision: Figure

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Quality":
        """Of answers, each with what was wanted."""
        return cls(
            Figure.of([recall(found, wanted, K) for found, wanted in answers]),
            Figure.of([average_precision(found, wanted, K) for found, wanted in answers]),
        )


WORDS = Weights(words=1, pair=0, cosine=0, coverage=0)
MEANING = Weights(words=0, pair=0, cosine=1, coverage=0)
PLAIN = Weights(words=1, pair=0, cosine=1, coverage=0)

VARIANTS: Mapping[str, tuple[Weights, bool]] = {
    "BM25 alone": (WORDS, False),
    "vectors alone": (MEANING, False),
    "vectors alone, questions turned": (MEANING, True),
    "BM25 and vectors, one to one": (PLAIN, False),
    "and pairs of words": (replace(PLAIN, pair=0.6), False),
    "and coverage": (replace(PLAIN, pair=0.6, coverage=0.25), False),
    "and questions turned": (replace(PLAIN, pair=0.6, coverage=0.25), True),
    "and vectors at 1.2: as shipped": (Weights(), True),
}
"""Each with its weights, and whether questions are turned towards their answers."""


@dataclass(frozen=True)
class Rulebooks:
    """40 rulebooks in a database; their questions with vectors as they are, and as learned by thirds."""

    engine: AsyncEngine
    asked: Sequence[Question]
    plain: GivenVectors
    by_thirds: GivenVectors

    async def quality(self, weights: Weights, turned: bool, every: int = 1) -> Quality:
        """The quality of search with these weights."""
        clauses = PostgresClauses(self.engine, self.by_thirds if turned else self.plain, weights=weights)
        answers: list[Answer] = []
        for one in self.asked[::every]:
            hits = await clauses.search(one.text, DAY, k=K)
            answers.append(([hit.clause.clause for hit in hits], one.relevant))
        return Quality.of(answers)


@asynccontextmanager
async def rulebooks(data: Path, out: Path) -> AsyncIterator[Rulebooks]:
    """Open them; minutes the first time, since every clause is embedded."""
    taught = await question_map.prepared(data / obliqa.FOLDER, out)
    by_thirds = _turned(taught)
    # A name of its own keeps the shipped map, learned from all of these questions, out of the way.
    plain = replace(by_thirds, vectors=taught.vectors.vectors)
    async with scratch_database(out, "eval_retrieval") as url:
        engine = open_engine(url, pool_size=1)
        await ingest_paths(engine, [data / obliqa.FOLDER / "clauses.jsonl"], plain)
        await outside_transactions(url, "vacuum analyze")
        yield Rulebooks(engine, taught.asked, plain, by_thirds)
        await engine.dispose()


def _turned(taught: Taught) -> GivenVectors:
    maps = question_map.across_folds(taught)
    vectors = dict(taught.vectors.vectors)
    for one in taught.asked:
        left, right = maps[question_map.fold_of(one.text)]
        vectors[one.text] = questions.applied(vectors[one.text], left, right)
    return replace(taught.vectors, name=f"{taught.vectors.name}, unmapped", vectors=vectors)


@dataclass(frozen=True, slots=True)
class Regulation:
    """What the referring sentences of Regulation B find, as they stand and by their other words alone."""

    as_written: Quality
    masked: Quality
    questions: int
    out_of_their_day: int


@asynccontextmanager
async def regulation(data: Path, out: Path) -> AsyncIterator[tuple[AsyncEngine, GivenVectors]]:
    """Its five editions in a database, taken in backwards."""
    texts = []
    for name in crossrefs.EDITIONS:
        texts += [joined(one.heading, one.text) for one in crossrefs.edition(data, name).provisions]
        texts += [t for one in crossrefs.referring(data, name) for t in (one.sentence, one.masked)]
    vectors = await obliqa.embedded(texts, out)
    async with scratch_database(out, "eval_regulation") as url:
        engine = open_engine(url, pool_size=1)
        for name in reversed(crossrefs.EDITIONS):
            await ingest_paths(engine, [data / "reg-b" / f"{name}.jsonl"], vectors)
        yield engine, vectors
        await engine.dispose()


async def referred(data: Path, clauses: PostgresClauses) -> Regulation:
    """Ask every referring sentence of every edition on that edition's first day."""
    as_written: list[Answer] = []
    masked: list[Answer] = []
    strayed = 0
    for name in crossrefs.EDITIONS:
        day = date.fromisoformat(name)
        edition = crossrefs.edition(data, name).edition
        for one in crossrefs.referring(data, name):
            for text, answers in ((one.sentence, as_written), (one.masked, masked)):
                hits = await clauses.search(text, day, document=crossrefs.DOCUMENT, k=K + 1)
                strayed += sum(hit.clause.edition != edition for hit in hits)
                found = [hit.clause.clause for hit in hits if hit.clause.clause != one.source]
                answers.append((found, one.wanted))
    return Regulation(Quality.of(as_written), Quality.of(masked), len(masked), strayed)


def retrieval(data: Path = DATA, out: Path = OUT) -> Result:
    """Search finds the clause: ObliQA by thirds, Regulation B on each edition's day."""
    if not (data / obliqa.FOLDER).is_dir():
        return Result("retrieval", not_run=f"no data sets in {data}")
    return asyncio.run(_retrieval(data, out))


async def _retrieval(data: Path, out: Path) -> Result:
    async with rulebooks(data, out) as corpus:
        quality = await corpus.quality(Weights(), turned=True)
    async with regulation(data, out) as (engine, vectors):
        reg_b = await referred(data, PostgresClauses(engine, vectors))
    why = "the explanation and the chat can be no better than the clause they stand on"
    elsewhere = "what is learned on one corpus must not hurt on another"
    return Result(
        "retrieval",
        (
            quality.recall.gate("recall@10, ObliQA dev, not learned from", 0.79, why),
            quality.precision.gate("MAP@10, ObliQA dev, not learned from", 0.64, why),
            reg_b.as_written.recall.gate("recall@10, Regulation B, referring sentence", 0.70, elsewhere),
            reg_b.masked.recall.gate("recall@10, Regulation B, its reference masked", 0.52, elsewhere),
            exactly("clauses of another edition", reg_b.out_of_their_day, "at most", 0, "never an old rule"),
        ),
    )


def references(data: Path = DATA) -> Result:
    """Cross-references read out of Regulation B's words, against its published parse."""
    if not (data / "reg-b-crossrefs").is_dir():
        return Result("references", not_run=f"no data sets in {data}")
    why = "a result is widened to the clauses that it refers to"
    gates = []
    for name in crossrefs.COMPLETE:
        read = crossrefs.found(data, name)
        gates.append(exactly(f"precision, edition {name}", read.precision, "at least", 0.95, why))
        gates.append(exactly(f"recall, edition {name}", read.recall, "at least", 0.95, why))
    return Result("references", tuple(gates))


async def ideas(data: Path, out: Path) -> None:
    """Print what each idea brings on every third question, then the whole, then the same on Regulation B."""
    async with rulebooks(data, out) as corpus:
        for name, (weights, turned) in VARIANTS.items():
            _tell(name, await corpus.quality(weights, turned, IDEAS))
        _tell("as shipped, every question", await corpus.quality(Weights(), turned=True))
    async with regulation(data, out) as (engine, vectors):
        for name, (weights, turned) in VARIANTS.items():
            embedder = vectors if turned else replace(vectors, name=f"{vectors.name}, unmapped")
            await complete(engine, embedder)
            found = await referred(data, PostgresClauses(engine, embedder, weights=weights))
            _tell(f"reg-b, masked, {name}", found.masked)
            _tell(f"reg-b, as written, {name}", found.as_written)
            print(f"clauses of another edition: {found.out_of_their_day}", flush=True)


def _tell(name: str, quality: Quality) -> None:
    print(f"{name:50}  recall@10 {quality.recall}  MAP@10 {quality.precision}", flush=True)


def main() -> int:
    """Print everything; `credence eval run retrieval` holds the figures against their gates."""
    parser = argparse.ArgumentParser(prog="python -m evals.retrieval", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the data sets (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the vectors (default: %(default)s)")
    asked = parser.parse_args()
    for name in crossrefs.EDITIONS:
        read = crossrefs.found(asked.data, name)
        complete_truth = "" if name in crossrefs.COMPLETE else " (the truth is incomplete)"
        print(f"references {name}: precision {read.precision:.3f}, recall {read.recall:.3f}{complete_truth}")
    asyncio.run(ideas(asked.data, asked.out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

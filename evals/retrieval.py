"""How well search finds the clause, and references are read: on what it was not learned from.

Questions about 40 financial rulebooks (ObliQA's dev set) are asked of the real search over the real database.
What was learned from questions is measured on others only: the map of a third of the questions is learned
from the other two. Regulation B's cross-references show whether what helps on one corpus hurts on another,
and that no search ever leaves its day. What each idea brings: `python -m evals.retrieval_ideas`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_engine
from evals import crossrefs, question_map
from evals.benchmarks import obliqa
from evals.benchmarks.__main__ import DATA, OUT
from evals.benchmarks.database import outside_transactions, scratch_database
from evals.benchmarks.figures import average_precision, recall
from evals.benchmarks.obliqa import GivenVectors, Question
from evals.gates import Gate, Result, exactly, mean
from evals.measured import Measured
from evals.question_map import Taught
from evals.slices import charts
from retrieval import questions
from retrieval.ingest import ingest_paths
from retrieval.passages import joined
from retrieval.rank import Weights
from retrieval.search import PostgresClauses

K = 10
DAY = date(2026, 1, 1)

WHY = "the explanation and the chat can be no better than the clause they stand on"
ELSEWHERE = "what is learned on one corpus must not hurt on another"


def measured(number: str, asked: str, found: Sequence[str], wanted: frozenset[str], corpus: str) -> Measured:
    """A question with the share of its clauses among the first ten found, and their average precision."""
    scores = {
        f"{corpus} recall": recall(found, wanted, K),
        f"{corpus} precision": average_precision(found, wanted, K),
    }
    said = f"found {', '.join(found[:K])}; wanted {', '.join(sorted(wanted))}"
    count = "one" if len(wanted) == 1 else "several"
    return Measured(number, scores, {"corpus": corpus, "clauses that answer": count}, asked, said)


@dataclass(frozen=True)
class Rulebooks:
    """40 rulebooks in a database; their questions with vectors as they are, and as learned by thirds."""

    engine: AsyncEngine
    asked: Sequence[Question]
    plain: GivenVectors
    by_thirds: GivenVectors

    async def answers(self, weights: Weights, turned: bool, every: int = 1) -> list[Measured]:
        """What search with these weights finds for the questions."""
        clauses = PostgresClauses(self.engine, self.by_thirds if turned else self.plain, weights=weights)
        made = []
        for number, one in enumerate(self.asked[::every]):
            hits = await clauses.search(one.text, DAY, k=K)
            found = [hit.clause.clause for hit in hits]
            made.append(measured(f"rulebooks-{number * every}", one.text, found, one.relevant, "rulebooks"))
        return made


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


async def referred(data: Path, clauses: PostgresClauses) -> tuple[list[Measured], int]:
    """Every referring sentence of every edition on that edition's first day, as written and masked; and how
    many clauses of another edition were found."""
    made, strayed = [], 0
    for name in crossrefs.EDITIONS:
        day, edition = date.fromisoformat(name), crossrefs.edition(data, name).edition
        for number, one in enumerate(crossrefs.referring(data, name)):
            for corpus, text in (("regulation", one.sentence), ("regulation, masked", one.masked)):
                hits = await clauses.search(text, day, document=crossrefs.DOCUMENT, k=K + 1)
                strayed += sum(hit.clause.edition != edition for hit in hits)
                found = [hit.clause.clause for hit in hits if hit.clause.clause != one.source]
                case = measured(f"{corpus}-{name}-{number}", text, found, one.wanted, corpus)
                made.append(replace(case, slices={**case.slices, "edition": name}))
    return made, strayed


def retrieval(data: Path = DATA, out: Path = OUT) -> Result:
    """Search finds the clause that answers: rulebooks by thirds, Regulation B on each edition's day."""
    if not (data / obliqa.FOLDER).is_dir():
        return Result("retrieval", not_run=f"no data sets in {data}")
    return asyncio.run(_retrieval(data, out))


async def _retrieval(data: Path, out: Path) -> Result:
    async with rulebooks(data, out) as corpus:
        cases = await corpus.answers(Weights(), turned=True)
    async with regulation(data, out) as (engine, vectors):
        found, strayed = await referred(data, PostgresClauses(engine, vectors))
    cases += found
    gates = (
        _gate("recall@10, ObliQA dev, not learned from", cases, "rulebooks recall", 0.79, WHY),
        _gate("MAP@10, ObliQA dev, not learned from", cases, "rulebooks precision", 0.64, WHY),
        _gate("recall@10, Regulation B, referring sentence", cases, "regulation recall", 0.75, ELSEWHERE),
        _gate("MAP@10, Regulation B, referring sentence", cases, "regulation precision", 0.58, ELSEWHERE),
        _gate("recall@10, Regulation B, masked", cases, "regulation, masked recall", 0.52, ELSEWHERE),
        _gate("MAP@10, Regulation B, masked", cases, "regulation, masked precision", 0.24, ELSEWHERE),
        exactly("clauses of another edition", strayed, "at most", 0, "never a rule of another day"),
    )
    shown = charts(
        cases, {"rulebooks recall": "recall@10 on rulebooks", "regulation recall": "on Regulation B"}
    )
    return Result("retrieval", gates, cases=tuple(cases), charts=shown)


def _gate(name: str, cases: Sequence[Measured], metric: str, threshold: float, why: str) -> Gate:
    gate = mean(name, cases, metric, "at least", threshold, why)
    return replace(gate, each=False)


def references(data: Path = DATA) -> Result:
    """Cross-references read out of Regulation B's words, against its published parse."""
    if not (data / "reg-b-crossrefs").is_dir():
        return Result("references", not_run=f"no data sets in {data}")
    why = "a result is widened to the clauses that it refers to"
    gates, notes = [], []
    for name in crossrefs.EDITIONS:
        read = crossrefs.found(data, name)
        if name in crossrefs.COMPLETE:
            gates.append(exactly(f"precision, edition {name}", read.precision, "at least", 0.95, why))
            gates.append(exactly(f"recall, edition {name}", read.recall, "at least", 0.95, why))
        else:
            found = f"precision {read.precision:.3f}, recall {read.recall:.3f}"
            notes.append(f"edition {name}: {found}; its truth is incomplete, so neither is held to anything")
    return Result("references", tuple(gates), notes=tuple(notes))

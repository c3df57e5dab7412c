"""Our search beside the peers': the same vectors, Postgres, questions and date filter in one run.

Every contestant has one connection and answers every question in each round; who begins moves on from
question to question. No time has an embedding in it. The peers have the indexes that their documentation
recommends: HNSW with their defaults, GIN over the words where they have one.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from app.storage.engine import open_engine
from evals.benchmarks import obliqa
from evals.benchmarks.contestants import (
    INTERPRETER,
    PEERS,
    Answer,
    Contestant,
    Ours,
    PeerFailed,
    PeerMode,
    open_peer,
)
from evals.benchmarks.database import libpq_address, outside_transactions, scratch_database
from evals.benchmarks.figures import Quality, Speed, paired_ratio, rounded
from evals.benchmarks.obliqa import GivenVectors, Question
from evals.benchmarks.peers.protocol import MODES, Stored
from evals.benchmarks.report import Outcome, Row
from retrieval.ingest import ingest_paths
from retrieval.search import PostgresClauses

NAME = "retrieval"
K = 10
AS_OF = date(2026, 1, 1)
ROUNDS = 2
WARM_UP = 40
FOREVER = "9999-12-31"


@dataclass(frozen=True)
class Corpus:
    """What is searched and asked."""

    path: Path
    questions: Sequence[Question]
    vectors: GivenVectors

    def stored(self) -> list[Stored]:
        """The clauses as the peers are given them."""
        return [
            Stored(
                row["clause"],
                row["text"],
                row["effective_from"],
                row["effective_to"] or FOREVER,
                self.vectors.vectors[row["text"]].tolist(),
            )
            for row in obliqa.clause_lines(self.path)
        ]


@dataclass
class Run:
    """The answers of one contestant, in the order in which they came."""

    answers: list[Answer] = field(default_factory=list)

    @property
    def elapsed_ms(self) -> list[float]:
        """Of all rounds together."""
        return [one.elapsed_ms for one in self.answers]

    @property
    def speed(self) -> Speed:
        """Of all rounds together."""
        return Speed.of(self.elapsed_ms)

    def quality(self, questions: Sequence[Question]) -> Quality:
        """Of the first round: the others answer the same."""
        found = [one.ids for one in self.answers[: len(questions)]]
        return Quality.of(found, [one.relevant for one in questions], K)


async def measure(data: Path, out: Path) -> Outcome:
    """The comparison on the ObliQA corpus, if it is among the data sets."""
    corpus = await load(data, out)
    if corpus is None:
        return Outcome.not_run(NAME, f"no data set in {data / obliqa.FOLDER}")
    return await compare(corpus, out)


async def load(data: Path, out: Path) -> Corpus | None:
    """The ObliQA corpus and its vectors; None where it is absent."""
    clauses = data / obliqa.FOLDER / "clauses.jsonl"
    if not clauses.exists():
        return None
    questions = obliqa.questions(clauses.parent / "dev.jsonl")
    texts = [row["text"] for row in obliqa.clause_lines(clauses)] + [one.text for one in questions]
    return Corpus(clauses, questions, await obliqa.embedded(texts, out))


async def compare(corpus: Corpus, out: Path, rounds: int = ROUNDS, warm_up: int = WARM_UP) -> Outcome:
    """Fill everybody, ask everybody, and set the figures side by side."""
    async with scratch_database(out, "bench_retrieval") as url, AsyncExitStack() as stack:
        contestants: list[Contestant] = [await _ours(stack, url, corpus)]
        peers, missing = await _peers(stack, url, corpus)
        contestants += [PeerMode(peer, mode) for peer, _ in peers for mode in MODES]
        await outside_transactions(url, "vacuum analyze")
        runs = await _race(contestants, corpus, rounds, warm_up)
    versions = {peer.name: version for peer, version in peers}
    return outcome(runs, corpus.questions, versions, missing)


async def _ours(stack: AsyncExitStack, url: str, corpus: Corpus) -> Ours:
    engine = open_engine(url, pool_size=1)
    stack.push_async_callback(engine.dispose)
    await ingest_paths(engine, [corpus.path], corpus.vectors)
    return Ours(PostgresClauses(engine, corpus.vectors), AS_OF)


async def _peers(stack: AsyncExitStack, url: str, corpus: Corpus) -> tuple[list[Any], dict[str, str]]:
    """The peers that are there, each with its version, and why the others are not."""
    if not INTERPRETER.exists():
        return [], dict.fromkeys(PEERS, f"no environment in {INTERPRETER.parents[1].name}: make bench-peers")
    present, missing = [], {}
    clauses = corpus.stored()
    for name in PEERS:
        try:
            peer, version = await stack.enter_async_context(
                open_peer(name, libpq_address(url), corpus.vectors.dimensions, AS_OF)
            )
            await peer.fill(clauses)
            present.append((peer, version))
        except PeerFailed as error:
            missing[name] = str(error)
    return present, missing


async def _race(
    contestants: Sequence[Contestant], corpus: Corpus, rounds: int, warm_up: int
) -> dict[str, Run]:
    runs = {one.name: Run() for one in contestants}
    asked = [(one, corpus.vectors.vectors[one.text].tolist()) for one in corpus.questions]
    for one in contestants:
        for question, vector in asked[:warm_up]:
            await one.search(question.text, vector, K)
    for turn in range(rounds):
        for number, (question, vector) in enumerate(asked):
            first = (number + turn) % len(contestants)
            for one in [*contestants[first:], *contestants[:first]]:
                runs[one.name].answers.append(await one.search(question.text, vector, K))
    return runs


def outcome(
    runs: Mapping[str, Run],
    questions: Sequence[Question],
    versions: Mapping[str, str],
    missing: Mapping[str, str],
) -> Outcome:
    """The table and the figures; ratios are a contestant's time over ours, "paired" the median over the
    questions of the two times at that question."""
    ours = runs[Ours.name].speed
    our_times = runs[Ours.name].elapsed_ms
    rows: list[Row] = [("", "p50 ms", "p99 ms", "recall@10", "MAP@10", "p50 / ours", "p99 / ours", "paired")]
    contestants = {}
    for name, run in runs.items():
        speed, quality = run.speed, run.quality(questions)
        ratios = ours.times_faster_than(speed)
        milliseconds = (f"{speed.p50_ms:.1f}", f"{speed.p99_ms:.1f}")
        shares = (f"{quality.recall:.3f}", f"{quality.precision:.3f}")
        ratios["paired"] = paired_ratio(run.elapsed_ms, our_times)
        rows.append((name, *milliseconds, *shares, *(f"{ratio:.2f}" for ratio in ratios.values())))
        contestants[name] = rounded(speed) | rounded(quality) | {"ratio_to_ours": ratios}
    figures = {
        "questions": len(questions),
        "k": K,
        "contestants": contestants,
        "versions": dict(versions),
        "peers_not_run": dict(missing),
    }
    notes = [f"{name}: not run ({reason})" for name, reason in missing.items()]
    return Outcome(NAME, "run", rows=rows, notes=notes, figures=figures)

"""The command that runs benchmarks, and the comparison end to end on a few clauses."""

import json
import sys

import numpy as np
import pytest

from evals.benchmarks import contestants, retrieval, scale
from evals.benchmarks.__main__ import main
from evals.benchmarks.obliqa import GivenVectors, Question
from evals.benchmarks.peers.protocol import Stored, clause_line, day_number, stored
from evals.benchmarks.report import Outcome, table
from evals.benchmarks.retrieval import Corpus

WORDS = ("loan", "income", "ratio", "insurance", "court", "deposit", "interest", "default", "tier", "notice")


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    """Fifty clauses of three words, each asked for by its words and known by its vector."""
    texts = [f"{WORDS[n % 10]} {WORDS[n // 10]} clause{n}" for n in range(50)]
    path = tmp_path / "clauses.jsonl"
    row = {"document": "d", "edition": "1", "effective_from": "2020-01-01", "effective_to": None}
    path.write_text("\n".join(json.dumps(row | {"clause": f"{n}", "text": t}) for n, t in enumerate(texts)))
    vectors = np.random.default_rng(1).standard_normal((50, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given = GivenVectors("given", 384, dict(zip(texts, vectors, strict=True)))
    questions = [Question(text, frozenset({f"{n}"})) for n, text in enumerate(texts[:8])]
    return Corpus(path, questions, given)


async def test_our_search_is_measured_without_any_peer(corpus, tmp_path, monkeypatch):
    """Where the peers are not installed ours alone is measured, and each peer is listed as not run."""
    monkeypatch.setattr(retrieval, "INTERPRETER", tmp_path / "bin" / "python")
    outcome = await retrieval.compare(corpus, tmp_path, rounds=1, warm_up=1)
    assert outcome.status == "run"
    assert outcome.figures["contestants"]["credence"]["recall"] == 1
    assert set(outcome.figures["peers_not_run"]) == set(contestants.PEERS)


async def test_a_peer_that_cannot_start_is_not_run(monkeypatch, corpus):
    """An interpreter without the peer's packages ends the peer, not the benchmark."""
    monkeypatch.setattr(contestants, "INTERPRETER", sys.executable)
    with pytest.raises(contestants.PeerFailed, match="langchain"):
        async with contestants.open_peer("langchain-postgres", "postgresql://", 384, retrieval.AS_OF):
            pass


async def test_search_among_editions_keeps_what_an_exhaustive_one_finds(corpus, tmp_path, monkeypatch):
    """At a small size the scale benchmark loses nothing against the exhaustive search."""

    async def loaded(data, out):
        return corpus

    monkeypatch.setattr(retrieval, "load", loaded)
    outcome = await scale.measure(tmp_path, tmp_path, clauses=300)
    assert (outcome.figures["clauses"], outcome.figures["in_force"]) == (300, 150)
    assert outcome.figures["recall_of_exhaustive"] == 1


async def test_without_the_data_set_a_benchmark_is_not_run(tmp_path):
    """A missing data set is a status, not an error."""
    for benchmark in (retrieval.measure, scale.measure):
        assert (await benchmark(tmp_path, tmp_path)).status == "not run"


def test_the_command_prints_a_table_and_writes_json(tmp_path, capsys):
    """Each benchmark that is named is printed and written beside the others; one not run exits 0 as well."""

    async def quick(data, out) -> Outcome:
        return Outcome("quick", "run", rows=[("", "ms"), ("ours", "1.0")], figures={"ms": 1.0})

    async def lacking(data, out) -> Outcome:
        return Outcome.not_run("lacking", "no data")

    assert main(["quick", "lacking", "--out", str(tmp_path)], {"quick": quick, "lacking": lacking}) == 0
    assert "ours  1.0" in (printed := capsys.readouterr().out)
    assert "lacking: not run (no data)" in printed
    assert json.loads((tmp_path / "quick.json").read_text())["ms"] == 1.0
    assert json.loads((tmp_path / "lacking.json").read_text())["status"] == "not run"


def test_columns_are_aligned():
    """The first column to the left, the others to the right."""
    assert table([("", "ms"), ("ours", "1.0")]) == ["       ms", "ours  1.0"]


def test_a_clause_travels_to_a_peer_unchanged():
    """What a peer unpacks is what was packed."""
    one = Stored("1", "text", "2020-01-01", "9999-12-31", [0.5, -0.25])
    assert stored(json.loads(json.dumps(clause_line(one)))) == one
    assert day_number(one.starts) == 20200101

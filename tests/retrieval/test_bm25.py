"""The words' leg against a reference, and its statistics over time."""

from datetime import date

import bm25s
import numpy as np
import pytest

from retrieval import lexical
from retrieval.ingest import ingest, withdraw
from retrieval.model import Document, Provision
from retrieval.search import PostgresClauses

START, DAY = date(2024, 1, 1), date(2024, 6, 1)
TEXTS = [
    "The debt service to income ratio must not exceed sixty percent of the monthly income.",
    "Income from a pension counts as income. Income from a temporary contract counts as income too.",
    "A loan is secured where the price of the goods exceeds two thousand.",
    "Records of each application are kept for twenty five months.",
    "Margin.",
    "The underwriter decides a referral within five days; a referral closes when the applicant withdraws.",
] + [f"Filler clause {n} about income and debt number {n}." for n in range(60)]
QUERIES = [
    "income ratio of debt",
    "pension income income",
    "who decides a referral?",
    "kept records",
    "unknown",
]


def document(texts: list[str], name: str = "d", edition: str = "1") -> Document:
    """Clauses of these texts."""
    made = tuple(Provision(f"{n}", text, START) for n, text in enumerate(texts))
    return Document(name, edition, made, "d.md")


def reference(texts: list[str], query: str) -> dict[str, float]:
    """What bm25s says, of the texts that share a word with the query."""
    retriever = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    retriever.index([lexical.terms(text) for text in texts], show_progress=False)
    words = [word for word in dict.fromkeys(lexical.terms(query)) if word in retriever.vocab_dict]
    scores = retriever.get_scores(words) if words else np.zeros(len(texts))
    return {f"{n}": float(score) for n, score in enumerate(scores) if score > 0}


async def scores(engine, embedder, query: str, document: str = "", known_at=None) -> dict[str, float]:
    """What Postgres says, of the same."""
    clauses = PostgresClauses(engine, embedder)
    hits = await clauses.search(query, DAY, document=document or None, known_at=known_at, k=100)
    return {hit.clause.clause: hit.bm25 for hit in hits if hit.bm25 > 0}


@pytest.mark.parametrize("query", QUERIES)
async def test_scores_equal_a_reference(engine, embedder, query):
    """BM25 out of Postgres equals bm25s (Lucene's variant) to 1e-4, for every clause that shares a word."""
    await ingest(engine, document(TEXTS), embedder)
    assert await scores(engine, embedder, query) == pytest.approx(reference(TEXTS, query), abs=1e-4)


async def test_statistics_follow_corrections_and_stay_for_a_replay(engine, embedder):
    """Scores follow corrections and withdrawals, and a search known earlier scores as it did then."""
    first = await ingest(engine, document(TEXTS), embedder)
    corrected = ["The ratio of debt is gone.", *TEXTS[1:-1]]
    await ingest(engine, document(corrected), embedder)
    await withdraw(engine, "d", "3", date(2025, 1, 1))
    query = QUERIES[0]
    assert await scores(engine, embedder, query) == pytest.approx(reference(corrected, query), abs=1e-4)
    assert first.snapshot is not None
    then = await scores(engine, embedder, query, known_at=first.snapshot.known_at)
    assert then == pytest.approx(reference(TEXTS, query), abs=1e-4)


async def test_each_document_has_statistics_of_its_own(engine, embedder):
    """Within one document the scores are that document's alone; over all they count all."""
    await ingest(engine, document(TEXTS[:40]), embedder)
    await ingest(engine, document(TEXTS[40:], "e"), embedder)
    query = "income number"
    alone = await scores(engine, embedder, query, "d")
    assert alone == pytest.approx(reference(TEXTS[:40], query), abs=1e-4)

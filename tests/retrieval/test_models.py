"""Embedding models side by side."""

from datetime import date

import numpy as np
import pytest

from retrieval.ingest import ingest
from retrieval.model import Document, Provision
from retrieval.models import Kept, kept, overlap
from retrieval.passages import complete
from retrieval.search import PostgresClauses

DAY = date(2024, 1, 1)
WORDS = ("income", "rent", "debt", "price", "term", "tier", "score", "bank")


class Other:
    """The embedder under another name; `blind` ones see one text and no other."""

    dimensions = 32

    def __init__(self, inner, name: str, blind: bool = False) -> None:
        self.name = name
        self._inner = inner
        self._blind = blind
        self.asked = 0

    async def embed(self, texts):
        """Vectors of the inner one, or at random."""
        self.asked += len(texts)
        if not self._blind:
            return await self._inner.embed(texts)
        drawn = np.random.default_rng(len(texts)).normal(size=(len(texts), self.dimensions))
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
async def corpus(engine, embedder):
    """Forty clauses of a few words each."""
    texts = [f"{WORDS[n % 8]} {WORDS[(n * 3 + 3) % 8]} {WORDS[n // 5]} number {n}" for n in range(40)]
    made = tuple(Provision(str(n), text, DAY) for n, text in enumerate(texts))
    await ingest(engine, Document("manual", "1", made, "manual.md"), embedder)
    return engine


async def test_a_new_model_is_built_beside_the_old(corpus, embedder):
    """Search by the old one is the same before and after; by the new one it goes by the new vectors."""
    old, new = PostgresClauses(corpus, embedder), Other(embedder, "other", blind=True)
    before = await old.search("income and rent", DAY)
    assert await complete(corpus, new) == 40
    assert await old.search("income and rent", DAY) == before
    found = await PostgresClauses(corpus, new).search("income and rent", DAY)
    assert [hit.cosine for hit in found] != [hit.cosine for hit in before]
    assert await kept(corpus) == (Kept("fake-words", 32, 40, 40), Kept("other", 32, 40, 40))
    assert (await complete(corpus, new), new.asked) == (0, 41)


async def test_two_models_are_compared_by_what_they_hold_near(corpus, embedder):
    """The same space under two names agrees in everything, a blind one hardly, an absent one not at all."""
    await complete(corpus, Other(embedder, "same"))
    await complete(corpus, Other(embedder, "blind", blind=True))
    assert await overlap(corpus, "fake-words", "same") == 1
    blind = await overlap(corpus, "fake-words", "blind")
    assert blind is not None
    assert blind < 0.5
    assert await overlap(corpus, "fake-words", "absent") is None

"""langchain-postgres: `PGVectorStore` with an HNSW index and its hybrid search, date columns as metadata."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

from langchain_core.embeddings import FakeEmbeddings
from langchain_postgres import Column, PGEngine, PGVectorStore
from langchain_postgres.v2.async_vectorstore import AsyncPGVectorStore
from langchain_postgres.v2.hybrid_search_config import HybridSearchConfig
from langchain_postgres.v2.indexes import HNSWIndex
from sqlalchemy.ext.asyncio import create_async_engine

from evals.benchmarks.peers.protocol import Stored

DISTRIBUTION = "langchain-postgres"
_TABLE = "langchain_clause"
_TSV = "content_tsv"


class LangchainStore:
    """The asynchronous store on one event loop, without the thread hop of its blocking face."""

    def __init__(self, url: str, dimensions: int, on: str) -> None:
        self._loop = asyncio.new_event_loop()
        day = date.fromisoformat(on)
        self._filter = {"$and": [{"effective_from": {"$lte": day}}, {"effective_to": {"$gt": day}}]}
        self._store = self._loop.run_until_complete(_open(url, dimensions))

    def add(self, clauses: Sequence[Stored]) -> None:
        """Store clauses with their vectors."""
        dates = [
            {"effective_from": date.fromisoformat(c.starts), "effective_to": date.fromisoformat(c.ends)}
            for c in clauses
        ]
        self._loop.run_until_complete(
            self._store.aadd_embeddings(
                [c.text for c in clauses],
                [c.vector for c in clauses],
                metadatas=dates,
                ids=[c.id for c in clauses],
            )
        )

    def build(self) -> None:
        """HNSW over the vectors, GIN over the words."""
        self._loop.run_until_complete(self._store.aapply_vector_index(HNSWIndex()))
        self._loop.run_until_complete(self._store.aapply_hybrid_search_index())

    def search(self, mode: str, text: str, vector: list[float], k: int) -> list[str]:
        """The ids of the k best clauses in force, best first."""
        config = _hybrid(text, k) if mode == "hybrid" else None
        found = self._loop.run_until_complete(
            self._store.asimilarity_search_by_vector(
                vector, k=k, filter=self._filter, hybrid_search_config=config
            )
        )
        return [one.id for one in found]


def _hybrid(text: str, k: int) -> HybridSearchConfig:
    """The weighted sum that is its default; each leg may fill the answer (its default of 4 could not)."""
    return HybridSearchConfig(tsv_column=_TSV, fts_query=text, primary_top_k=k, secondary_top_k=k)


async def _open(url: str, dimensions: int) -> Any:
    engine = PGEngine.from_engine(create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://")))
    config = HybridSearchConfig(tsv_column=_TSV)
    await engine.ainit_vectorstore_table(
        _TABLE,
        dimensions,
        id_column=Column("langchain_id", "TEXT", nullable=False),
        metadata_columns=[Column("effective_from", "DATE"), Column("effective_to", "DATE")],
        hybrid_search_config=config,
    )
    store = await PGVectorStore.create(
        engine,
        # The store wants an embedding model; every vector here is given, so none is ever asked.
        FakeEmbeddings(size=dimensions),
        _TABLE,
        metadata_columns=["effective_from", "effective_to"],
        hybrid_search_config=config,
    )
    inner: AsyncPGVectorStore = store._PGVectorStore__vs
    return inner


open_store = LangchainStore

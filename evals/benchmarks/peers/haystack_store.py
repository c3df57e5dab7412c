"""pgvector-haystack: its two retrievers, and for the hybrid Haystack's own joiner, dates as metadata."""

from collections.abc import Sequence

from haystack.components.joiners import DocumentJoiner
from haystack.dataclasses import Document
from haystack.utils import Secret
from haystack_integrations.components.retrievers.pgvector import (
    PgvectorEmbeddingRetriever,
    PgvectorKeywordRetriever,
)
from haystack_integrations.document_stores.pgvector import PgvectorDocumentStore

from evals.benchmarks.peers.protocol import Stored, day_number

DISTRIBUTION = "pgvector-haystack"


class HaystackStore:
    """The retrievers called one after the other, without the overhead of a pipeline."""

    def __init__(self, url: str, dimensions: int, on: str) -> None:
        day = day_number(on)
        self._filters = {
            "operator": "AND",
            "conditions": [
                {"field": "meta.effective_from", "operator": "<=", "value": day},
                {"field": "meta.effective_to", "operator": ">", "value": day},
            ],
        }
        self._store = PgvectorDocumentStore(
            connection_string=Secret.from_token(url),
            table_name="clause_haystack",
            embedding_dimension=dimensions,
            vector_function="cosine_similarity",
            search_strategy="hnsw",
        )
        self._by_vector = PgvectorEmbeddingRetriever(document_store=self._store)
        self._by_words = PgvectorKeywordRetriever(document_store=self._store)
        self._joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")

    def add(self, clauses: Sequence[Stored]) -> None:
        """Store clauses with their vectors."""
        self._store.write_documents(
            [
                Document(
                    id=c.id,
                    content=c.text,
                    embedding=c.vector,
                    meta={"effective_from": day_number(c.starts), "effective_to": day_number(c.ends)},
                )
                for c in clauses
            ]
        )

    def build(self) -> None:
        """Nothing: its indexes stand since the table was made."""

    def search(self, mode: str, text: str, vector: list[float], k: int) -> list[str]:
        """The ids of the k best clauses in force, best first."""
        near = self._by_vector.run(vector, filters=self._filters, top_k=k)["documents"]
        if mode == "vector":
            return [one.id for one in near]
        worded = self._by_words.run(text, filters=self._filters, top_k=k)["documents"]
        return [one.id for one in self._joiner.run([near, worded], top_k=k)["documents"]]


open_store = HaystackStore

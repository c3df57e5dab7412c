"""llama-index-vector-stores-postgres: `PGVectorStore` with HNSW and hybrid search, dates as metadata."""

from collections.abc import Sequence

from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.vector_stores.postgres import PGVectorStore

from evals.benchmarks.peers.protocol import Stored, day_number

DISTRIBUTION = "llama-index-vector-stores-postgres"
_MODES = {"vector": VectorStoreQueryMode.DEFAULT, "hybrid": VectorStoreQueryMode.HYBRID}
_HNSW = {
    "hnsw_m": 16,
    "hnsw_ef_construction": 64,
    "hnsw_ef_search": 40,
    "hnsw_dist_method": "vector_cosine_ops",
}


class LlamaIndexStore:
    """The blocking store, as its query engines use it."""

    def __init__(self, url: str, dimensions: int, on: str) -> None:
        day = day_number(on)
        self._filters = MetadataFilters(
            filters=[
                MetadataFilter(key="effective_from", value=day, operator=FilterOperator.LTE),
                MetadataFilter(key="effective_to", value=day, operator=FilterOperator.GT),
            ]
        )
        self._store = PGVectorStore(
            connection_string=url.replace("postgresql://", "postgresql+psycopg2://"),
            async_connection_string=url.replace("postgresql://", "postgresql+asyncpg://"),
            table_name="clause_llama_index",
            embed_dim=dimensions,
            hybrid_search=True,
            text_search_config="english",
            use_jsonb=True,
            cache_ok=True,
            hnsw_kwargs=dict(_HNSW),
            initialization_fail_on_error=True,
        )

    def add(self, clauses: Sequence[Stored]) -> None:
        """Store clauses with their vectors."""
        self._store.add(
            [
                TextNode(
                    id_=c.id,
                    text=c.text,
                    embedding=c.vector,
                    metadata={"effective_from": day_number(c.starts), "effective_to": day_number(c.ends)},
                )
                for c in clauses
            ]
        )

    def build(self) -> None:
        """Nothing: its indexes stand since the table was made."""

    def search(self, mode: str, text: str, vector: list[float], k: int) -> list[str]:
        """The ids of the k best clauses in force, best first."""
        query = VectorStoreQuery(
            query_embedding=vector,
            query_str=text,
            similarity_top_k=k,
            sparse_top_k=k,
            filters=self._filters,
            mode=_MODES[mode],
        )
        return list(self._store.query(query).ids or ())


open_store = LlamaIndexStore

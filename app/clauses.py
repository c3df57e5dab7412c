"""The corpus as the core asks for it: its own error, translated into the core's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from decisioning.errors import DependencyFailed
from decisioning.ports import Clause, Hit
from retrieval.errors import CorpusUnavailable
from retrieval.search import PostgresClauses


class PolicyClauses:
    """decisioning.ports.ClauseSearch over `corpus`, the clauses in Postgres."""

    def __init__(self, corpus: PostgresClauses) -> None:
        self.corpus = corpus

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day; a name not in force is absent."""
        with _as_dependency():
            return await self.corpus.named(document, names, as_of, known_at)

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        """At most k clauses in force on that day that are nearest to any of the queries, best first."""
        with _as_dependency():
            return await self.corpus.context(document, queries, as_of, k, known_at)

    async def search(
        self, query: str, as_of: date, known_at: datetime | None, document: str | None, k: int
    ) -> Sequence[Hit]:
        """At most k clauses in force on that day, best first."""
        with _as_dependency():
            return await self.corpus.search(query, as_of, document=document, known_at=known_at, k=k)


@contextmanager
def _as_dependency() -> Iterator[None]:
    try:
        yield
    except CorpusUnavailable as error:
        raise DependencyFailed("retrieval", "the policy corpus cannot be reached") from error

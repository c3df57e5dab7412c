"""The corpus as the core asks for it: its own errors translated, and what was read once remembered.

A state of the corpus never changes: what a question found at a snapshot, it finds for ever. So each question
asks the database for the latest snapshot, which is one indexed row, and for more only what this process has
not read at that snapshot before. An ingest makes a new snapshot, and with it everything is read anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final

from cachetools import LRUCache

from decisioning.errors import DependencyFailed
from decisioning.ports import Clause, Hit
from retrieval import rank
from retrieval.errors import CorpusUnavailable
from retrieval.model import Hit as Found
from retrieval.model import Snapshot
from retrieval.search import PostgresClauses

REMEMBERED: Final = 4096
"""Clauses and answers to questions that are remembered, the least recently used forgotten first."""


Named = tuple[Snapshot | None, str, date, str]
Asked = tuple[Snapshot | None, str, date, int, str]


class PolicyClauses:
    """decisioning.ports.ClauseSearch over `corpus`, the clauses in Postgres."""

    def __init__(self, corpus: PostgresClauses) -> None:
        self.corpus = corpus
        self._clauses: LRUCache[tuple[Snapshot | None, str, date, str], Clause | None] = LRUCache(REMEMBERED)
        self._answers: LRUCache[tuple[Snapshot | None, str, date, int, str], Sequence[Found]] = LRUCache(
            REMEMBERED
        )

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day; a name not in force is absent."""
        with _as_dependency():
            scope = (await self.corpus.snapshot(known_at), document, as_of)
            found = {name: self._clauses[*scope, name] for name in names if (*scope, name) in self._clauses}
            if unread := [name for name in names if name not in found]:
                read = await self.corpus.named(document, unread, as_of, known_at)
                found |= {name: read.get(name) for name in unread}
                self._clauses.update({(*scope, name): found[name] for name in unread})
        return {name: clause for name in names if (clause := found[name]) is not None}

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        """At most k clauses in force on that day that are nearest to any of the queries, best first."""
        answers = []
        with _as_dependency():
            scope = (await self.corpus.snapshot(known_at), document, as_of, k)
            for query in queries:
                hits = self._answers.get((*scope, query))
                if hits is None:
                    hits = await self.corpus.search(query, as_of, document=document, known_at=known_at, k=k)
                    self._answers[*scope, query] = hits
                answers.append(hits)
        return [hit.clause for hit in rank.merged(answers, k)]

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

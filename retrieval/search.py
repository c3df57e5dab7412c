"""Finding clauses in force on a day: by name, by words, by meaning. Each question is one round trip."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval import definitions, hybrid, lexical, questions, rank, references, statements, telemetry
from retrieval.errors import CorpusUnavailable
from retrieval.model import Clause, Hit, Snapshot, Surroundings
from retrieval.ports import Embedder
from retrieval.rank import Weights

NOW = datetime(9999, 1, 1, tzinfo=UTC)
"""The instant of knowledge that stands for all that is known."""

DEFAULT_WEIGHTS = Weights()

_SEARCHES = "retrieval.searches"
"""Marks a connection on which the settings of the vector index are said."""

UNREACHABLE = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class PostgresClauses:
    """The corpus in Postgres. Raises CorpusUnavailable where the database cannot be asked.

    A clause that does not bind on `as_of`, or was not known at `known_at` (None: all that is known), is
    never among the answers: the filter is in the statement that finds them. An `exhaustive` one uses no index
    that approximates: slow, and the measure of the other.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        embedder: Embedder,
        *,
        exhaustive: bool = False,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> None:
        self._engine = engine
        self._weights = weights
        self._embedder = embedder
        self._exhaustive = exhaustive

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day; a name not in force is absent."""
        rows = await self._fetch(statements.NAMED, document, as_of, known_at or NOW, list(names))
        return {row["clause"]: _clause(row) for row in rows}

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        """At most k clauses in force on that day that are nearest to any of the queries, best first."""
        with telemetry.retrieval(document, k) as span:
            vectors = await self._embed(list(queries))
            answers = [
                await self._search(query, vector, as_of, document, k, known_at)
                for query, vector in zip(queries, vectors, strict=True)
            ]
            hits = rank.merged(answers, k)
            span.set_attribute(telemetry.HITS, len(hits))
            return [hit.clause for hit in hits]

    async def search(
        self,
        query: str,
        as_of: date,
        *,
        document: str | None = None,
        known_at: datetime | None = None,
        k: int = 10,
    ) -> list[Hit]:
        """The k clauses in force on that day that answer a question best, best first; k is at most 100."""
        with telemetry.retrieval(document, k) as span:
            (vector,) = await self._embed([query])
            hits = await self._search(query, vector, as_of, document, k, known_at)
            span.set_attribute(telemetry.HITS, len(hits))
            return hits

    async def show(
        self, clause: str, as_of: date, *, document: str | None = None, known_at: datetime | None = None
    ) -> tuple[Clause, ...]:
        """The clause of that name in force on that day, in each document that has one."""
        history = await self.history(clause, document=document, known_at=known_at)
        return tuple(c for c in history if c.effective_from <= as_of and (c.effective_to or date.max) > as_of)

    async def history(
        self, clause: str, *, document: str | None = None, known_at: datetime | None = None
    ) -> tuple[Clause, ...]:
        """Every text of a clause, in the order in which they bind."""
        rows = await self._fetch(statements.HISTORY, document, clause, known_at or NOW)
        return tuple(_clause(row) for row in rows)

    async def around(self, clause: Clause, as_of: date, *, known_at: datetime | None = None) -> Surroundings:
        """What a clause is read with on that day: a search's answer widened."""
        above = list(references.ancestors(clause.clause))
        arguments = clause.document, as_of, known_at or NOW, clause.clause, above, list(clause.refers_to)
        rows = await self._fetch(statements.AROUND, *arguments)
        used = definitions.used_in(clause.text, {term for row in rows for term in row["defines"]})
        return Surroundings(
            parents=tuple(_clause(row) for row in rows if row["is_above"]),
            definitions=tuple(_clause(row) for row in rows if used.intersection(row["defines"])),
            refers_to=tuple(_clause(row) for row in rows if row["is_referred"]),
            referred_by=tuple(_clause(row) for row in rows if row["refers"]),
        )

    async def in_force(
        self, as_of: date, *, document: str | None = None, known_at: datetime | None = None
    ) -> tuple[Clause, ...]:
        """Every clause in force on that day, in reading order."""
        rows = await self._fetch(statements.IN_FORCE, document, as_of, known_at or NOW)
        return tuple(_clause(row) for row in rows)

    async def between(
        self, first: date, last: date, *, document: str | None = None, known_at: datetime | None = None
    ) -> tuple[Clause, ...]:
        """Every clause in force on some day from the first to the last, by name and then by time."""
        rows = await self._fetch(statements.BETWEEN, document, first, known_at or NOW, last)
        return tuple(_clause(row) for row in rows)

    async def snapshot(self, known_at: datetime | None = None) -> Snapshot | None:
        """The state of the corpus at that instant (now), None while it was empty.

        Its own instant is a `known_at` that lasts.
        """
        rows = await self._fetch(statements.SNAPSHOT, known_at or NOW)
        return Snapshot(rows[0]["id"], rows[0]["known_at"]) if rows else None

    async def snapshot_of(self, snapshot_id: int) -> Snapshot | None:
        """The state of the corpus of that id, None where there was none."""
        rows = await self._fetch(statements.SNAPSHOT_OF, snapshot_id)
        return Snapshot(rows[0]["id"], rows[0]["known_at"]) if rows else None

    async def _embed(self, queries: Sequence[str]) -> list[list[float]]:
        with telemetry.embeddings(self._embedder.name, self._embedder.dimensions):
            vectors = questions.turned(await self._embedder.embed(queries), self._embedder.name)
        return [vector.tolist() for vector in vectors]

    async def _search(
        self,
        query: str,
        vector: list[float],
        as_of: date,
        document: str | None,
        k: int,
        known_at: datetime | None,
    ) -> list[Hit]:
        statement = hybrid.search(
            one_document=bool(document),
            dimensions=self._embedder.dimensions,
            candidates=hybrid.CANDIDATES if k <= hybrid.CANDIDATES else hybrid.MOST_CANDIDATES,
            exhaustive=self._exhaustive,
            weights=self._weights,
        )
        words = lexical.terms(query)
        rows = await self._fetch(
            statement,
            document or "",
            as_of,
            known_at or NOW,
            sorted(set(words)),
            [*references.named(query), *definitions.asked_for(query)],
            self._embedder.name,
            vector,
            lexical.pairs(words),
            k,
        )
        return [Hit(_clause(row), row["score"], row["bm25"], row["cosine"]) for row in rows]

    async def _fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """One statement on the driver itself: prepared once a connection, no transaction around it."""
        try:
            async with self._engine.connect() as connection:
                pooled = await connection.get_raw_connection()
                driver: Any = pooled.driver_connection
                if not pooled.info.get(_SEARCHES):
                    await driver.execute(statements.NEAR)
                    pooled.info[_SEARCHES] = True
                return list(await driver.fetch(statement, *arguments))
        except UNREACHABLE as error:
            raise CorpusUnavailable(str(error) or type(error).__name__) from error


def _clause(row: Mapping[str, Any]) -> Clause:
    return Clause(
        id=row["id"],
        document=row["document"],
        clause=row["clause"],
        edition=row["edition"],
        kind=row["kind"],
        parent=row["parent"],
        heading=row["heading"],
        text=row["text"],
        path=tuple(row["path"]),
        effective_from=row["effective_from"],
        effective_to=row["effective_to"],
        known_from=row["known_from"],
        known_to=row["known_to"],
        refers_to=tuple(row["refers_to"]),
        defines=tuple(row["defines"]),
    )

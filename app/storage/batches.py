"""The writes of concurrent decisions, joined: claims of keys in one statement, decisions in one commit.

A decision is acknowledged only when the commit that holds it is durable, whoever else is in it. One that
the database refuses fails alone: the others of its batch are stored all the same.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.batching import Batcher, Joined
from app.storage.decisions import write_decisions
from app.storage.engine import Execute
from app.storage.errors import DatabaseUnavailable, DecisionExists, StorageError
from app.storage.idempotency import Claim, Claimed, Wanted, claims_by, release
from app.storage.lanes import Lanes
from app.storage.rows import NewDecision
from app.telemetry import Attr, SpanName

LARGEST: Final = 64
"""Decisions a commit: more would make the first of them wait longer than the fsync that they share."""
COMMITS_AT_ONCE: Final = 2
CLAIMS_AT_ONCE: Final = 2


class Batches:
    """What requests of this process write together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lanes = Lanes(engine)
        self._freeing: set[asyncio.Task[None]] = set()
        name, postgres = SpanName.BATCH.format, {Attr.DB_SYSTEM: "postgresql"}
        self._claims: Batcher[Wanted, Claim] = Batcher(
            self._claim,
            name("claim"),
            largest=LARGEST,
            in_flight=CLAIMS_AT_ONCE,
            attributes=postgres,
            unwanted=self._free,
        )
        self._decisions: Batcher[NewDecision, None] = Batcher(
            self._store,
            name("store"),
            largest=LARGEST,
            in_flight=COMMITS_AT_ONCE,
            attributes=postgres,
        )

    async def claim(self, wanted: Wanted) -> Claim:
        """Claim a key; of any number at once, in any process, exactly one is Claimed."""
        return (await self._claims.ask(wanted)).answer

    async def store(self, new: NewDecision) -> Joined[None]:
        """Store a decision: durable on return; raises what `store_decision` does."""
        return await self._decisions.ask(new)

    async def close(self) -> None:
        """Close the connections; nothing may be under way."""
        await asyncio.gather(*self._freeing, return_exceptions=True)
        await self._lanes.close()

    def _free(self, claim: Claim) -> None:
        """Whoever asked for the key has left before it was theirs: it need not wait for its lease to end."""
        if isinstance(claim, Claimed):
            freeing = asyncio.get_running_loop().create_task(self._release(claim))
            self._freeing.add(freeing)
            freeing.add_done_callback(self._freeing.discard)

    async def _release(self, claimed: Claimed) -> None:
        with suppress(DatabaseUnavailable):  # its lease ends by itself
            await release(self._engine, claimed)

    async def _claim(self, wanted: Sequence[Wanted]) -> Sequence[Claim]:
        async with self._lanes.lane() as connection:
            return await claims_by(_executing(connection), wanted)

    async def _store(self, news: Sequence[NewDecision]) -> Sequence[BaseException | None]:
        try:
            await self._write(news)
        except DatabaseUnavailable:
            raise
        except (StorageError, asyncpg.PostgresError):
            if len(news) == 1:
                raise
            return [await self._alone(new) for new in news]
        return [None] * len(news)

    async def _alone(self, new: NewDecision) -> BaseException | None:
        try:
            await self._write([new])
        except (StorageError, asyncpg.PostgresError) as error:
            return error
        return None

    async def _write(self, news: Sequence[NewDecision]) -> None:
        """All of them or none, durable on return."""
        async with self._lanes.lane() as connection:
            try:
                async with connection.transaction():
                    await write_decisions(_executing(connection), news)
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name == "pk_decision":
                    raise DecisionExists("a decision of this id is stored already") from error
                raise


def _executing(connection: Any) -> Execute:
    """asyncpg's connection as what runs statements."""

    async def execute(statement: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = await connection.fetch(statement, *parameters)
        return rows

    return execute

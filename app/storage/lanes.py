"""Connections of the hot path: asyncpg itself, statements prepared once, nothing asked between two uses.

The engine's pool stays for everything else. What it does for every use (a ping, a transaction of its
own, a change of greenlets) costs more than the statements of a decision.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import CONNECT_ARGUMENTS, UNAVAILABLE
from app.storage.errors import DatabaseUnavailable

# The driver's own error is what it raises on a connection that the server has said goodbye on.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class Lanes:
    """Connections to the engine's database, opened when first wanted and kept while they are sound."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[Any] = []

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[Any]:
        """A connection outside any transaction; raises DatabaseUnavailable where there is none."""
        try:
            connection = await self._open()
            try:
                yield connection
            except LOST:
                connection.terminate()
                raise
            finally:
                self._give_back(connection)
        except LOST as error:
            raise DatabaseUnavailable(str(error)) from error
        except asyncpg.PostgresError as error:
            if str(error.sqlstate).startswith(UNAVAILABLE):
                raise DatabaseUnavailable(str(error)) from error
            raise

    async def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            await self._idle.pop().close()

    async def _open(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        own = {"prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback"}
        return await asyncpg.connect(
            **{name: value for name, value in arguments.items() if name not in own}, **CONNECT_ARGUMENTS
        )

    def _give_back(self, connection: Any) -> None:
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()  # a cancelled write: the server ends it with the connection
            return
        self._idle.append(connection)

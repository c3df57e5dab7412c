"""The door to PostgreSQL: one pool a process, short transactions, one error when it is shut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.storage.errors import DatabaseUnavailable, StorageError
from app.storage.liveness import replace_dead

_CONNECT_TIMEOUT_S = 5.0
_STATEMENT_TIMEOUT_S = 30.0
# For a server that hangs; longer than a migration gives its statements.
_ANSWER_TIMEOUT_S = 65.0
_CHECKOUT_TIMEOUT_S = 5.0
CONNECT_ARGUMENTS: Mapping[str, Any] = {
    "timeout": _CONNECT_TIMEOUT_S,
    "command_timeout": _ANSWER_TIMEOUT_S,
    "server_settings": {
        "application_name": "credence",
        "timezone": "UTC",
        "statement_timeout": f"{_STATEMENT_TIMEOUT_S:.0f}s",
    },
}
Execute = Callable[[str, Sequence[Any]], Awaitable[Sequence[Sequence[Any]]]]
"""Runs a statement with its `$n` parameters and gives its rows: the engine's connection, or a lane."""
# SQLSTATE classes: connection lost, server out of something, server shut down starting, or too slow.
UNAVAILABLE = ("08", "53", "57")


def open_engine(url: str, pool_size: int = 10) -> AsyncEngine:
    """An engine on asyncpg for `postgresql+asyncpg://…` or `postgresql://…`; nothing is connected yet.

    At most `pool_size` connections; who waits longer than 5 s for one is refused. The server may have been
    started again since: a dead connection is replaced, not handed out.
    """
    engine = create_async_engine(
        _on_asyncpg(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_CHECKOUT_TIMEOUT_S,
        connect_args=dict(CONNECT_ARGUMENTS),
    )
    replace_dead(engine)
    return engine


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """All or nothing, durable when the block is left without an error; raises DatabaseUnavailable."""
    with _reaching():
        async with engine.begin() as connection, _left_at_once(connection):
            yield connection


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection whose transactions the block begins and ends; raises DatabaseUnavailable."""
    with _reaching():
        async with engine.connect() as connection, _left_at_once(connection):
            yield connection


@asynccontextmanager
async def single_statements(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Each statement is its own transaction, at one round trip each; raises DatabaseUnavailable."""
    with _reaching():
        own = engine.execution_options(isolation_level="AUTOCOMMIT")
        async with own.connect() as connection, _left_at_once(connection):
            yield connection


def executing(connection: AsyncConnection) -> Execute:
    """That connection as what runs statements."""

    async def execute(statement: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        result = await connection.exec_driver_sql(statement, tuple(parameters))
        return result.all() if result.returns_rows else ()

    return execute


@contextmanager
def refusal_of(constraint: str, means: StorageError) -> Iterator[None]:
    """Raise `means` where the database refuses what runs inside for that constraint's sake."""
    try:
        yield
    except IntegrityError as error:
        if f'"{constraint}"' in str(error.orig):
            raise means from error
        raise


@asynccontextmanager
async def _left_at_once(connection: AsyncConnection) -> AsyncIterator[None]:
    """Who is cancelled does not wait for a server that hangs: the connection is dropped, not rolled back.

    The server ends the transaction with its connection. Dropped too is one on which the driver lost its way.
    """
    try:
        yield
    except (asyncio.CancelledError, asyncpg.InternalClientError):
        if not connection.invalidated:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            driver.terminate()
            await connection.invalidate()
        raise


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (OSError, PoolTimeout, asyncpg.InternalClientError) as error:
        raise DatabaseUnavailable(str(error) or "no answer in time") from error
    except DBAPIError as error:
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        if error.connection_invalidated or sqlstate.startswith(UNAVAILABLE):
            raise DatabaseUnavailable(str(error.orig)) from error
        raise


def _on_asyncpg(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url

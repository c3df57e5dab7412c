"""The door to PostgreSQL: what it does when the server goes away."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.artefacts import load_artefacts
from app.storage.decisions import load_decision, store_decision
from app.storage.engine import open_engine, single_statements, transaction
from app.storage.errors import DatabaseUnavailable, UnknownRecord
from tests.storage.building import make_new

OTHERS = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


async def cut_every_connection(url: str) -> None:
    """End every other connection to that database, as a restart of the server does."""
    outsider = open_engine(url, pool_size=1)
    async with outsider.connect() as connection, asyncio.timeout(20):
        await connection.execute(sa.text(f"select pg_terminate_backend(pid) {OTHERS}"))
        while await connection.scalar(sa.text(f"select count(*) {OTHERS}")):
            await connection.rollback()  # a transaction sees the same activity to its end
            await asyncio.sleep(0.01)
    await outsider.dispose()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
async def test_any_spelling_of_the_address_works(database_url: str, scheme: str) -> None:
    """The usual spellings of a PostgreSQL address all mean asyncpg, in UTC."""
    engine = open_engine(database_url.replace("postgresql+asyncpg", scheme))
    async with single_statements(engine) as connection:
        assert await connection.scalar(sa.text("show timezone")) == "UTC"
    await engine.dispose()


async def test_a_restart_between_two_requests_is_not_noticed(engine: AsyncEngine, database_url: str) -> None:
    """Connections that died while they were idle are replaced before they are used."""
    new = make_new()
    await store_decision(engine, new)
    await cut_every_connection(database_url)
    assert await load_decision(engine, new.decision.id) == new.decision


async def test_a_connection_is_asked_only_after_a_rest(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection just used is handed out unasked; one that rested is asked, and replaced if it is dead."""
    asked = []

    def is_dead(connection: object) -> None:
        asked.append(connection)
        raise engine.dialect.loaded_dbapi.InterfaceError("no answer")

    monkeypatch.setattr(engine.sync_engine.dialect, "do_ping", is_dead)
    pids = []
    for _ in range(2):
        async with single_statements(engine) as connection:
            pids.append(await connection.scalar(sa.text("select pg_backend_pid()")))
    assert pids[0] == pids[1]
    assert not asked
    monkeypatch.setattr("app.storage.liveness.ASKED_AFTER_S", -1)
    async with single_statements(engine) as connection:
        assert await connection.scalar(sa.text("select pg_backend_pid()")) != pids[0]
    assert len(asked) >= 1


async def test_a_connection_lost_in_a_transaction_stores_nothing(
    engine: AsyncEngine, database_url: str
) -> None:
    """What was being written when the server went away is not there, and the error is named."""

    async def write_and_be_cut() -> None:
        async with transaction(engine) as connection:
            await connection.execute(
                sa.text("insert into artefact values ('aaaaaaaaaaaaaaaa', 'rules', '1')")
            )
            await cut_every_connection(database_url)

    with pytest.raises(DatabaseUnavailable):
        await write_and_be_cut()
    with pytest.raises(UnknownRecord):
        await load_artefacts(engine, ["a" * 16])


@pytest.mark.parametrize("statement", ["select pg_sleep(5)", "select pg_terminate_backend(pg_backend_pid())"])
async def test_a_statement_that_cannot_end_is_named(engine: AsyncEngine, statement: str) -> None:
    """A statement that takes too long, or loses its connection, raises DatabaseUnavailable."""

    async def execute() -> None:
        async with transaction(engine) as connection:
            await connection.execute(sa.text("set local statement_timeout = '50ms'"))
            await connection.execute(sa.text(statement))

    with pytest.raises(DatabaseUnavailable):
        await execute()


async def test_who_finds_no_free_connection_is_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When every connection is taken for too long, the next caller hears that the database is not there."""
    monkeypatch.setattr("app.storage.engine._CHECKOUT_TIMEOUT_S", 0.05)
    engine = open_engine(database_url, pool_size=1)
    async with transaction(engine):
        with pytest.raises(DatabaseUnavailable):
            async with transaction(engine):
                pass
    await engine.dispose()

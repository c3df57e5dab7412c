"""A scratch database on the embedded Postgres, dropped when it is left."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.sandbox.postgres import embedded_postgres
from app.storage import migrate
from app.storage.engine import open_engine


@asynccontextmanager
async def scratch_database(home: Path, name: str) -> AsyncIterator[str]:
    """The address of a fresh migrated database; one that a killed run left behind is dropped first."""
    with embedded_postgres(home) as server:
        await outside_transactions(server.url, f"drop database if exists {name} with (force)")
        await outside_transactions(server.url, f"create database {name}")
        url = make_url(server.url).set(database=name).render_as_string(hide_password=False)
        try:
            engine = open_engine(url, pool_size=1)
            await migrate.upgrade(engine)
            await engine.dispose()
            yield url
        finally:
            await outside_transactions(server.url, f"drop database {name} with (force)")


@asynccontextmanager
async def copy_of(url: str) -> AsyncIterator[str]:
    """The address of a copy of a database to which nobody is connected; dropped when it is left."""
    whole = make_url(url)
    server = whole.set(database="postgres").render_as_string(hide_password=False)
    name = f"{whole.database}_{uuid4().hex[:8]}"
    await outside_transactions(server, f"create database {name} template {whole.database}")
    try:
        yield whole.set(database=name).render_as_string(hide_password=False)
    finally:
        await outside_transactions(server, f"drop database {name} with (force)")


async def outside_transactions(url: str, statement: str) -> None:
    """Run what Postgres allows in no transaction: databases, vacuum."""
    engine = patient_engine(url)
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text(statement))
    await engine.dispose()


def patient_engine(url: str) -> AsyncEngine:
    """An engine of one connection that waits for a statement however long it takes."""
    return create_async_engine(url, pool_size=1, max_overflow=0)


def libpq_address(url: str) -> str:
    """The same address for drivers other than ours."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

"""What every test may ask for: a real PostgreSQL, migrated, and the shared data sets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.sandbox.postgres import EmbeddedPostgres, embedded_postgres
from app.storage import migrate
from app.storage.engine import open_engine

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make fuzz` asks for more of."""
    parser.addoption("--fuzz", type=int, default=6, help="requests of each kind to each operation")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[EmbeddedPostgres]:
    """One embedded server for the whole session, shared by the processes of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    with embedded_postgres((base if worker_id == "master" else base.parent) / "home") as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template_database(postgres_server: EmbeddedPostgres, worker_id: str) -> str:
    """The name of a database with every migration applied, once a session and process."""
    name = f"template_{worker_id}"
    await _administer(postgres_server, f"create database {name}")
    engine = open_engine(_url(postgres_server, name))
    await migrate.upgrade(engine)
    await engine.dispose()
    return name


@pytest.fixture
async def empty_database_url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a fresh database without a table, dropped afterwards."""
    async with fresh_database(postgres_server, "template1") as url:
        yield url


@pytest.fixture
async def database_url(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    """The address of a fresh migrated database, dropped afterwards."""
    async with fresh_database(postgres_server, template_database) as url:
        yield url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh migrated database."""
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets beside the repository; the test is skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}")
    return folder


@asynccontextmanager
async def fresh_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """The address of a copy of that database, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    await _administer(server, f"create database {name} template {template}")
    try:
        yield _url(server, name)
    finally:
        await _administer(server, f"drop database {name} with (force)")


async def _administer(server: EmbeddedPostgres, statement: str) -> None:
    engine = open_engine(server.url, pool_size=1)
    async with engine.connect() as connection:
        outside_transactions = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside_transactions.execute(sa.text(statement))
    await engine.dispose()


def _url(server: EmbeddedPostgres, database: str) -> str:
    return make_url(server.url).set(database=database).render_as_string(hide_password=False)

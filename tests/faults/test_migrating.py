"""Migrations while decisions are taken: nobody notices, and nobody is held up behind one that waits."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.storage import migrate
from app.storage.engine import open_engine
from app.storage.errors import MigrationFailed, NotMigrated
from tests.app.conftest import Edge, FakeEmbedder, products, settings  # noqa: F401  fixtures

LATER = '''
"""What a later version might add: a column, an index, a constraint, a table."""
from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.add_column("decision", sa.Column("later", sa.Text(), nullable=True))
    op.create_index("ix_decision_later", "decision", ["later"])
    op.execute("alter table decision add constraint ck_later check (later <> '') not valid")
    op.execute("alter table decision validate constraint ck_later")
    op.create_table("later", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade():
    op.drop_table("later")
    op.drop_column("decision", "later")
'''


@pytest.fixture
async def edge(settings, monkeypatch):  # noqa: F811  the fixture above
    """The application on a database of its own."""
    monkeypatch.setattr("app.clients.embeddings.LocalMiniLM", FakeEmbedder)
    async with Edge(settings).running() as edge:
        yield edge


@pytest.fixture
def later(tmp_path: Path, monkeypatch) -> None:
    """A migration after the newest, which the running code does not know."""
    ours = migrate.migration_config()
    [head] = migrate.newest()
    assert migrate.known()
    (tmp_path / "9999_later.py").write_text(LATER.format(head=head))
    places = f"{ours.get_main_option('script_location')}/versions:{tmp_path}"
    ours.set_main_option("path_separator", "os")
    ours.set_main_option("version_locations", places)
    monkeypatch.setattr(migrate, "migration_config", lambda: ours)


@asynccontextmanager
async def asking(edge: Edge):
    """Callers that decide, read and probe for as long as the block runs; the statuses of their answers."""
    over, statuses = asyncio.Event(), Counter[tuple[str, int]]()

    async def caller(number: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            for what, answer in (
                ("decide", await edge.post(key=f"{number}-{turn}")),
                ("read", await edge.client.get("/v1/decisions?limit=5")),
                ("probe", await edge.client.get("/readyz")),
            ):
                statuses[what, answer.status_code] += 1

    callers = [asyncio.create_task(caller(number)) for number in range(6)]
    try:
        yield statuses
    finally:
        over.set()
        await asyncio.gather(*callers)


async def test_a_migration_under_load_fails_no_request(edge, later):
    """Up and down three times while six callers ask: every decision 201, every read and probe 200."""
    engine = open_engine(edge.settings.database_url, pool_size=1)
    async with asking(edge) as statuses:
        for _ in range(3):
            await migrate.upgrade(engine)
            await asyncio.sleep(0.1)
            assert (await edge.client.get("/readyz")).json()["status"] == "ready"
            await migrate.downgrade(engine)
            await asyncio.sleep(0.1)
    await engine.dispose()
    assert statuses.keys() == {("decide", 201), ("read", 200), ("probe", 200)}
    assert await edge.stored() == statuses["decide", 201]


async def test_a_migration_that_must_wait_gives_up_before_others_wait_for_it(edge, later, monkeypatch):
    """Behind a long transaction it ends with an error that says so, and decisions go on meanwhile."""
    monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "300ms")
    engine = open_engine(edge.settings.database_url, pool_size=1)
    async with edge.services.engine.connect() as reading:
        await reading.exec_driver_sql("select count(*) from decision")
        with pytest.raises(MigrationFailed, match="lock timeout"):
            await migrate.upgrade(engine)
        assert (await edge.post()).status_code == 201
    await migrate.upgrade(engine)
    assert (await edge.post()).status_code == 201
    await engine.dispose()


async def test_an_older_schema_is_not_usable(empty_database_url: Any):
    """What this code knows and is not its newest makes a worker unready."""
    engine = open_engine(empty_database_url, pool_size=1)
    with pytest.raises(NotMigrated):
        await migrate.require_usable(engine)
    await engine.dispose()

"""The schema's history: up, down, linted, and what the code believes of it."""

import asyncio
import io
import re
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

import app.storage.tables
import retrieval.tables
from app.storage import migrate
from app.storage.engine import open_engine
from app.storage.errors import DatabaseUnavailable, MigrationFailed, NotMigrated

ROOT = Path(__file__).parents[2]
METADATA = [app.storage.tables.metadata, retrieval.tables.metadata]
REVISIONS = [
    script.revision for script in ScriptDirectory.from_config(migrate.migration_config()).walk_revisions()
][::-1]

SCHEMA = {
    "columns": """
        select table_name, column_name, data_type, is_nullable, column_default, generation_expression
        from information_schema.columns where table_schema = 'public'
    """,
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n'
    """,
    "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'public'",
    "triggers": "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal",
    "functions": """
        select oid::regprocedure::text from pg_proc p where pronamespace = 'public'::regnamespace
        and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
    """,
}


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database without a table."""
    engine = open_engine(empty_database_url)
    yield engine
    await engine.dispose()


async def schema_of(engine: AsyncEngine) -> dict[str, set[tuple[Any, ...]]]:
    """Everything of ours in the schema, as PostgreSQL spells it."""
    async with engine.connect() as connection:
        found = {name: (await connection.execute(sa.text(sql))).all() for name, sql in SCHEMA.items()}
    return {
        name: {tuple(row) for row in rows if "alembic_version" not in " ".join(map(str, row))}
        for name, rows in found.items()
    }


def sql_of(step: str, revision: str) -> str:
    """The statements of one step, as `--sql` prints them, without Alembic's own."""
    script = ScriptDirectory.from_config(migrate.migration_config()).get_revision(revision)
    config = migrate.migration_config()
    config.output_buffer = io.StringIO()
    base = script.down_revision or "base"
    if step == "up":
        command.upgrade(config, f"{base}:{revision}" if base != "base" else revision, sql=True)
    else:
        command.downgrade(config, f"{revision}:{base}", sql=True)
    statements = config.output_buffer.getvalue().split(";")
    ours = [s for s in statements if "alembic_version" not in s and s.strip() not in ("BEGIN", "COMMIT", "")]
    return ";".join([*ours, "\n"])


async def test_models_and_migrations_agree(engine: AsyncEngine) -> None:
    """Alembic finds nothing to migrate between the migrated schema and the tables of the code."""
    async with engine.connect() as connection:
        difference = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c), METADATA)  # type: ignore[arg-type]  # takes several, too
        )
    assert difference == []


async def test_every_constraint_of_the_models_is_migrated(engine: AsyncEngine, empty: AsyncEngine) -> None:
    """Columns, constraints and indexes made from the tables are those that the migrations make."""
    async with empty.begin() as connection:
        for extension in ("vector", "btree_gist"):
            await connection.execute(sa.text(f"create extension {extension}"))
        for metadata in METADATA:
            await connection.run_sync(metadata.create_all)
    modelled, migrated = await schema_of(empty), await schema_of(engine)
    for kind in ("columns", "constraints", "indexes"):
        assert modelled[kind] == migrated[kind], kind


async def test_up_down_up_leads_back(empty: AsyncEngine) -> None:
    """Each revision can be taken back and applied again, and leaves nothing of itself behind."""
    before = []
    for revision in REVISIONS:
        before.append(await schema_of(empty))
        await migrate.upgrade(empty, revision)
    whole = await schema_of(empty)
    for expected in reversed(before):
        await migrate.downgrade(empty)
        assert await schema_of(empty) == expected
    await migrate.upgrade(empty)
    assert await schema_of(empty) == whole


@pytest.mark.parametrize("step", ["up", "down"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_migration_limits_how_long_it_waits(revision: str, step: str) -> None:
    """The first thing a migration does, up or down, is to limit its wait for locks and its statements."""
    first, second = sql_of(step, revision).split(";")[:2]
    assert re.search(r"set local lock_timeout = '[1-5]s'", first)
    assert "set local statement_timeout = " in second


@pytest.mark.parametrize("step", ["up", "down"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_migration_is_linted(revision: str, step: str, tmp_path: Path) -> None:
    """squawk finds nothing in a migration; a way back drops things by its nature."""
    file = tmp_path / f"{revision}_{step}.sql"
    file.write_text(sql_of(step, revision))
    squawk = Path(sysconfig.get_path("scripts")) / "squawk"
    kinds = ("table", "function", "column")
    drops = [f"--exclude=ban-drop-{kind}" for kind in kinds] if step == "down" else []
    found = subprocess.run(
        [squawk, "--config", ROOT / ".squawk.toml", *drops, file], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


def test_a_new_migration_begins_with_its_limits() -> None:
    """The template of a new migration sets both limits, up and down."""
    template = (ROOT / "migrations" / "script.py.mako").read_text()
    assert template.count("set local lock_timeout = '2s'") == 2
    assert template.count("set local statement_timeout = '60s'") == 2


async def test_an_unmigrated_database_is_refused_by_name(empty: AsyncEngine) -> None:
    """A database that is not, or only partly, migrated is refused, and the error says what to run."""
    assert not await migrate.is_current(empty)
    with pytest.raises(NotMigrated, match=f"is at nothing.*needs {REVISIONS[-1]}: run `credence db upgrade`"):
        await migrate.require_current(empty)
    await migrate.upgrade(empty, "0001")
    with pytest.raises(NotMigrated, match="is at 0001"):
        await migrate.require_current(empty)
    await migrate.upgrade(empty)
    assert await migrate.is_current(empty)
    await migrate.require_current(empty)


async def test_commands_that_migrate_at_once_take_turns(empty: AsyncEngine) -> None:
    """Four upgrades of one database at the same time all succeed, and it is migrated once."""
    await asyncio.gather(*(migrate.upgrade(empty) for _ in range(4)))
    assert await migrate.is_current(empty)


async def test_a_migration_that_cannot_have_its_lock_gives_up(engine: AsyncEngine) -> None:
    """While somebody holds a table, a migration of it fails soon and leaves the schema as it was."""
    whole = await schema_of(engine)
    async with engine.connect() as holder:
        await holder.execute(sa.text("lock table idempotency_key"))
        with pytest.raises(MigrationFailed, match="lock timeout"):
            await migrate.downgrade(engine)
    assert await schema_of(engine) == whole
    assert await migrate.is_current(engine)


async def test_an_unknown_revision_is_refused_by_name(engine: AsyncEngine) -> None:
    """A revision that does not exist is named, and nothing changes."""
    with pytest.raises(MigrationFailed, match="9999"):
        await migrate.upgrade(engine, "9999")


async def test_a_database_that_is_away_cannot_be_migrated(tmp_path: Path) -> None:
    """Where no server answers, migrating and asking for the revision say so."""
    engine = open_engine(f"postgresql://postgres@/postgres?host={tmp_path}")
    for step in (migrate.upgrade, migrate.require_current):
        with pytest.raises(DatabaseUnavailable):
            await step(engine)
    await engine.dispose()

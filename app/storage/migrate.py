"""The schema's life: up, down, and where it stands. No configuration file is needed anywhere."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import migrations
from app.storage.engine import connected
from app.storage.errors import MigrationFailed, NotMigrated

# Two commands that migrate at once take turns. The number is arbitrary and only ours.
_LOCK = 7_263_541_908
# A change of a table that waits longer for those who use it makes all who come after wait behind it.
_LOCK_TIMEOUT = "3s"


def migration_config() -> Config:
    """Alembic's configuration, wherever the package lies."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the schema up to a revision; nothing happens where it is there already.

    Each revision is a transaction; raises MigrationFailed, with those before it applied.
    """
    await _run(engine, lambda config: command.upgrade(config, revision))


async def downgrade(engine: AsyncEngine, revision: str = "-1") -> None:
    """Take the schema back to a revision (`base`: to nothing, with all that is stored); as `upgrade`."""
    await _run(engine, lambda config: command.downgrade(config, revision))


async def current(engine: AsyncEngine) -> frozenset[str]:
    """The revisions that the database is at; empty for a fresh one."""
    async with connected(engine) as connection:
        return await connection.run_sync(_heads_of)


@cache
def newest() -> frozenset[str]:
    """The revisions that this code needs."""
    return frozenset(ScriptDirectory.from_config(migration_config()).get_heads())


@cache
def known() -> frozenset[str]:
    """Every revision that this code knows."""
    scripts = ScriptDirectory.from_config(migration_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the schema is the one that this code needs."""
    return await current(engine) == newest()


async def require_current(engine: AsyncEngine) -> None:
    """Raise NotMigrated unless the schema is the one that this code needs."""
    _require(await current(engine))


def _require(found: frozenset[str]) -> None:
    needed = newest()
    if found != needed:
        raise NotMigrated(
            f"the database's schema is at {_named(found)}, this version of Credence needs {_named(needed)}:"
            " run `credence db upgrade`"
        )


async def require_usable(engine: AsyncEngine) -> None:
    """Raise NotMigrated unless this code can work with the schema: its own, or a newer one.

    A deployment migrates first and replaces the processes then: those that run still must go on. Which
    revisions came later this code cannot know, so one that it does not know is newer.
    """
    found = await current(engine)
    if found <= known():
        _require(found)


def _named(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"


def _heads_of(connection: sa.Connection) -> frozenset[str]:
    return frozenset(MigrationContext.configure(connection).get_current_heads())


async def _run(engine: AsyncEngine, step: Callable[[Config], None]) -> None:
    config = migration_config()

    def run(connection: sa.Connection) -> None:
        config.attributes["connection"] = connection
        step(config)

    async with connected(engine) as connection:
        try:
            async with _turn(connection):
                await connection.run_sync(run)
        except CommandError as error:
            raise MigrationFailed(str(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise MigrationFailed(f"the database refused: {error.orig}") from error


@asynccontextmanager
async def _turn(connection: AsyncConnection) -> AsyncIterator[None]:
    await connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
    await connection.execute(sa.text(f"set lock_timeout = '{_LOCK_TIMEOUT}'"))
    await connection.commit()
    try:
        yield
    finally:
        # Where the connection was lost, so was the lock.
        with suppress(DBAPIError):
            await connection.rollback()
            await connection.execute(sa.text("reset lock_timeout"))
            await connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
            await connection.commit()

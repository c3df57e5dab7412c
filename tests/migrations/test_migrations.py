"""The schema's history: up, down, and what the code believes of it."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine

import app.storage.tables
import retrieval.tables


async def test_models_and_migrations_agree(engine: AsyncEngine) -> None:
    """Alembic finds nothing to migrate between the migrated schema and the tables of the code."""
    metadata = [app.storage.tables.metadata, retrieval.tables.metadata]
    async with engine.connect() as connection:
        difference = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c), metadata)  # type: ignore[arg-type]  # takes several, too
        )
    assert difference == []

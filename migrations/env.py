"""How Alembic runs our migrations: each in a transaction of its own, on the connection it is handed.

`app.storage.migrate` opens the connection; offline (`--sql`) the statements are printed.
"""

from alembic import context

import app.storage.tables
import retrieval.tables

METADATA = [app.storage.tables.metadata, retrieval.tables.metadata]


def _migrate() -> None:
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", transaction_per_migration=True)
    else:
        context.configure(
            connection=context.config.attributes["connection"],
            target_metadata=METADATA,
            transaction_per_migration=True,
        )
    with context.begin_transaction():
        context.run_migrations()


_migrate()

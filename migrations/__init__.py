"""Alembic migrations: the only place where the schema changes."""

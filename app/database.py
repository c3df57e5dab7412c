"""The database that a command uses: the one given by URL, or the embedded one for as long as it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.sandbox.postgres import EmbeddedPostgres, embedded_postgres
from app.settings import Settings


@dataclass(frozen=True)
class Database:
    """Settings whose database runs, and the embedded server if it is ours to watch."""

    settings: Settings
    embedded: EmbeddedPostgres | None


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database given by URL as it is, or the embedded one for as long as the block runs."""
    if settings.database_url is not None:
        yield Database(settings, None)
        return
    with embedded_postgres(settings.home) as server:
        yield Database(settings.model_copy(update={"database_url": server.url}), server)

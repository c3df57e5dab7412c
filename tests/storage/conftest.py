"""What the tests of the store share."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """Every statement that the engine sends from now on, without BEGIN and COMMIT."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, _parameters, _context, _many) -> None:
        sent.append(statement)

    sa.event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine.sync_engine, "before_cursor_execute", note)

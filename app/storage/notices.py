"""Notices: which are due (Reg B §1002.9(a)(1)), and that they were sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements
from app.storage.errors import UnknownRecord
from app.storage.tables import decision_notice as table


@dataclass(frozen=True)
class StoredNotice:
    """`sent_at` and `channel` (how it went out) are None until it was sent."""

    decision_id: UUID
    kind: str
    due_at: datetime
    sent_at: datetime | None
    channel: str | None


async def load_notice(engine: AsyncEngine, decision_id: UUID) -> StoredNotice | None:
    """The notice that a decision asks for, None where it asks for none."""
    async with single_statements(engine) as connection:
        row = (await connection.execute(sa.select(table).where(table.c.decision_id == decision_id))).first()
    return None if row is None else StoredNotice(**row._mapping)


async def unsent_notices(engine: AsyncEngine, due_before: datetime, limit: int = 100) -> list[StoredNotice]:
    """Notices due before the instant and not sent, the most urgent first."""
    unsent = sa.select(table).where(table.c.sent_at.is_(None), table.c.due_at < due_before)
    async with single_statements(engine) as connection:
        rows = (await connection.execute(unsent.order_by(table.c.due_at).limit(limit))).all()
    return [StoredNotice(**row._mapping) for row in rows]


async def mark_sent(engine: AsyncEngine, decision_id: UUID, channel: str, sent_at: datetime) -> None:
    """Say that a notice went out; the first time stays. Raises UnknownRecord where none is asked for."""
    first = sa.func.coalesce
    mark = (
        sa.update(table)
        .where(table.c.decision_id == decision_id)
        .values(sent_at=first(table.c.sent_at, sent_at), channel=first(table.c.channel, channel))
    )
    async with single_statements(engine) as connection:
        if (await connection.execute(mark)).rowcount == 0:
            raise UnknownRecord(f"the decision {decision_id} asks for no notice")

"""The audit trail: who did what to which record. Append-only, by trigger; never personal data."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements
from app.storage.tables import audit_event as table


@dataclass(frozen=True)
class AuditEvent:
    """`action` is a verb (`resolve`, `revoke`), `subject` the record's id, `detail` JSON text."""

    id: UUID
    created_at: datetime
    api_key_id: UUID | None
    action: str
    subject: str
    detail: str = "{}"


async def record_event(engine: AsyncEngine, event: AuditEvent) -> None:
    """Append it."""
    async with single_statements(engine) as connection:
        await connection.execute(sa.insert(table).values(asdict(event)))


async def events_of(engine: AsyncEngine, subject: str) -> list[AuditEvent]:
    """What happened to a record, oldest first."""
    select = sa.select(table).where(table.c.subject == subject).order_by(table.c.id)
    async with single_statements(engine) as connection:
        rows = (await connection.execute(select)).all()
    return [AuditEvent(**row._mapping) for row in rows]

"""Notices: which are due (Reg B §1002.9(a)(1)), the very bytes of the letters, and that they were sent."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements
from app.storage.errors import UnknownRecord
from app.storage.tables import decision_notice as table
from app.storage.tables import notice_document as documents
from decisioning.letter import NoticeKind


@dataclass(frozen=True)
class StoredNotice:
    """`sent_at` and `channel` (how it went out) are None until it was sent, `written_at` until written."""

    decision_id: UUID
    kind: NoticeKind
    due_at: datetime
    sent_at: datetime | None
    channel: str | None
    written_at: datetime | None = None


@dataclass(frozen=True)
class Document:
    """A letter as it went out; `content` is None once the person in it was erased."""

    decision_id: UUID
    media_type: str
    content: bytes | None
    sha256: bytes
    written_at: datetime
    api_key_id: UUID | None


async def load_notice(engine: AsyncEngine, decision_id: UUID) -> StoredNotice | None:
    """The notice that a decision asks for, None where it asks for none."""
    async with single_statements(engine) as connection:
        row = (await connection.execute(sa.select(table).where(table.c.decision_id == decision_id))).first()
    return None if row is None else StoredNotice(**row._mapping)


async def begin_letter(engine: AsyncEngine, decision_id: UUID, now: datetime) -> datetime:
    """The instant at which this notice was first written, now if it is the first time.

    All forms of a letter carry the same date. Raises UnknownRecord where none is asked for.
    """
    begun = (
        sa.update(table)
        .where(table.c.decision_id == decision_id)
        .values(written_at=sa.func.coalesce(table.c.written_at, now))
        .returning(table.c.written_at)
    )
    async with single_statements(engine) as connection:
        first: datetime | None = (await connection.execute(begun)).scalar_one_or_none()
    if first is None:
        raise UnknownRecord(f"the decision {decision_id} asks for no notice")
    return first


async def load_document(engine: AsyncEngine, decision_id: UUID, media_type: str) -> Document | None:
    """The letter in that form, None while it was not written in it."""
    select = sa.select(documents).where(
        documents.c.decision_id == decision_id, documents.c.media_type == media_type
    )
    async with single_statements(engine) as connection:
        row = (await connection.execute(select)).first()
    return None if row is None else Document(**row._mapping)


async def keep_document(engine: AsyncEngine, written: Document) -> Document:
    """Keep a letter unless one is kept in this form already; returns the one that is kept."""
    put = insert(documents).values(asdict(written)).on_conflict_do_nothing()
    async with single_statements(engine) as connection:
        await connection.execute(put)
    return await load_document(engine, written.decision_id, written.media_type) or written


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

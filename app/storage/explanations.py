"""Explanations: one a decision and reader, written once; what is pending may still be written."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.engine import refusal_of, single_statements
from app.storage.errors import UnknownRecord
from app.storage.rows import StoredExplanation, explanation_row, read_explanation
from app.storage.tables import decision
from app.storage.tables import decision_explanation as table
from decisioning.model import Evidence, Explanation, Reader


async def put_explanation(
    engine: AsyncEngine,
    decision_id: UUID,
    explanation: Explanation,
    evidence: Evidence | None,
    written_at: datetime,
) -> Explanation:
    """Keep an explanation unless one is kept for its reader already; returns the one that is kept.

    `evidence` is None only for a pending one. Raises UnknownRecord where there is no such decision.
    """
    row = {"decision_id": decision_id, **explanation_row(explanation, evidence, written_at)}
    new = insert(table).values(row)
    written = {name: new.excluded[name] for name in ("status", "explanation", "evidence", "written_at")}
    put = new.on_conflict_do_update(
        constraint=table.primary_key, set_=written, where=table.c.status == "pending"
    ).returning(table.c.decision_id)
    unknown = UnknownRecord(f"there is no decision {decision_id}")
    with refusal_of("fk_decision_explanation_decision_id", unknown):
        async with single_statements(engine) as connection:
            if (await connection.execute(put)).first():
                return explanation
            kept = await _find(connection, decision_id, explanation.reader)
    if kept is None:
        raise unknown
    return kept.explanation


async def load_explanation(
    engine: AsyncEngine, decision_id: UUID, reader: Reader = Reader.ANALYST
) -> StoredExplanation | None:
    """The explanation for that reader, None while nobody asked for one; raises UnknownRecord."""
    async with single_statements(engine) as connection:
        found = await _find(connection, decision_id, reader)
        if found is None and not await _is_stored(connection, decision_id):
            raise UnknownRecord(f"there is no decision {decision_id}")
    return found


async def pending_since(
    engine: AsyncEngine, instant: datetime, limit: int = 100
) -> list[tuple[UUID, Reader]]:
    """Explanations that were promised before the instant and not written since, oldest first."""
    promised = sa.select(table.c.decision_id, table.c.reader).where(
        table.c.status == "pending", table.c.written_at < instant
    )
    async with single_statements(engine) as connection:
        rows = (await connection.execute(promised.order_by(table.c.written_at).limit(limit))).all()
    return [(row.decision_id, Reader(row.reader)) for row in rows]


async def _find(connection: AsyncConnection, decision_id: UUID, reader: Reader) -> StoredExplanation | None:
    select = sa.select(table.c.explanation, table.c.evidence).where(
        table.c.decision_id == decision_id, table.c.reader == reader.value
    )
    row = (await connection.execute(select)).first()
    return None if row is None else read_explanation(row.explanation, row.evidence)


async def _is_stored(connection: AsyncConnection, decision_id: UUID) -> bool:
    select = sa.select(decision.c.id).where(decision.c.id == decision_id)
    return (await connection.execute(select)).first() is not None

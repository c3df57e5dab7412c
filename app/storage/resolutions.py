"""Resolutions: how a person ended a referral. A record of its own; the decision stays as it was."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.engine import single_statements, transaction
from app.storage.errors import AlreadyResolved, NotResolvable, UnknownRecord
from app.storage.tables import decision, decision_notice
from app.storage.tables import decision_resolution as table
from decisioning.model import Notice, Outcome


@dataclass(frozen=True)
class Resolution:
    """`reasons` are reason codes; a decline has at least one."""

    id: UUID
    decision_id: UUID
    outcome: Literal[Outcome.APPROVE, Outcome.DECLINE]
    reasons: tuple[str, ...]
    note: str | None
    api_key_id: UUID | None
    created_at: datetime


async def put_resolution(engine: AsyncEngine, resolution: Resolution, notice: Notice | None = None) -> None:
    """End a referral, once, together with the notice that its end asks for.

    Raises UnknownRecord, NotResolvable or AlreadyResolved.
    """
    values = asdict(resolution) | {"reasons": list(resolution.reasons)}
    row = [sa.literal(values[column.name], column.type).label(column.name) for column in table.c]
    referral = sa.select(*row).where(
        sa.exists().where(decision.c.id == resolution.decision_id, decision.c.outcome == Outcome.REFER.value)
    )
    put = insert(table).from_select([column.name for column in table.c], referral)
    put = put.on_conflict_do_nothing(index_elements=[table.c.decision_id])
    async with transaction(engine) as connection:
        if not (await connection.execute(put.returning(table.c.id))).first():
            await _refuse(connection, resolution.decision_id)
        if notice is not None:
            asked = notice.model_dump() | {"decision_id": resolution.decision_id}
            await connection.execute(sa.insert(decision_notice).values(asked))


async def load_resolution(engine: AsyncEngine, decision_id: UUID) -> Resolution | None:
    """How the referral ended, None while it has not."""
    async with single_statements(engine) as connection:
        row = (await connection.execute(sa.select(table).where(table.c.decision_id == decision_id))).first()
    if row is None:
        return None
    values = {**row._mapping, "outcome": Outcome(row.outcome), "reasons": tuple(row.reasons)}
    return Resolution(**values)


async def _refuse(connection: AsyncConnection, decision_id: UUID) -> None:
    select = sa.select(decision.c.outcome).where(decision.c.id == decision_id)
    outcome = (await connection.execute(select)).scalar_one_or_none()
    if outcome is None:
        raise UnknownRecord(f"there is no decision {decision_id}")
    if outcome != Outcome.REFER.value:
        raise NotResolvable(f"a person ends a referral; this decision's outcome is {outcome}")
    raise AlreadyResolved(f"the referral {decision_id} was ended before")

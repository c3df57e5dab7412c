"""The people behind decisions: who applied, and the data that fairness is measured on.

Nothing that decides, explains, logs or answers reads this module; a notice and offline evals do.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements, transaction
from app.storage.rows import SOURCES, Applicant, Monitoring
from app.storage.tables import applicant, applicant_note, decision_source, monitoring, notice_document
from decisioning.sources import Source


async def load_applicant(engine: AsyncEngine, decision_id: UUID) -> Applicant | None:
    """Who applied; None where nobody was named, or the person was erased."""
    select = sa.select(applicant.c.name, applicant.c.address, applicant.c.email)
    async with single_statements(engine) as connection:
        row = (await connection.execute(select.where(applicant.c.decision_id == decision_id))).first()
    return None if row is None else Applicant(*row)


async def load_sources(engine: AsyncEngine, decision_id: UUID) -> tuple[Source, ...]:
    """The outside sources recorded with an application; none where it named none, or they were erased."""
    select = sa.select(decision_source.c.sources).where(decision_source.c.decision_id == decision_id)
    async with single_statements(engine) as connection:
        sources: str | None = (await connection.execute(select)).scalar_one_or_none()
    return SOURCES.validate_json(sources) if sources else ()


async def load_note(engine: AsyncEngine, decision_id: UUID) -> str | None:
    """The free text that came with the application."""
    select = sa.select(applicant_note.c.note).where(applicant_note.c.decision_id == decision_id)
    async with single_statements(engine) as connection:
        note: str | None = (await connection.execute(select)).scalar_one_or_none()
    return note


async def erase_person(engine: AsyncEngine, decision_id: UUID) -> bool:
    """Keep the decision and lose the person; whether there was anything to erase.

    Of the letters that went out the hashes stay.
    """
    letters = notice_document.c.decision_id == decision_id, notice_document.c.content.is_not(None)
    async with transaction(engine) as connection:
        emptied = await connection.execute(sa.update(notice_document).where(*letters).values(content=None))
        erased = emptied.rowcount
        for table in (applicant, applicant_note, decision_source, monitoring):
            gone = await connection.execute(sa.delete(table).where(table.c.decision_id == decision_id))
            erased += gone.rowcount
    return erased > 0


async def iterate_monitoring(engine: AsyncEngine) -> AsyncIterator[tuple[UUID, Monitoring]]:
    """Monitoring data by decision, for offline evals alone."""
    select = sa.select(monitoring.c.decision_id, monitoring.c.age, monitoring.c.marital)
    async with single_statements(engine) as connection:
        rows = (await connection.execute(select.order_by(monitoring.c.decision_id))).all()
    for row in rows:
        yield row.decision_id, Monitoring(row.age, row.marital)

"""Artefacts: every product file, parameter set, rule table and prompt that a decision was made with."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements
from app.storage.errors import UnknownRecord
from app.storage.tables import artefact as table


@dataclass(frozen=True)
class Artefact:
    """`digest` in hexadecimal is of the content and names it for ever; `content` is JSON text."""

    digest: str
    kind: str
    content: str


async def put_artefacts(engine: AsyncEngine, artefacts: Sequence[Artefact]) -> None:
    """Keep them; those that are kept already stay as they are."""
    if artefacts:
        # In one order, so that two processes that start at once do not wait for each other in a ring.
        rows = [asdict(artefact) for artefact in sorted(artefacts, key=lambda a: a.digest)]
        async with single_statements(engine) as connection:
            await connection.execute(insert(table).on_conflict_do_nothing(), rows)


async def load_artefacts(engine: AsyncEngine, digests: Iterable[str]) -> dict[str, Artefact]:
    """The artefacts by digest; raises UnknownRecord naming those that are not kept."""
    wanted = set(digests)
    async with single_statements(engine) as connection:
        rows = (await connection.execute(sa.select(table).where(table.c.digest.in_(wanted)))).all()
    found = {row.digest: Artefact(row.digest, row.kind, row.content) for row in rows}
    if missing := wanted - found.keys():
        raise UnknownRecord(f"artefacts that are not kept: {', '.join(sorted(missing))}")
    return found

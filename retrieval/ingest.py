"""Taking documents in: parse, embed, then one short transaction a document.

One writer changes the corpus at a time (an advisory lock, held for that transaction alone), so the instants
at which changes become known are in the order in which they are committed. Embedding, which is what takes
the time, happens before and outside.
"""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval import ledger, passages, timeline
from retrieval.errors import Refused, Unreadable
from retrieval.ledger import Change, Held, Plan
from retrieval.model import Document, Report, Written
from retrieval.parse import files, parse_file
from retrieval.passages import Progress
from retrieval.ports import Embedder
from retrieval.tables import corpus_change
from retrieval.timeline import Editions, Standing


async def ingest_paths(
    engine: AsyncEngine,
    paths: Iterable[Path],
    embedder: Embedder,
    *,
    document: str | None = None,
    effective_from: date | None = None,
    effective_to: date | None = None,
    supersede: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Files and folders, each document in a transaction of its own; what is refused never stops the rest.

    What was taken in before under another embedding model gets its vectors of this one.
    """
    found: list[Document] = []
    refused: dict[str, str] = {}
    for path in files(paths):
        try:
            found += await asyncio.to_thread(
                parse_file, path, document=document, effective_from=effective_from, effective_to=effective_to
            )
        except Unreadable as error:
            refused[str(path)] = error.reason
    written = []
    for one in sorted(found, key=_order):
        try:
            written.append(await ingest(engine, one, embedder, supersede=supersede, progress=progress))
        except Refused as error:
            refused[f"{one.source}: {one.document} {one.edition}"] = str(error)
    await passages.complete(engine, embedder, progress)
    return Report(tuple(written), refused)


async def ingest(
    engine: AsyncEngine,
    document: Document,
    embedder: Embedder,
    *,
    supersede: bool = False,
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> Written:
    """One edition of a document, whole or not at all; the same again writes nothing.

    The edition with another text is a correction: the old text's known period closes. A later edition ends
    an open-ended earlier one, all of it, only with `supersede`; raises Refused otherwise, and where two
    texts of a clause would be in force at once. `known_at` is for replaying a history; it must come after
    every instant already used.
    """
    change = Change.of(document)
    async with engine.connect() as connection:
        if await ledger.is_same(connection, change):
            return Written(document.document, document.edition, 0, 0)
        plan = _plan(await ledger.held(connection, document.document), document, supersede)
    await passages.write(engine, (one.stated.provision for one in plan.opened), embedder, progress)
    async with engine.begin() as connection:
        await ledger.lock(connection)
        plan = _plan(await ledger.held(connection, document.document), document, supersede)
        return await ledger.write(connection, plan, change, known_at)


async def documents(engine: AsyncEngine) -> frozenset[str]:
    """The names of the documents that the corpus has ever held."""
    async with engine.connect() as connection:
        return frozenset(await connection.scalars(select(corpus_change.c.document).distinct()))


async def withdraw(
    engine: AsyncEngine, document: str, clause: str, on: date, *, known_at: datetime | None = None
) -> Written:
    """End a clause on a day (exclusive); raises Refused where none of that name is in force on it."""
    async with engine.begin() as connection:
        await ledger.lock(connection)
        held = await ledger.held(connection, document)
        plan = _difference(held, timeline.withdraw(held.stated, clause, on))
        edition = plan.opened[0].edition if plan.opened else ""
        change = Change("withdrawal", document, edition, f"{clause} on {on}", b"")
        return await ledger.write(connection, plan, change, known_at)


def _order(document: Document) -> tuple[str, date, str, str]:
    start = min((one.effective_from for one in document.provisions), default=date.min)
    return document.document, start, document.edition, document.source


def _plan(held: Held, document: Document, supersede: bool) -> Plan:
    plan = _difference(held, timeline.merge(held.stated, document))
    if plan.ended and not supersede:
        raise Refused(
            f"edition {document.edition} of {document.document} meets an open-ended one and would end it "
            f"(edition {', '.join(plan.ended)}): say so with --supersede"
        )
    return plan


def _difference(held: Held, after: Editions) -> Plan:
    wanted = timeline.clauses_of(timeline.resolve(after))
    same = {key for key, (_, now) in held.rows.items() if key in wanted and _alike(now, wanted[key])}
    ended = timeline.successions(after) - timeline.successions(held.stated)
    return Plan(
        closed=tuple(sorted(row for key, (row, _) in held.rows.items() if key not in same)),
        opened=tuple(wanted[key] for key in sorted(wanted, key=lambda k: (k[1], k[0])) if key not in same),
        ended=tuple(sorted({earlier for earlier, _ in ended})),
    )


def _alike(now: Standing, then: Standing) -> bool:
    return (now.stated, now.start, now.end) == (then.stated, then.start, then.end)

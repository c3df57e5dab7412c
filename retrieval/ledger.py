"""What the corpus holds of a document, and the writing of one change to it.

Called inside a transaction that holds the corpus lock. Rows are closed before any is opened: both in one
statement would break the rule that a clause has one text at a time. The driver reads and writes the date
infinity as date.max.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval import definitions, references, statements
from retrieval.errors import Refused
from retrieval.model import Document, Kind, Provision, Snapshot, Written
from retrieval.passages import any_of
from retrieval.tables import clause, corpus_change, passage
from retrieval.timeline import Editions, Key, Standing, Stated

CORPUS_LOCK = 0x636C6175736573
"""The advisory lock of everyone who changes the corpus."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the corpus holds of one document now; `rows` has the id of each row with it."""

    stated: Editions
    rows: Mapping[Key, tuple[int, Standing]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows to close, the standings to open, and the editions that end because another begins."""

    closed: tuple[int, ...]
    opened: tuple[Standing, ...]
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What is written beside the rows themselves."""

    kind: str
    document: str
    edition: str
    source: str
    sha256: bytes

    @classmethod
    def of(cls, document: Document) -> "Change":
        """The ingest of a document."""
        digest = bytes.fromhex(document.sha256)
        return cls("ingest", document.document, document.edition, document.source, digest)


async def lock(connection: AsyncConnection) -> None:
    """Wait for the one place at which the corpus changes; held until the transaction ends."""
    await connection.execute(text(statements.LOCK_CORPUS), {"lock": CORPUS_LOCK})


async def is_same(connection: AsyncConnection, change: Change) -> bool:
    """True where the last ingest of this edition brought the very same."""
    latest = (
        select(corpus_change.c.sha256)
        .where(
            corpus_change.c.document == change.document,
            corpus_change.c.edition == change.edition,
            corpus_change.c.kind == change.kind,
        )
        .order_by(corpus_change.c.id.desc())
        .limit(1)
    )
    return bool(await connection.scalar(latest) == change.sha256)


async def held(connection: AsyncConnection, document: str) -> Held:
    """What the corpus holds of a document, as it is known now."""
    now = (
        select(clause, passage.c.heading, passage.c.text)
        .join(passage, passage.c.id == clause.c.passage_id)
        .where(clause.c.document == document, clause.c.known_to == text("'infinity'"))
    )
    rows: dict[Key, tuple[int, Standing]] = {}
    for row in (await connection.execute(now)).mappings():
        standing = _standing(row)
        rows[standing.edition, standing.stated.provision.clause] = (row["id"], standing)
    return Held({key: standing.stated for key, (_, standing) in rows.items()}, rows)


async def write(
    connection: AsyncConnection, plan: Plan, change: Change, known_at: datetime | None
) -> Written:
    """Close and open rows and count their terms, all under one snapshot; nothing where nothing changes."""
    if not plan.closed and not plan.opened:
        return Written(change.document, change.edition, 0, 0)
    instant = await _instant(connection, known_at)
    snapshot = Snapshot(await _record(connection, plan, change, instant), instant)
    moves = [(passage_id, -1) for passage_id in await _close(connection, plan.closed, instant)]
    moves += [(passage_id, 1) for passage_id in await _open(connection, plan.opened, change, instant)]
    await connection.execute(text(statements.WIDEN_BLOCKS), {"document": change.document, "instant": instant})
    counted = {
        "change_id": snapshot.id,
        "document": change.document,
        "passages": [passage_id for passage_id, _ in moves],
        "signs": [sign for _, sign in moves],
    }
    await connection.execute(text(statements.COUNT_TERMS), counted)
    await connection.execute(text(statements.COUNT_CLAUSES), counted)
    return Written(change.document, change.edition, len(plan.opened), len(plan.closed), plan.ended, snapshot)


async def _instant(connection: AsyncConnection, known_at: datetime | None) -> datetime:
    """The instant at which this change becomes known: later than every one before it."""
    now: datetime
    last: datetime | None
    now, last = (await connection.execute(text(statements.INSTANTS))).one()
    if known_at is None:
        return max(now, last + timedelta(microseconds=1)) if last else now
    if last is not None and known_at <= last:
        raise Refused(f"the corpus already knows of a change at {last}: {known_at} comes too late")
    return known_at


async def _record(connection: AsyncConnection, plan: Plan, change: Change, instant: datetime) -> int:
    row = {
        "known_at": instant,
        "kind": change.kind,
        "document": change.document,
        "edition": change.edition,
        "source": change.source,
        "sha256": change.sha256,
        "opened": len(plan.opened),
        "closed": len(plan.closed),
    }
    return int((await connection.scalars(insert(corpus_change).returning(corpus_change.c.id), row)).one())


async def _close(connection: AsyncConnection, rows: Sequence[int], instant: datetime) -> list[int]:
    """End what was known; returns the passages that are searched no more."""
    closed = await connection.execute(text(statements.CLOSE), {"ids": list(rows), "instant": instant})
    return [passage_id for passage_id, searched in closed if searched]


async def _open(
    connection: AsyncConnection, standings: Sequence[Standing], change: Change, instant: datetime
) -> list[int]:
    """Begin what is known; returns the passages that are searched from now on."""
    sha256s = [bytes.fromhex(one.stated.provision.sha256) for one in standings]
    found = await connection.execute(
        select(passage.c.sha256, passage.c.id).where(any_of(passage.c.sha256, sha256s))
    )
    ids = dict(found.all())
    rows = [
        _row(one, change.document, ids[sha256], instant)
        for one, sha256 in zip(standings, sha256s, strict=True)
    ]
    if rows:
        await connection.execute(insert(clause), rows)
    return [row["passage_id"] for row in rows if row["searched"]]


def _row(standing: Standing, document: str, passage_id: int, instant: datetime) -> dict[str, Any]:
    stated, one = standing.stated, standing.stated.provision
    return {
        "document": document,
        "clause": one.clause,
        "edition": standing.edition,
        "kind": one.kind.value,
        "parent": one.parent,
        "path": list(one.path),
        "position": stated.position,
        "title": stated.title,
        "source": stated.source,
        "searched": one.searched,
        "names": [one.clause, *references.keys(one.clause), *definitions.names(one.defines)],
        "refers_to": list(one.refers_to),
        "defines": list(one.defines),
        "stated_to": one.effective_to,
        "withdrawn_on": stated.withdrawn_on,
        "effective_from": standing.start,
        "effective_to": standing.end or date.max,
        "known_from": instant,
        "passage_id": passage_id,
    }


def _standing(row: Mapping[Any, Any]) -> Standing:
    provision = Provision(
        clause=row["clause"],
        text=row["text"],
        effective_from=row["effective_from"],
        effective_to=row["stated_to"],
        heading=row["heading"],
        parent=row["parent"],
        kind=Kind(row["kind"]),
        path=tuple(row["path"]),
        searched=row["searched"],
        refers_to=tuple(row["refers_to"]),
        defines=tuple(row["defines"]),
    )
    stated = Stated(provision, row["withdrawn_on"], row["source"], row["title"], row["position"])
    end = None if row["effective_to"] == date.max else row["effective_to"]
    return Standing(row["edition"], stated, row["effective_from"], end)

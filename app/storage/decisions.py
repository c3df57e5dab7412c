"""Decisions: stored once with all that belongs to them, read one by one, by page, or all.

Reading a decision joins its explanation and nothing else: applicants, notes and monitoring data are
written here, in the decision's transaction, and read elsewhere.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage import tables
from app.storage.cursors import read_cursor, write_cursor
from app.storage.engine import Execute, executing, refusal_of, single_statements, transaction
from app.storage.errors import DecisionExists, UnknownRecord
from app.storage.idempotency import keep_answers
from app.storage.rows import (
    NewDecision,
    Row,
    StoredDecision,
    decision_row,
    digest,
    read_decision,
    read_explanation,
    rows_around,
)
from decisioning.model import Decision, Outcome, Reader

LARGEST_PAGE = 200

_decision = tables.decision
_explanation = tables.decision_explanation


@dataclass(frozen=True)
class Page:
    """Decisions, newest first; `next_cursor` is None on the last page."""

    items: tuple[Decision, ...]
    next_cursor: str | None


async def store_decision(engine: AsyncEngine, new: NewDecision) -> None:
    """Store one decision; see `store_decisions`."""
    await store_decisions(engine, [new])


async def store_decisions(engine: AsyncEngine, news: Sequence[NewDecision]) -> None:
    """Store all of them or none, durable on return; the number of statements does not grow with theirs.

    Raises LeaseLost where the claim of one was lost, DecisionExists, DatabaseUnavailable.
    """
    with refusal_of("pk_decision", DecisionExists("a decision of this id is stored already")):
        async with transaction(engine) as connection:
            await write_decisions(executing(connection), news)


async def write_decisions(execute: Execute, news: Sequence[NewDecision]) -> None:
    """The statements of `store_decisions`, in a transaction that the caller begins and ends."""
    await _insert(execute, tables.decision, [decision_row(new) for new in news])
    await keep_answers(execute, [new.answer for new in news if new.answer])
    for table, rows in rows_around(news).items():
        await _insert(execute, table, rows)


async def load_decision(engine: AsyncEngine, decision_id: UUID) -> Decision:
    """The decision with the analyst's explanation, if there is one; raises UnknownRecord."""
    async with single_statements(engine) as connection:
        row = (await connection.execute(_EXPLAINED.where(_decision.c.id == decision_id))).first()
    if row is None:
        raise UnknownRecord(f"there is no decision {decision_id}")
    return read_decision(row.record, row.explanation)


async def load_page(
    engine: AsyncEngine,
    *,
    cursor: str | None = None,
    outcome: Outcome | None = None,
    product: str | None = None,
    external_id: str | None = None,
    limit: int = 50,
) -> Page:
    """At most `limit` (1 to 200) decisions of that kind, newest first; raises InvalidCursor."""
    wanted = {"outcome": outcome, "product": product, "external_id": external_id}
    query = json.dumps(wanted)
    limit = min(max(limit, 1), LARGEST_PAGE)
    select = page_query(wanted, read_cursor(cursor, query) if cursor is not None else None, limit + 1)
    async with single_statements(engine) as connection:
        rows = (await connection.execute(select)).all()
    items = tuple(read_decision(row.record, row.explanation) for row in rows[:limit])
    return Page(items, write_cursor(items[-1].id, query) if len(rows) > limit else None)


def page_query(wanted: Mapping[str, str | None], before: UUID | None, limit: int) -> sa.Select[Any]:
    """The statement behind a page; public for the test that reads its plan."""
    select = _EXPLAINED.order_by(_decision.c.id.desc()).limit(limit)
    select = select.where(
        *(_decision.c[name] == value for name, value in wanted.items() if value is not None)
    )
    return select if before is None else select.where(_decision.c.id < before)


async def load_stored(engine: AsyncEngine, decision_id: UUID) -> StoredDecision:
    """One decision with all that a replay needs; raises UnknownRecord."""
    async for stored in _stored(engine, _WHOLE.where(_decision.c.id == decision_id)):
        return stored
    raise UnknownRecord(f"there is no decision {decision_id}")


async def iterate_all(engine: AsyncEngine, batch: int = 100) -> AsyncIterator[StoredDecision]:
    """Every decision, oldest first, read in batches: no transaction stays open between two of them."""
    select = _WHOLE.order_by(_decision.c.id).limit(batch)
    last: UUID | None = None
    while True:
        before = last
        async for stored in _stored(engine, select if last is None else select.where(_decision.c.id > last)):
            last = stored.id
            yield stored
        if last == before:
            return


_EXPLAINED = sa.select(_decision.c.record, _explanation.c.explanation).select_from(
    _decision.outerjoin(
        _explanation,
        sa.and_(_explanation.c.decision_id == _decision.c.id, _explanation.c.reader == Reader.ANALYST.value),
    )
)
_WHOLE = sa.select(_decision.c.id, _decision.c.record, _decision.c.inputs, _decision.c.digest)


async def _stored(engine: AsyncEngine, select: sa.Select[Any]) -> AsyncIterator[StoredDecision]:
    async with single_statements(engine) as connection:
        rows = (await connection.execute(select)).all()
        if not rows:
            return
        explanations = (await connection.execute(_explanations_of([row.id for row in rows]))).all()
    for row in rows:
        yield StoredDecision(
            row.id,
            row.record,
            row.inputs,
            tuple(
                read_explanation(e.explanation, e.evidence) for e in explanations if e.decision_id == row.id
            ),
            digest(row.record, row.inputs) == row.digest,
        )


def _explanations_of(decision_ids: Sequence[UUID]) -> sa.Select[Any]:
    return (
        sa.select(_explanation.c.decision_id, _explanation.c.explanation, _explanation.c.evidence)
        .where(_explanation.c.decision_id.in_(decision_ids))
        .order_by(_explanation.c.decision_id, _explanation.c.reader)
    )


async def _insert(execute: Execute, table: sa.Table, rows: Sequence[Row]) -> None:
    """One statement however many rows: each column goes as one array."""
    if rows:
        names = tuple(rows[0])
        await execute(insert_into(table, names), tuple([row[name] for row in rows] for name in names))


@cache
def insert_into(table: sa.Table, names: tuple[str, ...]) -> str:
    """The statement behind an insert of rows with these columns; all its words are the schema's own."""
    columns = ", ".join(names)
    arrays = ", ".join(f"${n}::{_sent_as(table.c[name])}[]" for n, name in enumerate(names, start=1))
    values = ", ".join(_value(table.c[name]) for name in names)
    return f"insert into {table.name} ({columns}) select {values} from unnest({arrays}) as r ({columns})"  # noqa: S608 - said above


_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]  # it has no annotations


def _sent_as(column: sa.Column[Any]) -> str:
    """The type that a value goes over the wire as: JSON is sent as the text that it is kept as."""
    return "text" if isinstance(column.type, tables.JsonText) else column.type.compile(_POSTGRES)


def _value(column: sa.Column[Any]) -> str:
    return f"{column.name}::json" if isinstance(column.type, tables.JsonText) else column.name

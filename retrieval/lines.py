"""Clause lines: JSON, one clause a line, several documents and editions in one file if need be."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from retrieval.errors import Unreadable
from retrieval.model import Document, Kind, Provision

_KNOWN = {
    "document", "title", "edition", "clause", "parent", "heading", "text", "effective_from", "effective_to",
}  # fmt: skip
_REQUIRED = ("document", "edition", "clause", "text")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Line = dict[str, Any]


def documents(
    text: str,
    source: str,
    *,
    document: str | None = None,
    effective_from: date | None = None,
    effective_to: date | None = None,
) -> tuple[Document, ...]:
    """The editions that a file states, in the order of their first lines; what is given goes first."""
    given = {
        "document": document,
        "effective_from": effective_from.isoformat() if effective_from else None,
        "effective_to": effective_to.isoformat() if effective_to else None,
    }
    chosen = {key: value for key, value in given.items() if value is not None}
    editions: dict[tuple[str, str], list[Line]] = {}
    for number, line in _parsed(text, source):
        row = {**line, **chosen}
        _check(row, source, number)
        editions.setdefault((row["document"], row["edition"]), []).append(row)
    return tuple(_document(key, rows, source) for key, rows in editions.items())


def _parsed(text: str, source: str) -> Iterator[tuple[int, Line]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line, object_pairs_hook=_once)
            except _Twice as error:
                raise Unreadable(source, f"line {number} has {error} twice") from error
            except (ValueError, RecursionError) as error:
                raise Unreadable(source, f"line {number} is not JSON: {error}") from error
            if not isinstance(row, dict):
                raise Unreadable(source, f"line {number} is not a JSON object")
            yield number, row


class _Twice(ValueError):
    """A name that stands twice in one object: nobody can say which value was meant."""


def _once(pairs: list[tuple[str, Any]]) -> Line:
    found: Line = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _check(row: Line, source: str, number: int) -> None:
    if unknown := sorted(set(row) - _KNOWN):
        raise Unreadable(source, f"line {number} has unknown fields: {', '.join(unknown)}")
    for name in _REQUIRED:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise Unreadable(source, f"line {number}: {name} must be a text that is not empty")
    for name in ("title", "parent", "heading"):
        if not isinstance(row.get(name), str | None):
            raise Unreadable(source, f"line {number}: {name} must be a text or null")
    row["effective_from"] = parsed_date(row.get("effective_from"), f"line {number}: effective_from", source)
    ends = row.get("effective_to")
    row["effective_to"] = None if ends is None else parsed_date(ends, f"line {number}: effective_to", source)
    if row["effective_to"] and row["effective_to"] <= row["effective_from"]:
        raise Unreadable(source, f"line {number}: effective_to must come after effective_from")


def parsed_date(value: object, name: str, source: str) -> date:
    """A date written YYYY-MM-DD; raises Unreadable where it is none."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Unreadable(source, f"{name} must be a date, YYYY-MM-DD")


def _document(key: tuple[str, str], rows: Iterable[Line], source: str) -> Document:
    by_clause = {row["clause"]: row for row in rows}
    made = tuple(
        Provision(
            row["clause"],
            row["text"],
            row["effective_from"],
            row["effective_to"],
            row.get("heading"),
            row.get("parent"),
            Kind.PARAGRAPH if row.get("parent") else Kind.CLAUSE,
            path=tuple(_path(row, by_clause)),
        )
        for row in rows
    )
    title = next((row["title"] for row in rows if row.get("title")), None)
    return Document(*key, made, source, title, whole=False)


def _path(row: Line, by_clause: dict[str, Line]) -> list[str]:
    """The headings above a clause, from the top; a loop of parents ends where it closes."""
    above: list[str] = []
    seen = {row["clause"]}
    parent = row.get("parent")
    while parent in by_clause and parent not in seen:
        seen.add(parent)
        up = by_clause[parent]
        above.insert(0, up.get("heading") or up["text"][:80])
        parent = up.get("parent")
    return above

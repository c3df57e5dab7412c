"""Blocks of a text, whatever its format, built into the tree of a document.

part → section → clause → paragraph → table row. A heading that opens with a number is a clause under that
number; a heading without one is a part or a section under its own words. Inside a clause, a labelled
paragraph is `CP-3.4(a)` and a table row `CP-8.3/tier-a`, after its first cell: ids that stay when rows
are added around them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from retrieval.model import Kind, Provision


class Shape(StrEnum):
    """What a block is on the page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE_HEAD = "table head"
    TABLE_ROW = "table row"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page in its reading order; `level` is a heading's depth, `label` an item's number."""

    shape: Shape
    text: str
    level: int = 0
    label: str = ""


@dataclass(slots=True)
class _Node:
    clause: str
    kind: Kind
    heading: str
    parent: "_Node | None"
    level: int
    blocks: list[Block] = field(default_factory=list)


NUMBERED = re.compile(
    r"(?:§+\s*)?(?P<number>[A-Z][A-Za-z]*-\d[\w.]*(?:\([\w]+\))*|\d+(?:\.\d+)+(?:\([\w]+\))*|\d+(?=[.)]\s))[.):]?\s+(?P<title>.*)"
)
_PART = re.compile(r"(part|chapter|title)\s+[\w.]+", re.IGNORECASE)
_LABEL = re.compile(r"\((?P<label>[a-z]{1,4}|\d{1,3})\)\s")


def provisions(
    blocks: Iterable[Block], effective_from: date, effective_to: date | None, title: str | None = None
) -> tuple[Provision, ...]:
    """The clauses of a document in reading order, parents before children; its title is no part of it."""
    made = []
    for node in _nodes(block for block in blocks if not _is_title(block, title)):
        own = _own(node, effective_from, effective_to)
        if own is not None:
            made.append(own)
            made += _inner(node, own)
    return tuple(made)


def _is_title(block: Block, title: str | None) -> bool:
    return block.shape is Shape.HEADING and block.level == 1 and block.text == title


def _nodes(blocks: Iterable[Block]) -> list[_Node]:
    nodes: list[_Node] = []
    current: _Node | None = None
    for block in blocks:
        if block.shape is Shape.HEADING:
            current = _opened(block, current)
            nodes.append(current)
            continue
        if current is None:
            current = _Node("preamble", Kind.SECTION, "", None, 7)
            nodes.append(current)
        current.blocks.append(block)
    return nodes


def _opened(block: Block, current: _Node | None) -> _Node:
    parent = current
    while parent is not None and parent.level >= block.level:
        parent = parent.parent
    if match := NUMBERED.match(block.text + " "):
        title = match["title"].strip()
        return _Node(match["number"].rstrip("."), Kind.CLAUSE, title, parent, block.level)
    if match := _PART.match(block.text):
        return _Node(match[0].rstrip(".").title(), Kind.PART, block.text, parent, block.level)
    kind = Kind.PART if parent is None else Kind.SECTION
    return _Node(slug(block.text), kind, block.text, parent, block.level)


def _own(node: _Node, effective_from: date, effective_to: date | None) -> Provision | None:
    text = "\n".join(_line(block) for block in node.blocks)
    if not text and not node.heading:
        return None
    return Provision(
        clause=node.clause,
        text=text,
        effective_from=effective_from,
        effective_to=effective_to,
        heading=node.heading or None,
        parent=node.parent.clause if node.parent else None,
        kind=node.kind,
        path=tuple(_path(node)),
        searched=bool(text),
    )


def _path(node: _Node) -> Iterator[str]:
    if node.parent is not None:
        yield from _path(node.parent)
        yield node.parent.heading


def _inner(node: _Node, own: Provision) -> list[Provision]:
    """The labelled paragraphs and the table rows of a clause, each citable by an id of its own."""
    made: dict[str, Provision] = {}
    for block in node.blocks:
        clause, kind = _inner_id(node.clause, block)
        if clause:
            name = _free(clause, made)
            path = (*own.path, node.heading)
            made[name] = Provision(
                name, _line(block), own.effective_from, own.effective_to, None, node.clause, kind, path, False
            )
    return list(made.values())


def _inner_id(clause: str, block: Block) -> tuple[str, Kind]:
    if block.shape is Shape.TABLE_ROW:
        return f"{clause}/{slug(block.text.split(' | ')[0])}", Kind.ROW
    if block.label:
        return f"{clause}({block.label})", Kind.PARAGRAPH
    match = _LABEL.match(block.text)
    return (f"{clause}({match['label']})", Kind.PARAGRAPH) if match else ("", Kind.PARAGRAPH)


def _free(name: str, taken: Sequence[str] | dict[str, Provision]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


def _line(block: Block) -> str:
    return f"({block.label}) {block.text}" if block.label else block.text


def slug(text: str) -> str:
    """A text as an id: lower case, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "row"

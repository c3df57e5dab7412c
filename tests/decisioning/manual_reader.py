"""Reads an edition of the manual for tests, independently of the parser that production uses."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

MANUAL = Path(__file__).parents[2] / "decisioning/products/consumer_loan/manual"
EDITIONS = tuple(sorted(path.stem for path in MANUAL.glob("*.md")))

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_CLAUSE = re.compile(r"^### ([A-Z]+-\d+\.\d+) (.+)\n((?:(?!^#).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class ReadClause:
    """A clause as a test reads it; satisfies `decisioning.ports.Clause`."""

    document: str
    clause: str
    edition: str
    heading: str | None
    text: str
    parent: str | None
    effective_from: date
    effective_to: date | None = None


def source(edition: str) -> str:
    """The Markdown of an edition."""
    return (MANUAL / f"{edition}.md").read_text(encoding="utf-8")


def front_matter(markdown: str) -> dict[str, str]:
    """The `key: value` lines between the two rules at the top."""
    found = _FRONT_MATTER.match(markdown)
    assert found, "the edition has no front matter"
    return dict(line.split(": ", 1) for line in found[1].splitlines())


def clauses(markdown: str) -> tuple[ReadClause, ...]:
    """The clauses of an edition in their order."""
    front = front_matter(markdown)
    return tuple(
        ReadClause(
            document=front["document"],
            clause=name,
            edition=front["edition"],
            heading=heading,
            text=text.strip(),
            parent=name.partition(".")[0],
            effective_from=date.fromisoformat(front["effective_from"]),
        )
        for name, heading, text in _CLAUSE.findall(markdown)
    )


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a clause; a table row and a list item are each one."""
    lines = [line for line in text.splitlines() if line.strip() and not set(line) <= set("|- ")]
    return tuple(part for line in lines for part in re.split(r"(?<=[.;:])\s+(?=[A-Z\"])", line))

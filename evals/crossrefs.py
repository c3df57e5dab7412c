"""Regulation B's own cross-references as questions: the sentence that refers, and the clause it refers to.

The truth is complete for two of the five editions; in the others a reference that it lacks may be right.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.model import Document, Provision
from retrieval.parse import parse_file
from retrieval.references import Index, Reference

EDITIONS = ("2011-12-30", "2014-01-10", "2014-01-18", "2016-07-11", "2018-01-01")
COMPLETE = ("2014-01-10", "2014-01-18")
DOCUMENT = "reg-b"

_SENTENCE = re.compile(r"(?<=[.;?!])\s+(?=[A-Z(\u201c\"])")
_LEAD = re.compile(r"§+|\b(?:comments?|paragraphs?|sections?|of this section)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """References found and true, of one edition, each a pair (from, to)."""

    edition: str
    found: frozenset[tuple[str, str]]
    true: frozenset[tuple[str, str]]

    @property
    def precision(self) -> float:
        """The share of what was found that is true."""
        return len(self.found & self.true) / len(self.found)

    @property
    def recall(self) -> float:
        """The share of what is true that was found."""
        return len(self.found & self.true) / len(self.true)


@dataclass(frozen=True, slots=True)
class Referring:
    """A sentence of a clause, the same without the words that refer, and the clauses it refers to."""

    edition: str
    source: str
    sentence: str
    masked: str
    wanted: frozenset[str]


def edition(data: Path, name: str) -> Document:
    """One edition of the regulation."""
    (document,) = parse_file(data / "reg-b" / f"{name}.jsonl")
    return document


def found(data: Path, name: str) -> Found:
    """What is read out of one edition's words, beside the truth."""
    pairs = {(one.clause, to) for one in edition(data, name).provisions for to in one.refers_to}
    return Found(name, frozenset(pairs), frozenset(_true(data, name)))


def referring(data: Path, name: str) -> list[Referring]:
    """Every sentence of one edition that truly refers to a clause with words of its own."""
    document = edition(data, name)
    true = _true(data, name)
    index = Index(one.clause for one in document.provisions)
    stated = {one.clause for one in document.provisions}
    made = []
    for one in document.provisions:
        references = index.references(one)
        for start, end in _sentences(one.text):
            inside = [r for r in references if start <= r.start < end]
            right = {r.clause for r in inside if (one.clause, r.clause) in true}
            wanted = frozenset((right & stated) - {one.clause})
            if wanted:
                made.append(_question(name, one, start, end, inside, wanted))
    return made


def _question(
    name: str, one: Provision, start: int, end: int, inside: Sequence[Reference], wanted: frozenset[str]
) -> Referring:
    masked = one.text[start:end]
    for reference in reversed(inside):
        masked = masked[: reference.start - start] + " " + masked[reference.end - start :]
    plain = " ".join(_LEAD.sub(" ", masked).split())
    return Referring(name, one.clause, one.text[start:end].strip(), plain, wanted)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _SENTENCE.finditer(text):
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _true(data: Path, name: str) -> set[tuple[str, str]]:
    lines = (data / "reg-b-crossrefs" / f"{name}.jsonl").read_text().splitlines()
    return {(row["from"], row["to"]) for row in map(json.loads, lines)}

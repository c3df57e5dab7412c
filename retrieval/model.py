"""The words of the corpus: what a document states, and a clause as it stood on a day.

Two clocks: *effective* is when a clause binds (dates, the end exclusive), *known* is when the corpus
held it to be so (instants in UTC, the end exclusive). None is an open end.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """Where a clause stands in its document's tree."""

    PART = "part"
    SECTION = "section"
    CLAUSE = "clause"
    PARAGRAPH = "paragraph"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Provision:
    """A clause as one edition states it; `effective_to` None leaves the end to what follows.

    `searched` is false for a bare heading and for what stands in its parent's text too (a paragraph, a
    table row): such a clause can be named and quoted, and search answers with its parent.
    """

    clause: str
    text: str
    effective_from: date
    effective_to: date | None = None
    heading: str | None = None
    parent: str | None = None
    kind: Kind = Kind.CLAUSE
    path: tuple[str, ...] = ()
    searched: bool = True
    refers_to: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest of what is read: heading and text."""
        return digest(self.heading, self.text)


@dataclass(frozen=True, slots=True)
class Document:
    """One edition of a document, from one source.

    `whole` says that the source holds every clause of the edition (a manual in Markdown): what a
    corrected source no longer has is then taken out. Clause lines state what they state and no more.
    """

    document: str
    edition: str
    provisions: tuple[Provision, ...]
    source: str
    title: str | None = None
    whole: bool = True

    @property
    def sha256(self) -> str:
        """The digest of everything stated; the same digest again is the same input."""
        return hashlib.sha256(repr((self.title, self.whole, self.provisions)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as it stood on a day, as it was known at an instant."""

    id: int
    document: str
    clause: str
    edition: str
    kind: str
    parent: str | None
    heading: str | None
    text: str
    path: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    known_from: datetime
    known_to: datetime | None
    refers_to: tuple[str, ...]
    defines: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The digest of what is read: heading and text."""
        return digest(self.heading, self.text)


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause that a search found; `score` orders the hits of one search, and of that one alone.

    `bm25` and `cosine` are what it was found by: the question's words, and its meaning.
    """

    clause: Clause
    score: float
    bm25: float = 0.0
    cosine: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a clause is read with, all in force on the same day, in reading order.

    The clauses above it, those that define a term it uses, those that it refers to, those that refer to it.
    """

    parents: tuple[Clause, ...]
    definitions: tuple[Clause, ...]
    refers_to: tuple[Clause, ...]
    referred_by: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of the corpus: a search known at this instant finds the same for ever."""

    id: int
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What one change of the corpus wrote: clause rows opened and closed, and editions that it ended."""

    document: str
    edition: str
    opened: int
    closed: int
    ended: tuple[str, ...] = ()
    snapshot: Snapshot | None = None

    @property
    def unchanged(self) -> bool:
        """True where the corpus already held all of it, so that nothing was written."""
        return self.opened == 0 and self.closed == 0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each source of an ingest; `refused` maps a source to the reason."""

    written: tuple[Written, ...]
    refused: Mapping[str, str]


def digest(heading: str | None, text: str) -> str:
    """The sha256 of a heading and a text, in hex."""
    return hashlib.sha256(f"{heading or ''}\0{text}".encode()).hexdigest()

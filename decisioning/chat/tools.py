"""The tools of the chat: typed, and every one of them reads. None takes, changes or stores a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from decisioning.model import Decision, Frozen, Outcome, Value
from decisioning.ports import Clause

ToolName = Literal[
    "read_decision",
    "read_trace",
    "read_clauses",
    "read_history",
    "search_policies",
    "compare_policies",
    "try_changes",
    "find_counterfactuals",
    "read_notice",
    "read_resolution",
]


class Change(Frozen):
    """One clause that is not the same on two days; a side is None where the clause was not in force.

    `edition` is that of the later text, of the earlier where there is no later one.
    """

    document: str
    clause: str
    edition: str
    kind: Literal["added", "ended", "renumbered", "reworded"]
    heading: str | None
    before: str | None
    after: str | None


class Trace(Frozen):
    """How a decision came about: milliseconds by stage, and under which trace and versions."""

    trace_id: str
    timings_ms: Mapping[str, float]
    versions: Mapping[str, str]


class NoticeDue(Frozen):
    """Which notice the record asks for, and by when; `sent` tells whether one was made."""

    kind: str
    due_on: date


class Resolved(Frozen):
    """What a person made of a referral, for which reasons in words, on which of the lender's days."""

    outcome: Outcome
    reasons: tuple[str, ...]
    on: date


class Counterfactuals(Frozen):
    """Changes that were executed and approve, smallest first: the fields changed, with their new values."""

    changes: tuple[Mapping[str, Value], ...]
    as_of: date
    none_because: str | None = None


@dataclass(frozen=True)
class Found:
    """A clause that a search found, and how near it is in meaning, between -1 and 1, where that is known."""

    clause: Clause
    nearness: float = field(default=0.0)


class CannotTry(Exception):
    """The changed application cannot be decided; the message says why, in words for an analyst."""


class Tools(Protocol):
    """What the chat may ask. Each raises DependencyFailed where what it needs cannot be asked."""

    async def read_decision(self) -> Decision | None:
        """The decision that the conversation is about."""
        ...

    async def read_trace(self) -> Trace | None:
        """How long its stages took, and what made it."""
        ...

    async def read_clauses(self, names: Sequence[str], day: date) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day."""
        ...

    async def read_history(self, name: str) -> Sequence[Clause]:
        """Every text that a clause has had, in the order in which they bind."""
        ...

    async def search_policies(self, query: str, day: date) -> Sequence[Found]:
        """The clauses in force on that day that are nearest to the query, best first."""
        ...

    async def compare_policies(self, before: date, after: date) -> Sequence[Change]:
        """What is not the same on the two days."""
        ...

    async def try_changes(self, changes: Mapping[str, Value], day: date | None) -> Decision:
        """What the models and rules of that day (the decision's) make of the changed application.

        Nothing is stored but the fact that it was tried. Raises CannotTry.
        """
        ...

    async def find_counterfactuals(self) -> Counterfactuals | None:
        """The smallest changes that were executed and approve; None where there is no decision."""
        ...

    async def read_notice(self) -> NoticeDue | None:
        """The notice that the record asks for."""
        ...

    async def read_resolution(self) -> Resolved | None:
        """What a person decided of the decision's referral; None while nobody did."""
        ...

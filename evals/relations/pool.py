"""The applications that relations are tried on, and what two decisions have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from app.sandbox.applications import sample_applications
from app.wiring import Services
from decisioning.model import Decision, Outcome, Value
from evals.taking import lasting
from evals.training.sample import can_be_scored

Application = Mapping[str, Value]
Broken = Callable[[Services, Application], Awaitable[str | None]]
"""What breaks a relation, in words; None where it holds."""

TODAY = date(2026, 11, 23)
COMPLETE = tuple(each for each in sample_applications() if can_be_scored(each.application))
"""The applications that can be decided."""

RANK = {Outcome.DECLINE: 0, Outcome.REFER: 1, Outcome.COUNTER_OFFER: 1, Outcome.APPROVE: 2}
"""Outcomes from worse to better for the applicant."""


@dataclass(frozen=True)
class Relation:
    """What must hold, in words and as a test."""

    says: str
    broken: Broken


@cache
def asked(row: int) -> Application:
    """The application of that row."""
    return next(each.application for each in COMPLETE if each.row == row)


def differing(one: Decision, other: Decision, but: tuple[str, ...] = ()) -> str | None:
    """The first lasting part in which two decisions differ, in words."""
    first, second = lasting(one), lasting(other)
    for name in first:
        if name not in but and first[name] != second[name]:
            return f"{name}: {first[name]} became {second[name]}"
    return None


def worse(before: Decision, after: Decision) -> str | None:
    """Whether the second outcome is worse for the applicant, in words."""
    if RANK[after.outcome] >= RANK[before.outcome]:
        return None
    return f"{before.outcome.value} became {after.outcome.value}"

"""What follows in one step from facts and numbers of clauses: a difference, a sum, a share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from decisioning.comparison import compare
from decisioning.grounding.once import once
from decisioning.grounding.pool import Known, Pool, Role, length_of
from decisioning.grounding.said import Said
from decisioning.grounding.topics import MEANT
from decisioning.model import Unit
from decisioning.numbers import SHARE, Kind, Phrase, Quantity
from decisioning.numbers.equality import exact

_SUM = re.compile(r"\b(?:together|sum|total|combined|add(?:s|ed)?|plus|altogether|and)\b", re.IGNORECASE)
_REST = re.compile(
    r"\b(?:left|leaves?|remain\w*|rest|more|less|short|differ\w*|above|below|over|under|away|exceed\w*|too|beyond|of\s+(?:the|which))\b",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"^(?:an?|any|each|every|no|all|if|where|when)\b|\b(?:if|where|when|whose|must|may|shall|can|cannot|not\s+be)\b",
    re.IGNORECASE,
)
_SORTS = {
    Unit.RATIO: "share",
    Unit.RATE: "share",
    Unit.PROBABILITY: "share",
    Unit.MONEY: "money",
    Unit.MONEY_PER_MONTH: "money",
    Unit.MONTHS: "months",
    Unit.YEARS: "months",
    Unit.POINTS: "points",
}
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Operand:
    """A number that may be reckoned with: its sort, its worth in the smallest unit of it, whether a fact."""

    sort: str
    worth: Decimal
    is_fact: bool = False


def follows(said: Said, quantity: Quantity, pool: Pool, side: int = 0) -> bool:
    """Whether a number is one step from two that are known, one of them a fact.

    With a side, only as how far a fact is above (1) or below (-1) a number of the clauses.
    """
    own = operand_of(quantity)
    return any(
        own.sort in (step.sort, "number")
        and (not side or step.side == side)
        and _rounded(step.worth, quantity) == _rounded(own.worth, quantity)
        for step in _steps(said, pool)
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """What comes out of two numbers, and on which side of the other the fact lies, for a difference."""

    sort: str
    worth: Decimal
    side: int = 0


@once
def _steps(said: Said, pool: Pool) -> tuple[_Step, ...]:
    return tuple(
        s for one, other in permutations(_operands(said, pool), 2) for s in _of_two(one, other, said)
    )


def _of_two(one: Operand, other: Operand, said: Said) -> Iterator[_Step]:
    if not (one.is_fact or other.is_fact):
        return
    if one.sort == other.sort or "number" in (one.sort, other.sort):
        sort = other.sort if one.sort == "number" else one.sort
        if one.worth > other.worth and _REST.search(said.text):
            yield _Step(sort, one.worth - other.worth, 1 if one.is_fact else -1)
        if _SUM.search(said.text):
            yield _Step(sort, one.worth + other.worth)
        if other.worth > 0 and one.sort != "share":
            yield _Step("share", one.worth / other.worth)
    if one.sort == "share" and other.sort != "share" and other.is_fact:
        yield _Step(other.sort, one.worth * other.worth)


def compares(said: Said, phrase: Phrase, quantity: Quantity, pool: Pool) -> bool | None:
    """Whether the fact before a phrase stands so to what is behind it; None where there is none."""
    if pool.outcome is not None:
        return None
    own, fact = operand_of(quantity), _subject(said, phrase, pool)
    if fact is None or (own.sort not in (fact.sort, "number") and fact.sort != "number"):
        return None
    return compare(float(fact.worth), phrase.comparator, float(own.worth))


def _subject(said: Said, phrase: Phrase, pool: Pool) -> Operand | None:
    """The fact whose value is told last before a phrase, or the only one that is named there."""
    told = [k for q in said.amounts if q.end <= phrase.start for k in pool.meaning(q) if k.role is Role.VALUE]
    left = said.between(0, phrase.start)
    named = [k for k in pool.numbers if k.role is Role.VALUE and pool.named(k.name, left) >= MEANT]
    if not told and _GENERAL.search(said.text):
        return None
    known = told[-1] if told else named[0] if len(named) == 1 else None
    return _as_operand(known, pool) if known else None


def _as_operand(known: Known, pool: Pool) -> Operand:
    sort = _SORTS.get(known.unit, "number") if known.unit else "number"
    return Operand(sort, _worth(known.value, known.unit, pool), is_fact=True)


def _operands(said: Said, pool: Pool) -> tuple[Operand, ...]:
    """The facts, and the numbers of the clauses."""
    found = [_as_operand(k, pool) for k in pool.numbers if k.role is Role.VALUE]
    found += [operand_of(q) for p in pool.passages for q in p.quantities if q.kind in _KINDS]
    return tuple(dict.fromkeys(found))


_KINDS = (Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.DURATION, Kind.POINTS)


def operand_of(quantity: Quantity) -> Operand:
    """A number of a text as one to reckon with."""
    if quantity.kind is Kind.DURATION:
        sort, worth = length_of(quantity)
        return Operand(sort if sort == "months" else "number", worth if sort == "months" else quantity.value)
    if quantity.kind is Kind.PERCENT or quantity.unit == SHARE:
        return Operand("share", quantity.value)
    sorts = {Kind.MONEY: "money", Kind.POINTS: "points"}
    return Operand(sorts.get(quantity.kind, "number"), quantity.value)


def _worth(value: float, unit: Unit | None, pool: Pool) -> Decimal:
    if unit in (Unit.MONEY, Unit.MONEY_PER_MONTH):
        return exact(value) * pool.currency_unit
    return exact(value) * (_YEAR if unit is Unit.YEARS else 1)


def _rounded(worth: Decimal, quantity: Quantity) -> Decimal:
    return round(worth, max(2, quantity.places))

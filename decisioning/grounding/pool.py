"""All that a text may draw on: numbers with their roles, passages, rules, and the words of each."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from decisioning.grounding.lexicon import keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.shapes import RuleShape
from decisioning.grounding.topics import Names, named_in, naming_of
from decisioning.model import Comparator, Outcome, Rule, Unit
from decisioning.numbers import OPPOSITE, Kind, Quantity, states

S = TypeVar("S", bound=Hashable)
T = TypeVar("T")


class Role(StrEnum):
    """What a number is to the decision: a limit is no value, and a shortfall is a loss without its minus."""

    VALUE = "value"
    LIMIT = "limit"
    DIFFERENCE = "difference"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class Known:
    """A number that may be said, of which fact, in which role; `unit` None means that nobody said.

    `turned` marks a negative number told without its minus, as a shortfall.
    """

    value: float
    unit: Unit | None
    role: Role
    name: str
    rule: Rule | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A day that may be said; `words` are stems that tell which day it is, none if any may."""

    day: date
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Carrier:
    """A claim as the checker sees it: what it names, in which words it may be put, where it rests.

    It holds no number of a decision but its rank: claims that differ in numbers alone are one carrier.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    clauses: tuple[str, ...]
    keys: frozenset[str]
    passages: tuple[Passage, ...] = ()
    rule: RuleShape | None = None
    rank: int | None = None
    scored: bool = False


@dataclass(frozen=True)
class Pool:
    """What one text is checked against."""

    numbers: tuple[Known, ...] = ()
    dates: tuple[KnownDate, ...] = ()
    passages: tuple[Passage, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    rules: tuple[Rule, ...] = ()
    labels: frozenset[tuple[str, str]] = frozenset()
    clauses: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    outcome: Outcome | None = None
    currency_unit: int = 1
    currency: str = ""
    simulated: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    extra: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def kept(self) -> dict[Hashable, Any]:
        """What was found out with this pool and may be asked for again."""
        return {}

    def answer(self, finds: "Callable[[S, Pool], T]", about: S) -> T:
        """What that function finds out with this pool, kept as long as the pool lives."""
        key = (finds, about)
        if key not in self.kept:
            self.kept[key] = finds(about, self)
        found: T = self.kept[key]
        return found

    def meaning(self, quantity: Quantity) -> tuple[Known, ...]:
        """The numbers of the record that a quantity may be, counts aside.

        A value that is not its limit is never rounded onto it: 60 % is the limit of 60 %, not 60.4 %.
        """
        key = (
            quantity.kind,
            quantity.value,
            quantity.unit,
            quantity.places,
            quantity.per,
            quantity.approximate,
        )  # wherever it stands
        if key not in self._meanings:
            self._meanings[key] = self._meaning(quantity)
        return self._meanings[key]

    @cached_property
    def _meanings(self) -> dict[Hashable, tuple[Known, ...]]:
        return {}

    def _meaning(self, quantity: Quantity) -> tuple[Known, ...]:
        if quantity.kind is Kind.MONEY and self.currency and quantity.unit != self.currency:
            return ()
        found = (k for k in self._of_kind[quantity.kind] if same(quantity, k, self.currency_unit))
        if quantity.unit == "percentage points":
            return tuple(k for k in found if k.role is Role.DIFFERENCE)
        known = tuple(found)
        limits = {k.name: k.value for k in known if k.role is Role.LIMIT}
        return tuple(k for k in known if k.role is not Role.VALUE or limits.get(k.name, k.value) == k.value)

    @cached_property
    def _of_kind(self) -> Mapping[Kind, tuple[Known, ...]]:
        """The numbers that a quantity of each kind can state at all, counts aside."""
        counted = [k for k in self.numbers if k.unit is not Unit.COUNT]
        return {kind: tuple(k for k in counted if k.unit is None or k.unit in _UNITS[kind]) for kind in Kind}

    def named(self, name: str, stems: frozenset[str]) -> float:
        """How surely words with these stems name the fact, by its name, its title or another of its names."""
        return named_in(name, stems, self.titles.get(name, ""))

    def may_name(self, stems: frozenset[str]) -> frozenset[str]:
        """The facts that any of these stems may name."""
        return self.naming.may_name(stems)

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """The unit of each fact, where it is known."""
        return {k.name: k.unit for k in self.numbers if k.unit is not None}

    def topics(self, found: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        """What these stems, in their order, name: each topic as the facts that share a name, no inner names.

        "debt service to income" names one topic, not also debt, debt service and income.
        """
        return self.naming.topics(found)

    @cached_property
    def naming(self) -> Names:
        """What its facts are called."""
        return naming_of(self.names, tuple(self.titles.items()))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every fact that the record knows or its product names."""
        found = {k.name for k in self.numbers if k.unit is not Unit.COUNT} | {n for n, _ in self.labels}
        found |= {n for c in self.carriers for n in c.names} | self.titles.keys() | set(self.missing)
        return frozenset(n for n in found if n and not n.startswith("score_"))

    @cached_property
    def keys(self) -> frozenset[str]:
        """What any word of the pool can be matched by."""
        return self.extra.union(*(p.keys for p in self.passages), *(c.keys for c in self.carriers))

    @cached_property
    def written(self) -> frozenset[str]:
        """Every word of the passages as it is written, in lower case."""
        return frozenset(w.text.lower() for p in self.passages for w in p.words)

    def carries(self, stem: str) -> bool:
        """Whether a word of that stem can be matched."""
        own = keys(stem)
        return not own.isdisjoint(self.extra) or any(
            not own.isdisjoint(each.keys) for part in (self.carriers, self.passages) for each in part
        )

    @cached_property
    def numbered(self) -> tuple[Carrier, ...]:
        """The claims whose own texts have numbers."""
        return tuple(c for c in self.carriers if any(p.quantities for p in c.passages))

    def rules_of(self, clause: str) -> tuple[Rule, ...]:
        """The rules of a clause."""
        return tuple(r for r in self.rules if r.clause == clause)

    def resting_on(self, clause: str) -> tuple[Carrier, ...]:
        """The claims that rest on a clause."""
        return tuple(c for c in self.carriers if clause in c.clauses)

    def of_clause(self, name: str) -> tuple[Passage, ...]:
        """The sentences of a clause."""
        return tuple(p for p in self.passages if p.clause == name)


_FRACTIONS = frozenset({Unit.RATIO, Unit.RATE, Unit.PROBABILITY})
_UNITS: Mapping[Kind, frozenset[Unit]] = {
    **dict.fromkeys(Kind, frozenset()),
    Kind.NUMBER: frozenset(Unit),
    Kind.PERCENT: _FRACTIONS,
    Kind.MONEY: frozenset({Unit.MONEY, Unit.MONEY_PER_MONTH}),
    Kind.DURATION: frozenset({Unit.MONTHS, Unit.YEARS, Unit.COUNT}),
    Kind.POINTS: frozenset({Unit.POINTS}),
}
"""Which units a quantity of a kind can state at all."""


def same(quantity: Quantity, known: Known, currency_unit: int) -> bool:
    """Whether the quantity is that number; with no unit known, any unit may be meant."""
    if known.unit is not None:
        if known.unit not in _UNITS[quantity.kind]:
            return False
        return states(quantity, known.value, known.unit, currency_unit)
    return any(states(quantity, known.value, u, currency_unit) for u in Unit if u is not Unit.CATEGORY)


def equal(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities of two texts say the same number of the same thing."""
    kinds = {one.kind, other.kind}
    if "percentage points" in (one.unit, other.unit) and one.unit != other.unit:
        return False
    if kinds == {Kind.DURATION}:
        return length_of(one) == length_of(other) and _at_work(one) is _at_work(other)
    if len(kinds) == 1:
        return one.value == other.value and _one_period(one, other)
    if kinds == {Kind.NUMBER, Kind.POINTS}:
        return one.value == other.value
    if kinds == {Kind.NUMBER, Kind.DURATION}:
        bare, long = (one, other) if one.kind is Kind.NUMBER else (other, one)
        return long.unit == "years" and bare.comparator is not None and bare.value == long.value
    if kinds == {Kind.NUMBER, Kind.PERCENT}:
        if one.approximate is not other.approximate:
            return False
        bare = one if one.kind is Kind.NUMBER else other
        return one.value == other.value and bare.places > 0
    return False


def quoting(quantity: Quantity, pool: Pool) -> tuple[Passage, ...]:
    """The sentences of the clauses that have this number."""
    key = ("quoting", quantity)
    if key not in pool.kept:
        pool.kept[key] = tuple(p for p in pool.passages if stated_in(quantity, p))
    found: tuple[Passage, ...] = pool.kept[key]
    return found


def stated_in(quantity: Quantity, passage: Passage) -> bool:
    """Whether a passage has this number; "within 2 days and ... within 15" says 15 days."""
    if any(equal(quantity, q) for q in passage.quantities):
        return True
    if quantity.kind is not Kind.DURATION:
        return False
    bare = any(q.kind is Kind.NUMBER and q.value == quantity.value for q in passage.quantities)
    return bare and any(q.kind is Kind.DURATION and q.unit == quantity.unit for q in passage.quantities)


def _one_period(one: Quantity, other: Quantity) -> bool:
    if one.kind is Kind.MONEY and one.unit != other.unit:
        return False
    return one.per == other.per or "" in (one.per, other.per)


_DAYS = {"weeks": Decimal(7), "days": Decimal(1), "hours": Decimal(1) / 24}
_MONTHS = {"years": Decimal(12), "months": Decimal(1)}
_AT_WORK = re.compile(r"\b(?:business|working|banking|trading)\b", re.IGNORECASE)


def _at_work(quantity: Quantity) -> bool:
    """Whether its days are business days; calendar days are days."""
    return bool(_AT_WORK.search(quantity.text))


def length_of(quantity: Quantity) -> tuple[str, Decimal]:
    """A length of time: years and months are of one sort, weeks and days of another."""
    for sort, scale in (("months", _MONTHS), ("days", _DAYS)):
        if quantity.unit in scale:
            return sort, quantity.value * scale[quantity.unit]
    return quantity.unit, quantity.value


COMPLEMENT: Mapping[Comparator, Comparator] = OPPOSITE
"""What a policy asks for when a rule acts on the contrary."""

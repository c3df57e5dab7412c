"""Reads the quantities of a text: where they stand once for a wording, what they say in each text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from decisioning.numbers import numerals
from decisioning.numbers.dates import days_at
from decisioning.numbers.find import find, name_of, named_spans, numeral_at, stand_alone
from decisioning.numbers.model import Kind, Quantity
from decisioning.numbers.skeleton import skeleton

Span = tuple[int, int]
Fill = Callable[[str], Quantity]
"""What makes of a text the quantity that stands in a place of its wording."""


def quantities(text: str, clauses: Iterable[str] = ()) -> tuple[Quantity, ...]:
    """Every quantity of the text in order, none overlapping.

    `clauses` are the names of known clauses, found wherever they stand as they are written; other
    names are found by their form (CP-3.4, § 1002.9(b), section 4.2). A bare "one" that stands for a
    thing ("the one that", "no one") is no quantity.
    """
    return _quantities(text, frozenset(clauses))


@lru_cache(maxsize=4096)
def _quantities(text: str, clauses: frozenset[str]) -> tuple[Quantity, ...]:
    named = named_spans(text, clauses)
    places = _places(skeleton(text), named)
    return find(text, named) if places is None else tuple(fill(text) for fill in places)


@lru_cache(maxsize=4096)
def _places(wording: str, named: tuple[Span, ...]) -> tuple[Fill, ...] | None:
    """The quantities of every text of this wording; None where the numbers themselves tell which there are.

    Whether "4 in 10" is a share and what "between 60 and 70 %" is hangs on the numbers.
    """
    if not stand_alone(wording, named):
        return None
    return tuple(_fill(wording, q, named) for q in find(wording, named))


def _fill(wording: str, there: Quantity, named: tuple[Span, ...]) -> Fill:
    if not any(c.isdigit() for c in there.text):
        return lambda text: there
    if there.kind is Kind.DATE:
        return _Day(there)
    if there.kind is Kind.CLAUSE:
        return _Name(there, as_written=(there.start, there.end) in named)
    if there.kind is Kind.ORDINAL:
        return _Rank(there)
    if there.kind is Kind.UNREADABLE:
        return _Unreadable(there)
    return _Number(there, *numeral_at(wording, there.start))


@dataclass(frozen=True, slots=True)
class _Day:
    there: Quantity

    def __call__(self, text: str) -> Quantity:
        days = days_at(text, self.there.start)
        value = Decimal(days[0].toordinal()) if days else Decimal(0)
        return _with(self.there, text, value, days=days)


@dataclass(frozen=True, slots=True)
class _Name:
    there: Quantity
    as_written: bool

    def __call__(self, text: str) -> Quantity:
        written = text[self.there.start : self.there.end]
        return _with(self.there, text, Decimal(0), name=written if self.as_written else name_of(written))


@dataclass(frozen=True, slots=True)
class _Rank:
    there: Quantity

    def __call__(self, text: str) -> Quantity:
        rank = numerals.ordinal(text[self.there.start : self.there.end])
        return _with(self.there, text, Decimal(rank))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    there: Quantity

    def __call__(self, text: str) -> Quantity:
        return _with(self.there, text, self.there.value)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in digits: where they stand, its powers of ten (a scale, a per cent sign) and its sign."""

    there: Quantity
    digits: Span
    scale: int | None
    negative: bool
    shift: int

    def __call__(self, text: str) -> Quantity:
        value = written = numerals.plain(text[self.digits[0] : self.digits[1]])
        if self.scale is not None:
            value = value.scaleb(self.scale)
        if self.negative:
            value, written = -value, -written
        if self.shift:
            value = value.scaleb(-self.shift)
        return _with(self.there, text, value, written=written)


def _with(
    there: Quantity,
    text: str,
    value: Decimal,
    *,
    days: tuple[date, ...] = (),
    name: str = "",
    written: Decimal | None = None,
) -> Quantity:
    """What stands there in this text; `replace` would take several times as long."""
    return Quantity(
        there.kind, value, there.unit, there.start, there.end, text[there.start : there.end], there.places,
        there.comparator, there.bound, there.per, there.approximate, days, name, written,
    )  # fmt: skip

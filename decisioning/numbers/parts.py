"""Quantities that several words or numerals make together: shares, lengths of time, ranges."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from decisioning.model import Comparator
from decisioning.numbers import numerals
from decisioning.numbers.model import SHARE, Kind, Quantity

_PART = re.compile(rf"(?<![\w.,-]){numerals.PART}", re.IGNORECASE)
_WHOLE = re.compile(r"\b(?:the\s+)?(?:whole|entire|full)(?=\s+(?:purchase\s+)?price\b)", re.IGNORECASE)
_JOINS = re.compile(r"\s+|,\s+|\s+and\s+|\s*,\s+and\s+", re.IGNORECASE)
_SCALED = re.compile(r"\b(?:thousand|million|billion)s?$", re.IGNORECASE)
_AND_A_HALF = re.compile(r"\s+and\s+a\s+half\b", re.IGNORECASE)


def may_be_share(text: str) -> bool:
    """Whether a text says "4 in 10" or the like: whether it is a share depends on its numbers."""
    return _PART.search(text) is not None


def shares(text: str) -> Iterator[Quantity]:
    """Shares that are no plain numeral: "4 in 10", "the whole price"."""
    for found in _PART.finditer(text):
        value = numerals.part(found)
        if value is not None:
            yield Quantity(Kind.NUMBER, value, SHARE, found.start(), found.end(), found.group(), places=2)
    for found in _WHOLE.finditer(text):
        yield Quantity(Kind.NUMBER, Decimal(1), SHARE, found.start(), found.end(), found.group(), places=2)


def lengths(text: str, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """The same quantities, "two years and six months" and "a year and a half" as one each."""
    merged: list[Quantity] = []
    for quantity in found:
        last = merged[-1] if merged else None
        gap = text[last.end : quantity.start] if last else ""
        if last and last.unit == "years" and quantity.unit == "months" and _JOINS.fullmatch(gap):
            value = last.value * 12 + quantity.value
            whole = text[last.start : quantity.end]
            end = quantity.end
            merged[-1] = replace(last, value=value, unit="months", end=end, text=whole, written=value)
        else:
            merged.append(quantity)
    for quantity in merged:
        more = _AND_A_HALF.match(text, quantity.end) if quantity.kind is Kind.DURATION else None
        if more is None:
            yield quantity
        else:
            value, whole = quantity.value + Decimal("0.5"), text[quantity.start : more.end()]
            yield replace(quantity, value=value, end=more.end(), text=whole, written=value, places=1)


def spread(found: tuple[Quantity, ...], ranges: dict[int, Comparator]) -> tuple[Quantity, ...]:
    """The same quantities, the first of a range in the unit of the second."""
    return tuple(_like(q, found[n + 1]) if _opens(n, ranges) else q for n, q in enumerate(found))


def _opens(n: int, ranges: dict[int, Comparator]) -> bool:
    return ranges.get(n) is Comparator.GE and n + 1 in ranges


def _like(first: Quantity, second: Quantity) -> Quantity:
    """The "60" of "between 60 and 70 %" is 60 %."""
    if first.kind is not Kind.NUMBER or first.unit or not second.written:
        return first
    value = first.value * second.value / second.written
    shift = first.places + second.places - max(0, -int(second.written.normalize().as_tuple().exponent))
    return replace(first, kind=second.kind, unit=second.unit, per=second.per, value=value, places=shift)


def ranges_of(text: str, found: tuple[Quantity, ...]) -> dict[int, Comparator]:
    """Which quantities open (>=) and close (<=) a range, by their places."""
    ranges: dict[int, Comparator] = {}
    for n, (first, second) in enumerate(pairwise(found)):
        before, gap = text[max(0, first.start - 9) : first.start].lower(), text[first.end : second.start]
        between = before.rstrip().endswith("between") and gap.strip() == "and"
        spread = gap.strip() in ("to", "up to", "and up to", "\u2013", "-") and first.kind is not Kind.CLAUSE
        if (between or spread) and Kind.CLAUSE not in (first.kind, second.kind):
            ranges[n], ranges[n + 1] = Comparator.GE, Comparator.LE
    return ranges


def of_one_currency(found: Sequence[Quantity]) -> Iterator[Quantity]:
    """The same quantities; "120 thousand" is money too where all the money of the text is of one currency."""
    units = {q.unit for q in found if q.kind is Kind.MONEY}
    for quantity in found:
        scaled = quantity.kind is Kind.NUMBER and not quantity.unit and _SCALED.search(quantity.text)
        if scaled and len(units) == 1:
            yield replace(quantity, kind=Kind.MONEY, unit=min(units))
        else:
            yield quantity

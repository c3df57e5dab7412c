"""How values of the record are written in English: exact where it matters, short where it does not."""

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from decisioning.model import Comparator, Currency, Unit, Value
from decisioning.numbers.dates import MONTHS

_SUFFIXES = {Unit.MONTHS: "month", Unit.YEARS: "year", Unit.POINTS: "point"}
_SCALES = {1: "", 1_000: " thousand", 1_000_000: " million"}


def fact_name(name: str, unit: Unit | None = None) -> str:
    """A fact's name in words: "debt_service_to_income" is "ratio of debt service to income"."""
    words = name.split("_")
    if unit in _SUFFIXES and len(words) > 1 and words[-1] == f"{_SUFFIXES[unit]}s":
        words = words[:-1]
    plain = " ".join(words)
    return f"ratio of {plain}" if unit is Unit.RATIO and "to" in words else plain


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def written_date(day: date) -> str:
    """23 November 2026."""
    return f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def written(value: Value, unit: Unit, currency: Currency, *against: Value) -> str:
    """A value with its unit, rounded for the eye, but so that it stands to each of `against` as it does.

    A limit is written against itself: exactly.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("_", " ")
    exact = Decimal(str(value))
    if unit in (Unit.RATIO, Unit.RATE, Unit.PROBABILITY):
        others = [Decimal(str(limit)) * 100 for limit in against if isinstance(limit, int | float)]
        return f"{_rounded(exact * 100, others, 2 if unit is Unit.RATE else 1)} %"
    if unit in (Unit.MONEY, Unit.MONEY_PER_MONTH):
        return money(exact, currency) + (" a month" if unit is Unit.MONEY_PER_MONTH else "")
    return number(exact) + (_counted(unit, exact) if unit in (Unit.MONTHS, Unit.YEARS) else "")


def _counted(unit: Unit, value: Decimal) -> str:
    return f" {_SUFFIXES[unit]}" + ("" if value == 1 else "s")


def money(value: float | Decimal, currency: Currency) -> str:
    """An amount as the record and the policy count it: 36.5 of a unit of 1,000 is "ESP 36.5 thousand"."""
    scale = _SCALES.get(currency.unit)
    if scale is None:
        return whole_money(value, currency)
    return f"{currency.code} {number(value)}{scale}"


def whole_money(value: float | Decimal, currency: Currency) -> str:
    """An amount in whole currency, as one writes to a customer: 36.5 of a unit of 1,000 is "ESP 36,500"."""
    return f"{currency.code} {number(Decimal(str(value)) * currency.unit)}"


def number(value: float | Decimal) -> str:
    """Digits grouped by commas, without trailing zeros."""
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def relation(comparator: Comparator) -> str:
    """The words of a fact that stands in this relation to a limit."""
    return _RELATIONS[comparator][0]


def denied(comparator: Comparator) -> str:
    """The words of a fact that does not stand in this relation to a limit."""
    return _RELATIONS[comparator][1]


_RELATIONS = {
    Comparator.GT: ("above", "not above"),
    Comparator.GE: ("at or above", "below"),
    Comparator.LT: ("below", "not below"),
    Comparator.LE: ("at or below", "above"),
    Comparator.EQ: ("equal to", "other than"),
    Comparator.NE: ("other than", "equal to"),
}


def chosen(variants: Sequence[str], *seed: str) -> str:
    """One of the variants, always the same for the same seed."""
    digest = hashlib.sha256("\x1f".join(seed).encode()).digest()
    return variants[int.from_bytes(digest[:4], "big") % len(variants)]


def capitalised(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """The text with a full stop if it has no end of its own."""
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."


def _rounded(value: Decimal, others: Sequence[Decimal], places: int) -> str:
    """Rounded to that many places, or to more while it would stand otherwise to one of the others."""
    for shown in range(places, 8):
        rounded = value.quantize(Decimal(1).scaleb(-shown), ROUND_HALF_UP)
        if all(rounded.compare(other) == value.compare(other) for other in others):
            return number(rounded)
    return number(value)


def with_article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"

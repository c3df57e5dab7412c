"""What a text says in numbers, as values."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from decisioning.model import Comparator


class Kind(StrEnum):
    """What sort of quantity stands in the text."""

    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    DURATION = "duration"
    POINTS = "points"
    DATE = "date"
    CLAUSE = "clause"
    ORDINAL = "ordinal"
    UNREADABLE = "unreadable"


SHARE = "share"
"""The unit of a number that is told as a part of a whole: "a third", "4 in 10"."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity of a text, exactly as it is meant, and where it stands.

    `value` is exact: a PERCENT is a fraction (43 % is 0.43), MONEY is in whole currency ("3,000
    thousand pesetas" is 3000000), a DURATION counts its `unit` ("months", "years", "days", ...),
    a DATE is its proleptic ordinal beside `days`, a CLAUSE is 0 beside `name`, and what is UNREADABLE
    ("5,5", "1,2000", "12:30") is 0 and equals nothing.
    `places` is how many decimal places of the value were written: 43 % has two, "1.2 million" has -5.
    `approximate` says that the text calls it one ("about", "nearly").
    `comparator` is the relation that governs it, negation folded in ("must not exceed 60 %" is <=);
    `per` is the period of a rate of money ("month", "year", "week", "day" or "").
    `bound` is the noun that names its role ("maximum", "minimum", "limit" or "").
    """

    kind: Kind
    value: Decimal
    unit: str
    start: int
    end: int
    text: str
    places: int = 0
    comparator: Comparator | None = None
    bound: str = ""
    per: str = ""
    approximate: bool = False
    days: tuple[date, ...] = ()
    name: str = ""
    written: Decimal | None = None

    @property
    def per_month(self) -> bool:
        """Whether it is an amount a month."""
        return self.per == "month"

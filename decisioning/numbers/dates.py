"""Dates as English writes them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT = {m[:3]: n + 1 for n, m in enumerate(MONTHS)} | {"sept": 9}
_MONTH = r"(?:" + "|".join(MONTHS) + r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_DATE = re.compile(
    r"(?P<iso>\b\d{4}(?:-\d{2}-|/\d{2}/)\d{2}\b)(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?"
    rf"|\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH}),?\s+(?P<year>\d{{4}})\b"
    rf"|\b(?P<month2>{_MONTH})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})\b"
    r"|\b(?P<slash>\d{1,2}[/.]\d{1,2}[/.]\d{4})\b"
    rf"|\b(?P<day4>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month4>{_MONTH})\b(?!\s+\d)"
    rf"|\b(?P<month5>(?!may\b){_MONTH}|(?-i:May))\s+(?P<day5>\d{{1,2}})(?:st|nd|rd|th)?\b(?![.,]?\d|\s*(?:%|days|months|points))"
    rf"|\b(?P<month3>{_MONTH})\s+(?:of\s+)?(?P<year3>\d{{4}})\b",
    re.IGNORECASE,
)

_DIGIT = re.compile(r"\d")
"""No date is written without one."""
_YEARS = range(1990, 2060)
"""The years that a day without a year may be of."""


def find_dates(text: str) -> Iterator[tuple[int, int, str, tuple[date, ...]]]:
    """Each date of the text as (start, end, precision, days); precision is "day", "month" or "day of a year".

    A date written 01/06/2026 can be read in two ways and yields both days. What is no date of the
    calendar yields no day at all: nothing equals it.
    """
    for found in _DATE.finditer(text) if _DIGIT.search(text) else ():
        yearless = found["day4"] or found["day5"]
        precision = "month" if found["month3"] else "day of a year" if yearless else "day"
        yield found.start(), found.end(), precision, _days(found)


def days_at(text: str, start: int) -> tuple[date, ...]:
    """The days of the date that begins there."""
    found = _DATE.match(text, start)
    return _days(found) if found else ()


def _days(found: re.Match[str]) -> tuple[date, ...]:
    if found["iso"]:
        return _valid(tuple(int(p) for p in re.split("[-/]", found["iso"])))
    if found["slash"]:
        first, second, year = (int(p) for p in re.split(r"[/.]", found["slash"]))
        return _valid((year, second, first), (year, first, second))
    if found["month3"]:
        return _valid((int(found["year3"]), _month(found["month3"]), 1))
    if found["day4"] or found["day5"]:
        month, day = _month(found["month4"] or found["month5"]), int(found["day4"] or found["day5"])
        return _valid(*((year, month, day) for year in _YEARS))
    if found["month2"]:
        return _valid((int(found["year2"]), _month(found["month2"]), int(found["day2"])))
    return _valid((int(found["year"]), _month(found["month"]), int(found["day"])))


def _month(name: str) -> int:
    lowered = name.lower().rstrip(".")
    return _SHORT.get(lowered) or _SHORT[lowered[:3]]


def _valid(*parts: tuple[int, ...]) -> tuple[date, ...]:
    days = []
    for year, month, day in parts:
        try:
            days.append(date(year, month, day))
        except ValueError:
            continue
    return tuple(dict.fromkeys(days))

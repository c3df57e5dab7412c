"""The days whose policy a question is about: "in 2024", "on 1 March 2025", "before the last change"."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from decisioning.numbers.dates import MONTHS

_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|sept"
_YEAR = r"(?:19|20|21)\d{2}"
_FORMS = re.compile(
    rf"(?P<iso>\b{_YEAR}-\d{{2}}-\d{{2}}\b)"
    rf"|\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{_MONTH})\.?,?\s+(?P<y1>{_YEAR})\b"
    rf"|\b(?P<m2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>{_YEAR})\b"
    rf"|\b(?P<m3>{_MONTH})\.?\s+(?:of\s+)?(?P<y3>{_YEAR})\b"
    rf"|\b(?P<half>first|second)\s+half\s+of\s+(?P<yh>{_YEAR})\b"
    rf"|(?<![\d.,-])(?P<y4>{_YEAR})(?![\d.,-]*\d)(?!\s*(?:thousand|pesetas|points|%|months))"
    r"|\b(?P<word>today|now|currently|at present|nowadays|yesterday|last year|a year ago|last month|tomorrow"
    r"|next (?:year|month|week))\b",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"\b(?:as of|as at|as on|in force (?:on|in)|back in|in|on|during|of|from|since|between|until|till|to"
    r"|and|at"
    r"|for|the year|the|early|late|mid|end of)\s*$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:between|from)\b|\bversus\b|\bvs\.?\b|\bcompared? (?:to|with)\b", re.IGNORECASE)
_SINCE = re.compile(r"\bsince\b|\bafter\b", re.IGNORECASE)
BEFORE_CHANGE = re.compile(
    r"\b(?:before|prior to|until) (?:the |its |their )?(?:last|latest|most recent|current|present|recent)\s+"
    r"(?:change|edition|version|amendment|revision|update|policy)\b"
    r"|\b(?:in|under) the (?:previous|last|former|old|prior) (?:edition|policy|version|manual|rules)\b"
    r"|\b(?:previously|formerly)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Period:
    """From the first to the last day of what was named: one day, a month, a year."""

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """Whether one day was named."""
        return self.first == self.last


@dataclass(frozen=True)
class Days:
    """What a question says of days. `rest` is the question without it.

    `compared`: it asks what differs between the periods, or since the only one; `before_change`: it asks
    for what was in force before the last change; `impossible` is a day it names that no calendar has.
    """

    periods: tuple[Period, ...]
    compared: bool
    before_change: bool
    rest: str
    impossible: str = ""


def days_in(question: str, today: date) -> Days:
    """The periods that the question names, in order. What is no date (31 February) is none of them."""
    periods, rest, end, impossible = [], [], 0, ""
    for found in _FORMS.finditer(question):
        period = _period(found, today)
        if period is None:
            impossible = impossible or found.group().strip()
            continue
        periods.append(period)
        rest.append(_LEADS.sub("", question[end : found.start()]))
        end = found.end()
    rest.append(question[end:])
    plain = " ".join(rest)
    before = BEFORE_CHANGE.search(plain)
    plain = BEFORE_CHANGE.sub(" ", plain)
    compared = len(periods) > 1 or bool(periods and _SINCE.search(question))
    compared = compared or (len(periods) == 1 and bool(_BETWEEN.search(question)))
    return Days(tuple(periods), compared, before is not None, " ".join(plain.split()), impossible)


def _period(found: re.Match[str], today: date) -> Period | None:
    try:
        return next(_read(found, today), None)
    except ValueError:
        return None


def _read(found: re.Match[str], today: date) -> Iterator[Period]:
    if found["iso"]:
        yield _day(date.fromisoformat(found["iso"]))
    for d, m, y in (("d1", "m1", "y1"), ("d2", "m2", "y2")):
        if found[d]:
            yield _day(date(int(found[y]), _month(found[m]), int(found[d])))
    if found["m3"]:
        year, month = int(found["y3"]), _month(found["m3"])
        yield Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    if found["half"]:
        year, late = int(found["yh"]), found["half"].lower() == "second"
        yield Period(date(year, 7 if late else 1, 1), date(year, 12, 31) if late else date(year, 6, 30))
    if found["y4"]:
        yield _year(int(found["y4"]))
    if found["word"]:
        yield _WORDS[found["word"].lower()](today)


def _day(day: date) -> Period:
    return Period(day, day)


def _year(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def _month(name: str) -> int:
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(name.lower()))


def _last_month(today: date) -> Period:
    last = today.replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)


_WORDS: dict[str, Callable[[date], Period]] = {
    "today": _day,
    "now": _day,
    "currently": _day,
    "at present": _day,
    "nowadays": _day,
    "yesterday": lambda today: _day(today - timedelta(days=1)),
    "last year": lambda today: _year(today.year - 1),
    "a year ago": lambda today: _day(today - timedelta(days=365)),
    "last month": _last_month,
    "tomorrow": lambda today: _day(today + timedelta(days=1)),
    "next week": lambda today: _day(today + timedelta(days=7)),
    "next month": lambda today: _day(today + timedelta(days=31)),
    "next year": lambda today: _year(today.year + 1),
}

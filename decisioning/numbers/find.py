"""Finds every quantity of an English text, however it is written."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from decisioning.model import Comparator
from decisioning.numbers import numerals
from decisioning.numbers.comparators import Phrase, comparator_after, comparing_phrases
from decisioning.numbers.dates import find_dates
from decisioning.numbers.model import SHARE, Kind, Quantity
from decisioning.numbers.parts import lengths, of_one_currency, ranges_of, shares, spread

_CURRENCIES = {
    "€": "EUR", "$": "USD", "£": "GBP", "₧": "ESP", "us$": "USD",
    "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "pound": "GBP", "pounds": "GBP",
    "sterling": "GBP", "peseta": "ESP", "pesetas": "ESP", "pts": "ESP", "ptas": "ESP", "pta": "ESP",
}  # fmt: skip
_CODES = r"(?:EUR|USD|GBP|ESP|CHF|SEK|NOK|DKK|PLN|CZK|JPY|CAD|AUD|INR|BRL|MXN|AED)"
_SCALE = {
    "k": 3, "thousand": 3, "thousands": 3, "m": 6, "mn": 6, "million": 6, "millions": 6,
    "bn": 9, "billion": 9, "billions": 9,
}  # fmt: skip
_PERIODS = {
    "year": "years", "yr": "years", "month": "months", "mth": "months", "mo": "months", "week": "weeks",
    "day": "days", "hour": "hours", "hr": "hours", "minute": "minutes", "min": "minutes", "second": "seconds",
    "s": "seconds",
}  # fmt: skip
_RATES = r"(?:APR|DSTI|DTI|LTV|LTP|PD)\b"
"""Short names of ratios and rates: a number beside one is its value, and no clause."""
_CLAUSE = re.compile(
    r"\b\d+\s+(?:CFR|C\.F\.R\.|USC|U\.S\.C\.)\s+(?:part\s+)?\d+(?:\.\d+)*(?:\([0-9A-Za-z]{1,4}\))*"
    r"|§+\s*\d+(?:\.\d+)*(?:\s?\([0-9A-Za-z]{1,4}\))*"
    r"|\b[A-Z][A-Z]{0,5}[-\u2011]\d+(?:\.\d+)*(?:\([0-9A-Za-z]{1,4}\))*(?:/[a-z][\w-]*)?(?![\w%])"
    rf"|\b(?!{_CODES}|{_RATES})[A-Z]{{2,6}}\s\d+(?:\.\d+)+(?:\([0-9A-Za-z]{{1,4}}\))*"
    r"|(?<![\w.,])\d+(?:\.\d+){2,}(?:\([0-9A-Za-z]{1,4}\))*(?![\w%,])"
    r"|\b(?:[Ss]ections?|[Rr]ules?|[Aa]rticles?|[Pp]aragraphs?|[Cc]lauses?|articles?|rules?|paragraphs?|regulations?|part|chapter|appendix|schedule)\s+"
    r"(?:\d+(?:\.\d+)*(?:\([0-9A-Za-z]{1,4}\))*|[A-Z](?:-\d+)?\b)",
)
_CLAUSE_WORD = re.compile(
    r"^(?:§+\s*|(?:sections?|clauses?|articles?|rules?|paragraphs?|regulations?|part|chapter|appendix|schedule)\s+)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"(?P<before>(?:{_CODES}|us\$|[€$£₧])\s?)?"
    r"(?P<sign>(?<![\w\d)%])[-\u2212\u2013](?=[\d€$£.])|\b(?:minus|negative)\s+)?"
    r"(?P<before2>[€$£₧]\s?)?"
    rf"(?:(?P<digits>(?<![\w.,]){numerals.DIGITS}|(?<=[€$£₧]){numerals.DIGITS}|(?<=(?:EUR|USD|GBP|ESP)){numerals.DIGITS})"
    rf"|(?P<ratio>\b{numerals.FRACTION})|(?P<words>\b{numerals.WORDED}\b)|(?P<single>{numerals.SINGLE}))"
    r"(?P<scale>[\s-]?(?:thousands?|millions?|billions?|mn|bn|[km])(?![\w%]))?"
    rf"(?P<after>(?:\s+of)?[\s-]?(?:{_CODES}\b|[€£₧]|euros?\b|dollars?\b|pounds?\b|(?<!\d)(?<!\d\s)sterling\b|pesetas?\b|pt(?:a|as|s)\b))?"
    r"(?P<percent>(?:(?<=half)\s+an?\s+|[\s-]?)(?:%|‰|percent(?:age\s+points?)?\b|per\s?cent\b|pp\b|p\.c\.|basis\s+points?\b|bps?\b))?"
    r"(?P<period>(?:(?<=half)\s+an?\s+|[\s-]?)(?:calendar\s+|business\s+|working\s+|full\s+)?"
    r"(?:years?|yrs?|months?|mths?|mos?\.|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|s)\b)?"
    r"(?P<points>[\s-]?(?:points?|pts)\b)?"
    r"(?P<per>\s*(?:(?:a|an|per|each|every)\s+(?:calendar\s+)?(?:month|year|annum|week|day)\b|(?:month|year|week|dai)ly\b"
    r"|annually\b|/\s?(?:month|year|week|day)\b|p\.?m\.?(?=\W)|p\.?a\.?(?=\W)))?",
    re.IGNORECASE,
)
_ORDINAL = re.compile(rf"\b(?:{numerals.ORDINAL})\b", re.IGNORECASE)
_BOUND_BEFORE = re.compile(
    r"(?P<called>(?!))?\b(?P<noun>longest|largest|highest|biggest|shortest|smallest|lowest|maximum|max\.?|ceiling|cap|upper\s+limit|minimum|min\.?|floor|lower\s+limit|limits?|thresholds?"
    r"|cut-?offs?|bar)\b(?:\s+(?!and\b|but\b|because\b)[\w-]+){0,6}?\s*(?:is|are|of|at|was|being|[:=(,])?\s*(?:only\s+|just\s+|to\s+)?$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"[\s-]*(?:(?!the\b|a\b|an\b|its\b|our\b|this\b|that\b|is\b|for\b|of\b|to\b|under\b|above\b|below\b)[\w-]+\s+)?"
    r"(?P<noun>maximum|ceiling|cap|minimum|floor|limit|threshold|cut-?off|bar)\b"
    r"|\s+(?:is|are|was)\s+(?:the|our|its)\s+(?:[\w-]+\s+)?(?P<called>maximum|ceiling|cap|minimum|floor|limit|threshold|cut-?off)\b",
    re.IGNORECASE,
)
_NOUNS = {"ceiling": "maximum", "cap": "maximum", "floor": "minimum", "max": "maximum", "min": "minimum"}
_ABOUT = re.compile(
    r"\b(?:about|around|roughly|approximately|approx\.|nearly|almost|close\s+to|some|circa|just\s+(?:over|under))\s+$",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[;:]|,\s+(?:and|but|which|while|so)\b|\b(?:because|although|whereas)\b", re.IGNORECASE)
_JOINED = re.compile(r"\s+(?:and|or|nor)\s+(?:of\s+|the\s+)?", re.IGNORECASE)
_PAST_LIMIT = re.compile(
    r"\b(?:limit|maximum|minimum|ceiling|cap|floor|threshold|cut-?off|average|line|bar)\b[^,]*(?:,|\bat\b|\bwith\b|\bby\b|\()",
    re.IGNORECASE,
)
"""What follows "above the limit, at" or "below the cut-off by" is no limit."""
_LIKE_A_PRONOUN = re.compile(
    r"\b(?:no|this|that|the|any|each|every|which|another|only|last|first)\s+$", re.IGNORECASE
)


def quantities(text: str, clauses: Iterable[str] = ()) -> tuple[Quantity, ...]:
    """Every quantity of the text in order, none overlapping.

    `clauses` are the names of known clauses, found wherever they stand as they are written; other
    names are found by their form (CP-3.4, § 1002.9(b), section 4.2). A bare "one" that stands for a
    thing ("the one that", "no one") is no quantity.
    """
    return _quantities(text, frozenset(clauses))


@lru_cache(maxsize=4096)
def _quantities(text: str, clauses: frozenset[str]) -> tuple[Quantity, ...]:
    taken = bytearray(len(text))
    found = [*_take(taken, _named(text, clauses)), *_take(taken, _dates(text)), *_take(taken, _clauses(text))]
    found += _take(taken, shares(text))
    found += _take(taken, _numbers(text, taken))
    found += _take(taken, _ordinals(text))
    found.sort(key=lambda q: q.start)
    return _related(text, tuple(of_one_currency(list(lengths(text, found)))))


def _take(taken: bytearray, found: Iterable[Quantity]) -> list[Quantity]:
    kept = []
    for quantity in found:
        if not any(taken[quantity.start : quantity.end]):
            taken[quantity.start : quantity.end] = b"\x01" * (quantity.end - quantity.start)
            kept.append(quantity)
    return kept


def _named(text: str, clauses: frozenset[str]) -> Iterator[Quantity]:
    if clauses:
        for found in _any_of(clauses).finditer(text):
            yield _clause(text, found.start(), found.end(), found.group())


@lru_cache(maxsize=256)
def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=lambda n: (-len(n), n))
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\d|\(\w|/\w)")


def _clauses(text: str) -> Iterator[Quantity]:
    for found in _CLAUSE.finditer(text):
        name = re.sub(r"\s+\(", "(", _CLAUSE_WORD.sub("", found.group()))
        yield _clause(text, found.start(), found.end(), name.replace("\u2011", "-"))


def _clause(text: str, start: int, end: int, name: str) -> Quantity:
    return Quantity(Kind.CLAUSE, Decimal(0), "", start, end, text[start:end], name=name)


def _dates(text: str) -> Iterator[Quantity]:
    for start, end, precision, days in find_dates(text):
        value = Decimal(days[0].toordinal()) if days else Decimal(0)
        yield Quantity(Kind.DATE, value, precision, start, end, text[start:end], days=days)


def _ordinals(text: str) -> Iterator[Quantity]:
    for found in _ORDINAL.finditer(text):
        rank = Decimal(numerals.ordinal(found.group()))
        yield Quantity(Kind.ORDINAL, rank, "", found.start(), found.end(), found.group())


def _numbers(text: str, taken: bytearray) -> Iterator[Quantity]:
    position = 0
    while found := _NUMBER.search(text, position):
        if any(taken[found.start() : found.end()]):
            free = next((p for p in range(found.start(), found.end()) if not taken[p]), found.end())
            position = max(found.start() + 1, free) if free != found.start() else _retry(found, taken)
            continue
        position = found.end()
        if not _is_pronoun(text, found):
            yield _number(text, found)


def _retry(found: re.Match[str], taken: bytearray) -> int:
    """Where to look on after a match that runs into something already taken."""
    start = next(p for p in range(found.start(), found.end()) if taken[p])
    while start < found.end() and taken[start]:
        start += 1
    return start


def _is_pronoun(text: str, found: re.Match[str]) -> bool:
    bare = found.group().strip().lower() == "one"
    if not bare:
        return False
    after = text[found.end() : found.end() + 6].lower()
    return (
        bool(_LIKE_A_PRONOUN.search(text[: found.start()]))
        or not re.match(r"\s+[a-z]", after)
        or after.startswith((" of", " that", " which", " who"))
    )


def _number(text: str, found: re.Match[str]) -> Quantity:
    read = _read(found)
    if read is None:
        return Quantity(Kind.UNREADABLE, Decimal(0), "", found.start(), found.end(), found.group())
    value, places = read
    written = value
    if found["scale"]:
        power = _SCALE[found["scale"].strip(" -\n\t").lower()]
        value, places = value.scaleb(power), places - power
    if found["sign"]:
        value, written = -value, -written
    kind, unit = _kind(found)
    if kind is Kind.PERCENT:
        shift = _SHIFTS.get(unit, 2)
        value, places = value.scaleb(-shift), places + shift
    return Quantity(
        kind, value, unit, found.start(), found.end(), found.group(), places,
        per=_per(found["per"] or ""), written=written,
    )  # fmt: skip


def _per(written: str) -> str:
    lowered = written.lower()
    marks = (("month", ("month", "pm", "p.m")), ("week", ("week",)), ("day", ("day", "dai")))
    return next((p for p, ms in marks if any(m in lowered for m in ms)), "year" if lowered.strip() else "")


def _read(found: re.Match[str]) -> tuple[Decimal, int] | None:
    if found["digits"]:
        value = numerals.digits(found["digits"])
        return None if value is None else (value, numerals.places(found["digits"]))
    if found["single"]:
        return Decimal(1), 0
    if found["ratio"]:
        return numerals.fraction(found["ratio"]), 2
    value = numerals.worded(found["words"])
    return value, -min(0, int(value.as_tuple().exponent))


def _kind(found: re.Match[str]) -> tuple[Kind, str]:
    if found["percent"]:
        mark = found["percent"].strip(" -").lower()
        return Kind.PERCENT, _percent(mark)
    currency = found["before"] or found["before2"] or found["after"]
    if currency:
        mark = re.sub(r"^\s*(?:of\s+)?-?", "", currency).strip().lower()
        return Kind.MONEY, _CURRENCIES.get(mark, mark.upper())
    if found["period"]:
        written = found["period"].strip(" -.\n\t").lower()
        stem = re.sub(r"^(?:an?\s+)?(?:(?:calendar|business|working|full)\s+)?", "", written)
        return Kind.DURATION, _PERIODS[stem.rstrip("s") if stem.rstrip("s") in _PERIODS else stem]
    if found["points"]:
        return Kind.POINTS, "points"
    return Kind.NUMBER, SHARE if found["ratio"] else ""


_SHIFTS = {"basis points": 4, "per mille": 3}


def _percent(mark: str) -> str:
    if mark == "‰":
        return "per mille"
    if mark.startswith(("bp", "basis")):
        return "basis points"
    return "percentage points" if mark.startswith(("pp", "percentage")) else "percent"


def _related(text: str, found: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    phrases = tuple(comparing_phrases(text))
    ranges = ranges_of(text, found)
    found = spread(found, ranges)
    related: list[Quantity] = []
    for n, quantity in enumerate(found):
        if quantity.kind in (Kind.CLAUSE, Kind.ORDINAL):
            related.append(quantity)
            continue
        floor = found[n - 1].end if n else 0
        comparator = ranges.get(n) or _governs(text, phrases, quantity, floor)
        ceiling = found[n + 1].start if n + 1 < len(found) else len(text)
        bound = _bound(text, quantity, floor, ceiling)
        about = bool(_ABOUT.search(text[max(floor, quantity.start - 24) : quantity.start]))
        if comparator is None and related and _JOINED.fullmatch(text[floor : quantity.start]):
            comparator = related[-1].comparator
        related.append(replace(quantity, comparator=comparator, bound=bound, approximate=about))
    return tuple(related)


def _governs(text: str, phrases: tuple[Phrase, ...], quantity: Quantity, floor: int) -> Comparator | None:
    after = comparator_after(text, quantity.end)
    if after:
        return after[0]
    for phrase in reversed(phrases):
        if floor <= phrase.start and phrase.end <= quantity.start:
            gap = text[phrase.end : quantity.start]
            near = len(gap) <= 60 and not _BREAK.search(gap) and not _PAST_LIMIT.search(gap)
            return phrase.comparator if near else None
    return None


def _bound(text: str, quantity: Quantity, floor: int, ceiling: int) -> str:
    left = text[max(floor, quantity.start - 60) : quantity.start]
    found = _BOUND_BEFORE.search(left) or _BOUND_AFTER.match(text[: min(ceiling, len(text))], quantity.end)
    if not found:
        return ""
    noun = (found["noun"] or found["called"]).lower().rstrip(".")
    if noun.startswith(("upper", "max", "ceil", "cap", "long", "larg", "high", "big")):
        return "maximum"
    if noun.startswith(("lower", "min", "floor", "short", "small", "lowest")):
        return "minimum"
    return "limit"

"""What governs a quantity where it stands: the comparison, the noun that makes it a limit, an "about"."""

import re
from dataclasses import replace

from decisioning.model import Comparator
from decisioning.numbers.comparators import Phrase, comparator_after, comparing_phrases
from decisioning.numbers.model import Kind, Quantity
from decisioning.numbers.parts import ranges_of, spread

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


def related(text: str, found: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """The same quantities, each with what governs it: a comparison, a bound, an "about"."""
    phrases = comparing_phrases(text)
    ranges = ranges_of(text, found)
    found = spread(found, ranges)
    told: list[Quantity] = []
    for n, quantity in enumerate(found):
        if quantity.kind in (Kind.CLAUSE, Kind.ORDINAL):
            told.append(quantity)
            continue
        floor = found[n - 1].end if n else 0
        comparator = ranges.get(n) or _governs(text, phrases, quantity, floor)
        ceiling = found[n + 1].start if n + 1 < len(found) else len(text)
        bound = _bound(text, quantity, floor, ceiling)
        about = bool(_ABOUT.search(text[max(floor, quantity.start - 24) : quantity.start]))
        if comparator is None and told and _JOINED.fullmatch(text[floor : quantity.start]):
            comparator = told[-1].comparator
        told.append(replace(quantity, comparator=comparator, bound=bound, approximate=about))
    return tuple(told)


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

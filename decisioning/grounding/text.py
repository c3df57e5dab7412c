"""English text as sentences, words and stems, each with its place."""

import re
from dataclasses import dataclass
from functools import lru_cache

from decisioning.grounding.stems import stem
from decisioning.numbers import skeleton

_ABBREVIATION = re.compile(
    r"(?:\b(?:no|nos|e\.g|i\.e|mr|mrs|ms|dr|approx|max|min|art|sec|cl|para|vs|cf|etc|p\.a|p\.m|st|inc|ltd|co|jr|sr|u\.s"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|fig|vol|ed|cir)|\b[A-Za-z])\.$",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?\u2026]+[\"')\]\u201d\u2019]*(?=\s|$)|\n+")
_NO_SUM = re.compile(
    r"\s+to\b|\s+of\s+(?!(?:credit|the\s+loan|this\s+loan|the\s+credit|[A-Z]{3}\b|[\d\u20ac$\u00a3]|(?:one|two|three|four|five|six|seven|eight|nine|ten|half)\b))"
)
"""After "amount": it amounts to something, or it is the amount of something else than the loan."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: as written, its stem, and where it stands."""

    text: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=1024)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of the sentences of a text, without the white space around them.

    A line break ends a sentence, a point after an abbreviation or inside a number does not.
    """
    spans, start = [], 0
    for found in _END.finditer(text):
        if found.group().startswith(".") and _goes_on(text, found):
            continue
        spans.append((start, found.end()))
        start = found.end()
    spans.append((start, len(text)))
    trimmed = (_trim(text, a, b) for a, b in spans)
    return tuple((a, b) for a, b in trimmed if re.search(r"\w", text[a:b]))


def _goes_on(text: str, found: re.Match[str]) -> bool:
    head, rest = text[: found.start() + 1][-12:], text[found.end() :].lstrip(" ")
    if not rest or rest[0] == "\n":
        return False
    if _ABBREVIATION.search(head) and not head.endswith((" I.", " a.")):
        return rest[0].islower() or rest[0].isdigit() or (len(rest) > 1 and head[-2].isupper())
    return False


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" \t\r\n-*\u2022\u2013>#"))
    return start, start + len(text[start:end].rstrip())


def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order; numbers are none."""
    return _words(skeleton(text))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[Word, ...]:
    return tuple(Word(m.group(), _stem_of(m, text), m.start(), m.end()) for m in _WORD.finditer(text))


def _stem_of(found: re.Match[str], text: str) -> str:
    own = stem(found.group().lower().replace("\u2019", "'"))
    return f"{own} of" if own == "amount" and _NO_SUM.match(text, found.end()) else own

"""Figures in a text: whether there are any, and whether they count what is asked for."""

import re

from decisioning.chat.question import Question
from decisioning.numbers import Kind, Quantity, quantities

_COUNTED = re.compile(
    r"\b(?:every|each|once|twice|quarter|monthly|yearly|daily|weekly|one|two|three|four|five|six|seven"
    r"|eight|nine|ten|twelve|no|any time)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\b[A-Z]+-\d+(?:\.\d+)*\b")
_LAW = re.compile(r"\([^()]*CFR[^()]*(?:\([^()]*\)[^()]*)*\)")


def counts(noun: str, text: str) -> bool:
    """Whether the text gives a number of these: "within 30 days", "no more than four" reasons."""
    plain, one = _CLAUSE.sub(" ", text), noun.lower().rstrip("s")
    if any(q.unit.startswith(one) for q in quantities(plain) if q.unit):
        return True
    number = rf"(?:\d+|{_COUNTED.pattern})"
    before = rf"\b{number}\b[^.]{{0,12}}\b{re.escape(one)}"
    after = rf"\b{re.escape(one)}\w*\b.*\b(?:more|fewer|less) than {number}\b"
    return any(re.search(form, plain, re.IGNORECASE | re.DOTALL) for form in (before, after))


def has_number(text: str) -> bool:
    """Whether a text has a figure, or a number in words."""
    plain = [q for q in quantities(text) if q.kind not in (Kind.CLAUSE, Kind.DATE)]
    return bool(plain or _COUNTED.search(text))


def has_figure(text: str) -> bool:
    """Whether a figure stands in the text that is no place in a law."""
    return any(q.kind not in (Kind.CLAUSE, Kind.DATE) for q in quantities(_LAW.sub("", text)))


def names_stand(question: Question, text: str) -> bool:
    """Whether the names that the question gives as letters or bare numbers stand in the text ("tier D")."""
    letters = re.findall(r"(?<!['\u2019])\b[A-Z]\b(?!')", question.plain)
    asked = [
        c
        for c in letters
        if c not in ("I", "A") or re.search(rf"\b(?:tier|class|band|line)\s+{c}\b", question.plain)
    ]
    if any(not re.search(rf"(?<!['\u2019])\b{c}\b", text) for c in asked):
        return False
    return all(
        _stands(q, text) for q in question.numbers if q.kind is Kind.NUMBER and not question.asks_bound
    )


def _stands(number: Quantity, text: str) -> bool:
    return any(q.value == number.value for q in quantities(text))

"""What is found out once for a wording is the same for every text of that wording."""

import importlib
import pkgutil
import re
from re import _constants, _parser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import decisioning.grounding
import decisioning.numbers
from decisioning.grounding.text import words
from decisioning.numbers import comparing_phrases, quantities, skeleton
from decisioning.numbers.find import find

_TEXTS = (
    "The offer is ESP 1,250 thousand over 36 months in price tier B (CP-5.2), at a nominal rate of 8.55 %.",
    "In 4 in 10 cases, between 60 and 70 % or 2 years and 6 months: 1,2000 is no number, -3.5 thousand is.",
    "Under the policy of 23 November 2026, or 2026-02-30, the 2nd reason falls 20 points short of 620.",
    "At least $12.50 a month, two thirds of 1 year and a half, 12/11/2026, section 4.2(b), \u00a7 1002.9(a).",
)


_OF_A_TEXT = ("guards._MARKUP",)
"""Patterns that are only looked for in a text as it stands: "base64" is markup."""


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every pattern of the checker and of the numbers, by the place where it stands."""
    found = []
    for package in (decisioning.grounding, decisioning.numbers):
        for each in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{each.name}")
            named = ((f"{each.name}.{n}", v) for n, v in vars(module).items())
            found += [(name, value) for name, value in named if isinstance(value, re.Pattern)]
    return [(name, pattern) for name, pattern in found if name not in _OF_A_TEXT]


def _digits_told_apart(parsed: Any) -> bool:
    """Whether a parsed pattern has a digit, or some but not all of them, in one place."""
    for kind, value in parsed:
        digit = kind in (_constants.LITERAL, _constants.NOT_LITERAL) and chr(value).isdigit()
        few = kind is _constants.RANGE and any(
            (value[0] <= ord(d) <= value[1]) is not (value[0] <= ord("0") <= value[1]) for d in "123456789"
        )
        if digit or few or any(_digits_told_apart(part) for part in _parts(value)):
            return True
    return False


def _parts(value: Any) -> list[Any]:
    if isinstance(value, _parser.SubPattern):
        return [value]
    if isinstance(value, list) and value and all(isinstance(v, tuple) for v in value):
        return [value]
    if isinstance(value, list | tuple):
        return [part for each in value for part in _parts(each)]
    return []


@pytest.mark.parametrize(("name", "pattern"), _patterns(), ids=lambda p: p if isinstance(p, str) else "")
def test_no_pattern_tells_one_digit_from_another(name: str, pattern: re.Pattern[str]) -> None:
    """What a pattern finds in a wording stands in the same place whatever the digits are."""
    assert not _digits_told_apart(_parser.parse(pattern.pattern, pattern.flags)), name


def test_a_pattern_with_a_digit_of_its_own_would_be_seen() -> None:
    """The test above is one: it sees a literal digit, part of the digits, and one inside a group."""
    assert [_digits_told_apart(_parser.parse(p)) for p in ("a1", "[2-4]", "(?:x|y(?=0))", r"[\d0-9a]\d")] == [
        True,
        True,
        True,
        False,
    ]


@given(st.sampled_from(_TEXTS), st.lists(st.sampled_from("0123456789"), min_size=40, max_size=40))
@settings(max_examples=100, deadline=None)
def test_a_wording_seen_with_other_numbers_says_its_own(text: str, digits: list[str]) -> None:
    """Quantities read through their wording are those found in the text by itself, whatever came before."""
    quantities(text)
    drawn = iter(digits)
    other = "".join(next(drawn) if c.isdigit() else c for c in text)
    assert [repr(q) for q in quantities(other)] == [repr(q) for q in find(other)]
    assert skeleton(other) == skeleton(text)
    assert (words(other), comparing_phrases(other)) == (words(text), comparing_phrases(text))

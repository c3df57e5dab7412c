"""Quantities in text: what is found, what it is worth, and what it equals."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.model import Comparator, Unit
from decisioning.numbers import Kind, bound_of, comparing_phrases, quantities, states

GT, GE, LT, LE = Comparator.GT, Comparator.GE, Comparator.LT, Comparator.LE


def only(text: str):
    """The one quantity of the text."""
    found = quantities(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("43 %", Kind.PERCENT, "0.43", "percent"),
        ("43%", Kind.PERCENT, "0.43", "percent"),
        ("forty-three percent", Kind.PERCENT, "0.43", "percent"),
        ("43 per cent", Kind.PERCENT, "0.43", "percent"),
        ("250 basis points", Kind.PERCENT, "0.025", "basis points"),
        ("0.43", Kind.NUMBER, "0.43", ""),
        ("1,200.00", Kind.NUMBER, "1200.00", ""),
        ("one hundred and twenty", Kind.NUMBER, "120", ""),
        ("two thirds of the price", Kind.NUMBER, str(Decimal(2) / 3), "share"),
        ("three years", Kind.DURATION, "3", "years"),
        ("three and a half years", Kind.DURATION, "3.5", "years"),
        ("half a year", Kind.DURATION, "0.5", "years"),
        ("a year and a half", Kind.DURATION, "1.5", "years"),
        ("two years and six months", Kind.DURATION, "30", "months"),
        ("4 in 10", Kind.NUMBER, "0.4", "share"),
        ("nine tenths of it", Kind.NUMBER, "0.9", "share"),
        ("the whole price", Kind.NUMBER, "1", "share"),
        ("1 300 000 pesetas", Kind.MONEY, "1300000", "ESP"),
        ("a hundred pesetas", Kind.MONEY, "100", "ESP"),
        ("a 36-month term", Kind.DURATION, "36", "months"),
        ("thirty calendar days", Kind.DURATION, "30", "days"),
        ("1.2 million pesetas", Kind.MONEY, "1200000", "ESP"),
        ("3,000 thousand pesetas", Kind.MONEY, "3000000", "ESP"),
        ("ESP 1.5 million", Kind.MONEY, "1500000", "ESP"),
        ("€1,200.50", Kind.MONEY, "1200.50", "EUR"),
        ("-$30", Kind.MONEY, "-30", "USD"),
        ("minus 30.5 thousand pesetas", Kind.MONEY, "-30500", "ESP"),
        ("the 540-point mark", Kind.POINTS, "540", "points"),
        ("the third reason", Kind.ORDINAL, "3", ""),
        ("5,5", Kind.UNREADABLE, "0", ""),
        ("1,2000", Kind.UNREADABLE, "0", ""),
        ("12:30", Kind.UNREADABLE, "0", ""),
    ],
)
def test_reads_a_quantity_however_it_is_written(text, kind, value, unit):
    """Kind, exact value and unit come out the same for digits, words, signs and scales."""
    found = only(text)
    assert (found.kind, found.value, found.unit) == (kind, Decimal(value), unit)
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    "text",
    ["2026-06-01", "1 June 2026", "June 1, 2026", "1st of June 2026", "the 1st June 2026", "01/06/2026"],
)
def test_reads_a_date_however_it_is_written(text):
    """Every common way to write a day yields that day."""
    assert date(2026, 6, 1) in only(text).days


def test_a_date_that_is_none_equals_nothing():
    """31 June is seen and has no day."""
    assert only("31 June 2026").days == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("see CP-3.4.", "CP-3.4"),
        ("under § 1002.9(b)(2) of it", "1002.9(b)(2)"),
        ("section 4.2 says", "4.2"),
        ("COB 3.2.1 says", "COB 3.2.1"),
    ],
)
def test_reads_the_name_of_a_clause_by_its_form(text, name):
    """Clause names are no numbers."""
    assert [(q.kind, q.name) for q in quantities(text)] == [(Kind.CLAUSE, name)]


def test_known_clauses_are_found_as_they_are_written():
    """A name that no form predicts is found when it is known, and never as part of a longer one."""
    assert [q.name for q in quantities("Rule 9/B and CP-3.40", clauses=("9/B", "CP-3.4"))] == [
        "9/B",
        "CP-3.40",
    ]


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        ("at least 36 months", GE),
        ("no less than 36 months", GE),
        ("36 months or more", GE),
        ("at most 60 %", LE),
        ("no more than 60 %", LE),
        ("up to 60 %", LE),
        ("must not exceed 60 %", LE),
        ("may never be above the limit of 60 %", LE),
        ("within the limit of 60 %", LE),
        ("exceeds 60 %", GT),
        ("is above the permitted 60 %", GT),
        ("over 60 %", GT),
        ("a term of over 60 months", GT),
        ("is not below 60 %", GE),
        ("doesn't fall below 60 %", GE),
        ("below the cut-off of 540", LT),
        ("falls short of 540", LT),
        ("fails to reach 540", LT),
        ("under 540 points", LT),
        ("repaid over 36 months", None),
        ("67 %", None),
    ],
)
def test_reads_the_comparator_with_its_negation(text, comparator):
    """The relation that governs a quantity is found, and a negation turns it round."""
    assert only(text).comparator == comparator


def test_reads_both_ends_of_a_range():
    """ "Between" and "to" bound from both sides."""
    assert [q.comparator for q in quantities("between 520 and 560 points")] == [GE, LE]
    assert [q.comparator for q in quantities("terms of 6 to 60 months")] == [GE, LE]


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        ("the maximum is 60 %", LE),
        ("a floor of 540", GE),
        ("must be at least 540", GE),
        ("the limit is 60 %", None),
    ],
)
def test_a_clause_bounds_with_a_noun_or_a_comparator(text, comparator):
    """What a clause sets is read from either."""
    assert bound_of(only(text)) == comparator


@pytest.mark.parametrize(
    ("text", "value", "unit", "same"),
    [
        ("43 %", 0.43, Unit.RATIO, True),
        ("0.43", 0.43, Unit.RATIO, True),
        ("43 %", 0.431250, Unit.RATIO, True),
        ("43.1 %", 0.431250, Unit.RATIO, True),
        ("43.2 %", 0.431250, Unit.RATIO, False),
        ("44 %", 0.431250, Unit.RATIO, False),
        ("43", 0.43, Unit.RATIO, False),
        ("43 months", 0.43, Unit.RATIO, False),
        ("two thirds of it", 0.67, Unit.RATIO, True),
        ("3 years", 36, Unit.MONTHS, True),
        ("3 years", 35, Unit.MONTHS, False),
        ("36 months", 3, Unit.YEARS, True),
        ("36 days", 36, Unit.MONTHS, False),
        ("3 million pesetas", 3000, Unit.MONEY, True),
        ("3,000 thousand pesetas", 3000, Unit.MONEY, True),
        ("3,000 pesetas", 3000, Unit.MONEY, False),
        ("3,000", 3000, Unit.MONEY, True),
        ("540 points", 540, Unit.POINTS, True),
        ("540 %", 540, Unit.POINTS, False),
        ("30 days", 30, Unit.COUNT, True),
        ("5,5", 5.5, Unit.POINTS, False),
    ],
)
def test_states_a_value_only_in_its_own_unit(text, value, unit, same):
    """A quantity states a value of the record in any spelling of its unit, rounded, and in no other unit."""
    assert states(only(text), value, unit, currency_unit=1000) is same


@settings(max_examples=100, deadline=None)
@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_what_is_printed_is_read_back(value):
    """Digits, with or without grouping, give the value that was printed."""
    assert only(f"{value}").value == value
    assert only(f"{value:,}").value == value


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_finder(text):
    """Any text at all yields ordered quantities that do not overlap, each standing where it says."""
    found = quantities(text)
    assert all(text[q.start : q.end] == q.text for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= p.start < p.end <= len(text) for p in comparing_phrases(text))


def test_a_range_has_one_unit_and_two_ends():
    """Both ends of "between 60 and 70 %" are percentages, the first the lower."""
    low, high = quantities("It lies between 60 and 70 %.")
    assert (low.kind, low.value, low.comparator) == (Kind.PERCENT, Decimal("0.60"), Comparator.GE)
    assert (high.value, high.comparator) == (Decimal("0.70"), Comparator.LE)


def test_at_least_this_and_below_that_are_two_comparisons():
    """The "and below" of the second number does not turn the first one round."""
    low, high = quantities("a score of at least 500 and below 540 points")
    assert (low.comparator, high.comparator) == (Comparator.GE, Comparator.LT)


def test_a_day_without_its_year_may_be_of_any():
    """ "23 December" is that day of the year that the record means."""
    (found,) = quantities("by 23 December")
    assert date(2026, 12, 23) in found.days
    assert date(2026, 11, 23) not in found.days

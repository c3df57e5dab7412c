"""Days as analysts name them."""

from datetime import date

import pytest

from decisioning.chat.dates import days_in

TODAY = date(2026, 11, 23)
DAYS = [
    ("What was it on 2025-03-01?", [(date(2025, 3, 1), date(2025, 3, 1))]),
    ("What was it on 1 March 2025?", [(date(2025, 3, 1), date(2025, 3, 1))]),
    ("What was it on March 1st, 2025?", [(date(2025, 3, 1), date(2025, 3, 1))]),
    ("What was it in March 2025?", [(date(2025, 3, 1), date(2025, 3, 31))]),
    ("What was it in 2024?", [(date(2024, 1, 1), date(2024, 12, 31))]),
    ("And in the second half of 2025?", [(date(2025, 7, 1), date(2025, 12, 31))]),
    ("What is it today?", [(TODAY, TODAY)]),
    ("What was it last year?", [(date(2025, 1, 1), date(2025, 12, 31))]),
    ("What was it last month?", [(date(2026, 10, 1), date(2026, 10, 31))]),
    ("What was it on 10 Sept 2024?", [(date(2024, 9, 10), date(2024, 9, 10))]),
    ("What is the limit on 31 February 2025?", []),
    ("May the amount be 2024 thousand pesetas?", []),
    ("What if the amount were 2,500?", []),
    ("What is the maximum term?", []),
]


@pytest.mark.parametrize(("question", "wanted"), DAYS)
def test_reads_the_days_of_a_question(question, wanted):
    """Days, months, years and halves of years; what is no date is none."""
    assert [(p.first, p.last) for p in days_in(question, TODAY).periods] == wanted


@pytest.mark.parametrize(
    "question",
    [
        "What changed between 2024 and 2026?",
        "What is new since 2025-07-01?",
        "Compare 2024-01-01 and 2026-06-01",
    ],
)
def test_tells_a_comparison(question):
    """Two days, or one that something is since."""
    assert days_in(question, TODAY).compared


@pytest.mark.parametrize(
    "words", ["before the last change", "in the previous edition", "before the current edition"]
)
def test_tells_what_is_before_the_last_change(words):
    """A past that is named by a change."""
    found = days_in(f"What was the maximum term {words}?", TODAY)
    assert found.before_change
    assert found.rest == "What was the maximum term ?"

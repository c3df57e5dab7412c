"""Parameters are in force from a day to the day before the next."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from decisioning.model import Unit
from decisioning.parameters import History, Parameter, in_force

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1))


def history(*entries: tuple[date, float | None]) -> History:
    """A history in points."""
    listed = [{"from": day, "value": value, "clause": "TP-1.1"} for day, value in entries]
    return History.model_validate({"title": "t", "unit": "points", "history": listed})


def test_in_force():
    """A value holds from its day on; a null takes it out of force; before the first there is none."""
    histories = {"limit": history((date(2025, 1, 1), 5), (date(2026, 1, 1), None))}
    assert in_force(histories, date(2024, 12, 31)) == {}
    assert in_force(histories, date(2025, 12, 31)) == {
        "limit": Parameter(title="t", unit=Unit.POINTS, value=5, clause="TP-1.1", since=date(2025, 1, 1))
    }
    assert in_force(histories, date(2026, 1, 1)) == {}


@settings(max_examples=100, deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=6, unique=True).map(sorted), DAYS)
def test_the_last_entry_before_the_day_holds(days, day):
    """On any day the value is that of the last entry that has begun, and it lasts to the next."""
    found = history(*((start, float(place)) for place, start in enumerate(days))).on(day)
    begun = [place for place, start in enumerate(days) if start <= day]
    assert (found.value if found else None) == (begun[-1] if begun else None)


@pytest.mark.parametrize("steps", [0, -1])
def test_dates_must_rise(steps):
    """Two entries of one day, or in the wrong order, are refused."""
    start = date(2025, 1, 1)
    with pytest.raises(ValidationError, match="must rise"):
        history((start, 1), (start + timedelta(days=steps), 2))

"""How values are written: short, and never so short that they say something else."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from decisioning.model import Currency, Unit
from decisioning.wording import written

ESP = Currency(code="ESP", unit=1000)


def test_a_value_is_not_rounded_onto_any_limit_that_it_differs_from():
    """59.96 % under one limit of 60 % and over another of 50 % keeps the place that tells it from both."""
    assert written(0.5996, Unit.RATIO, ESP) == "60 %"
    assert written(0.5996, Unit.RATIO, ESP, 0.5, 0.6) == "59.96 %"
    assert written(0.6, Unit.RATIO, ESP, 0.5, 0.6) == "60 %"


def test_a_limit_is_written_exactly():
    """A limit of 42.55 % is not said to be one of 42.6 %."""
    assert written(0.4255, Unit.RATIO, ESP) == "42.6 %"
    assert written(0.4255, Unit.RATIO, ESP, 0.4255) == "42.55 %"


MILLIONTHS = st.integers(0, 1_000_000)


@given(MILLIONTHS, st.lists(MILLIONTHS, max_size=3))
def test_what_is_written_stands_to_every_limit_as_the_value_does(value, limits):
    """Read back, a ratio is above, at or below each of its limits as it was."""
    text = written(value / 1e6, Unit.RATIO, ESP, *(limit / 1e6 for limit in limits))
    read = Decimal(text.removesuffix(" %")) * 10_000
    assert [read.compare(limit) for limit in limits] == [Decimal(value).compare(limit) for limit in limits]

"""Percentiles, ratios and shares of a benchmark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.benchmarks.figures import Quality, Speed, average_precision, percentile, recall


def test_percentiles_are_values_that_were_measured():
    """The nearest rank: the smallest value that the share of all values does not exceed."""
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, p) for p in (0, 1, 50, 99, 100)] == [1, 1, 50, 99, 100]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@given(st.lists(st.floats(0.01, 1e4), min_size=1), st.floats(0, 100))
def test_a_percentile_has_its_share_of_the_values_at_or_below_it(values, percent):
    """At least `percent` of the values are at most the percentile, which is one of them."""
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values) - 1e-9


def test_a_ratio_above_one_means_that_we_are_ahead():
    """The ratio is the other's time over ours, at the median and in the tail."""
    assert Speed(1, 2.0, 4.0).times_faster_than(Speed(1, 3.0, 2.0)) == {"p50": 1.5, "p99": 0.5}


def test_recall_and_average_precision():
    """Recall counts what was found among the first k; precision is averaged over the hits that k allows."""
    assert recall(["a", "x", "b"], {"a", "b", "c"}, 2) == pytest.approx(1 / 3)
    assert average_precision(["x", "a", "b"], {"a", "b"}, 10) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert average_precision(["a"], {"a", "b"}, 1) == 1
    assert Quality.of([["a"], ["x"]], [{"a"}, {"b"}], 10) == Quality(0.5, 0.5)

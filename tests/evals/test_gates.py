"""Gates pass and fail when they should, and nothing that was not measured passes."""

import pytest
from scipy.stats import binomtest

from evals.gates import Gate, Result, exactly, share


@pytest.mark.parametrize(
    ("bound", "value", "passes"),
    [
        ("at least", 0.5, True),
        ("at least", 0.4999, False),
        ("at most", 0.5, True),
        ("at most", 0.5001, False),
    ],
)
def test_a_gate_includes_its_threshold(bound, value, passes):
    """A value on the threshold passes, one beyond it fails."""
    assert exactly("a figure", value, bound, 0.5, "why").passed is passes


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (3, 10), (195, 2121), (50, 50)])
def test_a_share_has_wilsons_interval(hits, of):
    """The interval is the one that scipy computes."""
    gate = share("bad", hits, of, "at most", 0.1, "why")
    expected = binomtest(hits, of).proportion_ci(method="wilson")
    assert (gate.low, gate.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_a_share_of_nothing_says_nothing():
    """Without a case the interval is everything."""
    assert share("bad", 0, 0, "at most", 0.1, "why") == Gate("bad", 0.0, 0.0, 1.0, "at most", 0.1, "why")


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result("s", (exactly("a", 1, "at least", 1, "why"),)), "passed"),
        (
            Result("s", (exactly("a", 1, "at least", 1, "why"), exactly("b", 0, "at least", 1, "why"))),
            "failed",
        ),
        (Result("s"), "failed"),
        (Result("s", not_run="the data are absent"), "not run"),
    ],
)
def test_a_suite_passes_only_where_every_gate_was_measured_and_kept(result, status):
    """No gate is no pass, and absent data are not run."""
    assert result.status == status

"""Gates pass and fail when they should, and nothing that was not measured passes."""

import math

import pytest
from scipy.stats import binom, binomtest

from evals.gates import Result, exactly, mean, share
from evals.intervals import binomial_cdf, bootstrap, detectable_mean, detectable_share
from evals.measured import Measured


@pytest.mark.parametrize(
    ("bound", "value", "passes"),
    [
        ("at least", 0.5, True),
        ("at least", 0.4999, False),
        ("at most", 0.5, True),
        ("at most", 0.5001, False),
        ("at most", math.nan, False),
        ("at least", math.inf, False),
    ],
)
def test_a_gate_includes_its_threshold(bound, value, passes):
    """A value on the threshold passes, one beyond it fails, and so does what is no number."""
    assert exactly("a figure", value, bound, 0.5, "why").passed is passes


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (3, 10), (195, 2121), (50, 50)])
def test_a_share_has_wilsons_interval(hits, of):
    """The interval is the one that scipy computes."""
    gate = share("bad", hits, of, "at most", 0.1, "why")
    expected = binomtest(hits, of).proportion_ci(method="wilson")
    assert (gate.low, gate.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


@pytest.mark.parametrize("bound", ["at least", "at most"])
def test_a_share_of_nothing_passes_nothing(bound):
    """Without a case the interval is everything, and the gate fails whichever way it looks."""
    gate = share("bad", 0, 0, bound, 0.1, "why")
    assert (gate.low, gate.high, gate.detectable) == (0.0, 1.0, math.inf)
    assert not gate.passed
    assert gate.as_json()["value"] is None


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


@pytest.mark.parametrize(("bound", "value"), [("at least", 0.75), ("at most", 1.0)])
def test_a_case_that_crashed_counts_as_the_worst(bound, value):
    """A crash is a wrong answer whichever way the gate looks, and a case without the figure is left out."""
    right = 1.0 if bound == "at least" else 0.0
    cases = [Measured(str(n), {"right": right}) for n in range(3)]
    if bound == "at most":
        cases = []
    cases += [Measured("crash", error="RuntimeError"), Measured("elsewhere", {"other": 1.0})]
    assert mean("right", cases, "right", bound, 0.5, "why").value == value


def test_a_graded_figure_has_a_bootstrap_interval():
    """The interval of a mean encloses it, is the same each time, and narrows with more cases."""
    values = [0.2, 0.4, 0.9, 1.0, 0.7] * 10
    gate = mean("g", [Measured(str(n), {"g": v}) for n, v in enumerate(values)], "g", "at least", 0.5, "why")
    assert gate.low < gate.value < gate.high
    assert bootstrap(values) == bootstrap(values) == (gate.low, gate.high)
    wide, narrow = bootstrap(values), bootstrap(values * 8)
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2


@pytest.mark.parametrize(("k", "n", "p"), [(0, 20, 0.1), (7, 20, 0.4), (199, 200, 0.999), (20, 20, 0.3)])
def test_binomial_chances_are_scipys(k, n, p):
    """Our few lines say what scipy says."""
    assert binomial_cdf(k, n, p) == pytest.approx(binom.cdf(k, n, p), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "bound", "threshold"),
    [(200, "at least", 0.95), (200, "at most", 0.03), (100, "at least", 1.0), (300, "at most", 0.0)],
)
def test_what_a_gate_would_show_it_shows_in_four_runs_of_five(n, bound, threshold):
    """At the detectable departure the gate fails with a chance of 80 %, by scipy's binomial."""
    departure = detectable_share(n, bound, threshold)
    true = threshold - departure if bound == "at least" else threshold + departure
    hits = range(n + 1)
    fails = [h for h in hits if not exactly("g", h / n, bound, threshold, "why").passed]
    assert sum(binom.pmf(fails, n, true)) == pytest.approx(0.8, abs=1e-6)


def test_too_few_cases_show_nothing():
    """Where no true share could fail the gate so often, that is said."""
    assert detectable_share(0, "at least", 0.9) == math.inf
    assert detectable_mean([0.4]) == math.inf
    assert share("g", 3, 3, "at least", 0.2, "why").detectable < 0.2

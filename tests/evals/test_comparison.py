"""A difference between two runs is called when it is real, and not when it is noise."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, fisher_exact, permutation_test

from evals.comparison import (
    ALPHA,
    benjamini_hochberg,
    compared,
    detectable,
    holm,
    mcnemar,
    sign_flips,
)
from evals.gates import Result, mean
from evals.intervals import Bound
from evals.measured import Measured
from evals.slices import charts, fisher

SIMULATED = 150


def a_run(
    scores: Mapping[str, Any], gates: Sequence[str] = ("right",), bound: Bound = "at least"
) -> Mapping[str, Any]:
    """A run's JSON whose cases have these scores by metric, one array a metric."""
    n = len(next(iter(scores.values())))
    cases = tuple(Measured(f"case-{k}", {m: float(scores[m][k]) for m in scores}) for k in range(n))
    found = tuple(mean(g, cases, g, bound, 0.5, "why") for g in gates)
    return Result("suite", found, cases=cases).as_json()


def calls(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """What is said of each gate."""
    return [each.call for each in compared([now], [before])]


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 9), (12, 3), (30, 30)])
def test_mcnemar_is_the_exact_sign_test(gained, lost):
    """The p-value is scipy's for a fair coin."""
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected)


def test_sign_flips_are_scipys_permutation_test():
    """On few cases the p-value is close to the exact one over all signs."""
    difference = np.array([0.3, -0.1, 0.25, 0.4, 0.05, 0.2, -0.02, 0.31, 0.12, 0.0])
    exact = permutation_test((difference,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flips(difference) == pytest.approx(exact.pvalue, abs=0.005)


def test_corrections_are_the_published_ones():
    """Holm's as worked by hand, Benjamini and Hochberg's as scipy has it."""
    p = [0.001, 0.04, 0.03, 0.2, 0.0004, 0.9, 0.04]
    assert holm(p) == pytest.approx([0.006, 0.16, 0.15, 0.4, 0.0028, 0.9, 0.16])
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p))


@pytest.mark.parametrize("table", [(3, 10, 40, 100), (0, 12, 30, 60), (9, 9, 50, 100)])
def test_fishers_test_is_scipys(table):
    """A group against all others."""
    hits, of, hits_in_all, everything = table
    rest = everything - of
    both = [[hits, of - hits], [hits_in_all - hits, rest - (hits_in_all - hits)]]
    assert fisher(*table) == pytest.approx(fisher_exact(both).pvalue)


def test_a_clear_gain_is_called_and_its_mirror_is_a_loss():
    """40 cases of 200 put right are a win, put wrong a loss; the same twice is neither."""
    before, after = np.zeros(200), np.zeros(200)
    before[:100], after[:140] = 1, 1
    better, worse = a_run({"right": after}), a_run({"right": before})
    assert calls(better, worse) == ["better"]
    assert calls(worse, better) == ["worse"]
    assert calls(better, better) == ["no difference shown"]


def test_where_less_is_better_more_is_worse():
    """A gate that bounds a figure from above turns the call."""
    few, many = np.zeros(200), np.zeros(200)
    many[:40] = 1
    now, before = a_run({"right": many}, bound="at most"), a_run({"right": few}, bound="at most")
    assert calls(now, before) == ["worse"]


def test_a_win_below_what_the_set_can_show_is_not_called():
    """Significant but smaller than the detectable difference: too small to call; as a loss it is called."""
    before, after = np.zeros(200), np.zeros(200)
    after[:6] = 1
    (win,) = compared([a_run({"right": after})], [a_run({"right": before})])
    assert win.adjusted_p < ALPHA
    assert win.difference < win.detectable
    assert win.call == "too small to call"
    assert calls(a_run({"right": before}), a_run({"right": after})) == ["worse"]


def test_a_case_that_is_gone_is_counted_and_forbids_a_win():
    """Leaving hard cases out makes nothing better."""
    before, after = np.zeros(200), np.zeros(150)
    before[:100], after[:140] = 1, 1
    (found,) = compared([a_run({"right": after})], [a_run({"right": before})])
    assert (found.n, found.gone, found.call) == (150, 50, "too small to call")
    (none,) = compared([a_run({"right": after})], [{**a_run({"right": before}), "cases": []}])
    assert none.call == "not comparable"


def test_a_crash_after_an_answer_is_a_loss_of_that_case():
    """A case that crashes now counts as wrong against what it was."""
    before = a_run({"right": np.ones(30)})
    crashed = tuple(Measured(f"case-{k}", error="RuntimeError") for k in range(30))
    now = Result("suite", (mean("right", crashed, "right", "at least", 0.5, "why"),), cases=crashed).as_json()
    assert calls(now, before) == ["worse"]


def test_runs_that_differ_by_noise_alone_are_called_different_in_one_of_twenty():
    """The stated false-alarm rate: over five figures, 5 % of runs say better or worse."""
    random = np.random.default_rng(7)
    gates = [{"name": f"g{k}", "metric": f"g{k}", "bound": "at least"} for k in range(5)]

    def a_run_of_noise() -> dict[str, Any]:
        drawn = [(random.random(40) < 0.8) if k < 3 else random.random(40) for k in range(5)]
        cases = [
            {"id": str(n), "error": None, "scores": {f"g{k}": float(drawn[k][n]) for k in range(5)}}
            for n in range(40)
        ]
        return {"suite": "noise", "gates": gates, "cases": cases}

    alarms = sum(
        any(call in ("better", "worse") for call in calls(a_run_of_noise(), a_run_of_noise()))
        for _ in range(SIMULATED)
    )
    # 5 % and three standard errors of this simulation
    assert alarms / SIMULATED <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / SIMULATED)


def test_a_difference_that_the_set_can_show_is_called_four_times_in_five():
    """At the detectable difference the paired test is significant in about 80 % of runs."""
    random = np.random.default_rng(3)
    spread, n = 0.3, 120
    effect = detectable(random.normal(0, spread, 100_000), np.zeros(100_000)) * math.sqrt(100_000 / n)
    shown = sum(sign_flips(random.normal(effect, spread, n)) < ALPHA for _ in range(100))
    assert 68 <= shown <= 92


def test_slices_that_differ_by_noise_alone_seldom_stand_out():
    """Over twelve groups of a hundred cases each, at most one run in twenty marks a group."""
    random = np.random.default_rng(11)
    marked = 0
    for _ in range(SIMULATED):
        right = random.random(1200) < 0.85
        cases = [Measured(str(k), {"right": float(right[k])}, {"group": str(k % 12)}) for k in range(1200)]
        (chart,) = charts(cases, {"right": "Right"})
        marked += any(bar.stands_out for bar in chart.bars)
    assert marked / SIMULATED <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / SIMULATED)


def test_a_slice_that_is_worse_stands_out():
    """A group of 100 at 60 % among 1,100 at 90 % is marked, and it alone."""
    cases = [
        Measured(
            str(k),
            {"right": float(k % 10 < (6 if k < 100 else 9))},
            {"group": "bad" if k < 100 else str(k % 5)},
        )
        for k in range(1200)
    ]
    (chart,) = charts(cases, {"right": "Right"})
    assert "bad" in [bar.label for bar in chart.bars if bar.stands_out]
    assert sum(bar.n for bar in chart.bars) == 1200

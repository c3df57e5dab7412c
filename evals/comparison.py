"""Two runs compared case by case: is the difference real, and could this set have shown it?

A run that changed nothing is called better or worse in at most one comparison of twenty, over all of its
gates together (Holm). A win is called only where the difference is also at least what the set can show in
four runs of five; a loss is called on the first count alone, since a missed loss costs more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, sqrt
from typing import Any, Literal

import numpy as np

from evals.intervals import SEED, Z80, Z95, Bound, Floats, bootstrap

ALPHA = 0.05
PERMUTED = 10_000
Call = Literal["better", "worse", "no difference shown", "too small to call", "not comparable"]


@dataclass(frozen=True)
class Comparison:
    """One gate's figure before and after, over the cases that both runs have.

    `difference` is after minus before with its interval; `p` is exact McNemar for a yes or no and a
    sign-flip permutation otherwise, `adjusted_p` Holm's over all comparisons of the run. `gone` counts cases
    that only the earlier run has: with any of them no win is called.
    """

    suite: str
    gate: str
    bound: Bound
    n: int
    gone: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    adjusted_p: float
    detectable: float

    @property
    def call(self) -> Call:
        """What may be said of the difference."""
        if self.n == 0:
            return "not comparable"
        if self.adjusted_p >= ALPHA:
            return "no difference shown"
        if (self.difference > 0) is not (self.bound == "at least"):
            return "worse"
        return "better" if abs(self.difference) >= self.detectable and not self.gone else "too small to call"


def compared(now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> tuple[Comparison, ...]:
    """Every gate of two runs (as `Result.as_json` gives them) that rests on the same figure of its cases."""
    earlier = {result["suite"]: result for result in before}
    found = [
        _compare(result, earlier[result["suite"]], gate)
        for result in now
        if result["suite"] in earlier
        for gate in result["gates"]
        if gate["metric"] is not None
    ]
    adjusted = holm([each.p for each in found])
    return tuple(replace(each, adjusted_p=p) for each, p in zip(found, adjusted, strict=True))


def _compare(now: Mapping[str, Any], before: Mapping[str, Any], gate: Mapping[str, Any]) -> Comparison:
    after, earlier = _scores(now, gate), _scores(before, gate)
    both = [name for name in after if name in earlier]
    a = np.array([after[name] for name in both], dtype=float)
    b = np.array([earlier[name] for name in both], dtype=float)
    low, high = bootstrap(list(a - b)) if both else (float("-inf"), float("inf"))
    return Comparison(
        suite=now["suite"],
        gate=gate["name"],
        bound=gate["bound"],
        n=len(both),
        gone=sum(name not in after for name in earlier),
        before=float(b.mean()) if both else float("nan"),
        after=float(a.mean()) if both else float("nan"),
        difference=float((a - b).mean()) if both else 0.0,
        low=low,
        high=high,
        p=p_of(a, b),
        adjusted_p=1.0,
        detectable=detectable(a, b),
    )


def _scores(result: Mapping[str, Any], gate: Mapping[str, Any]) -> dict[str, float]:
    """The figure of each case by its id; a crash is the worst there is."""
    worst, metric = (0.0 if gate["bound"] == "at least" else 1.0), gate["metric"]
    return {
        case["id"]: case["scores"].get(metric, worst)
        for case in result["cases"]
        if metric in case["scores"] or case["error"] is not None
    }


def p_of(after: Floats, before: Floats) -> float:
    """The two-sided p-value of a paired difference: exact McNemar for yes or no, else sign flips."""
    difference = after - before
    if not difference.any():
        return 1.0
    if set(np.unique(np.concatenate((after, before)))) <= {0.0, 1.0}:
        return mcnemar(int((difference > 0).sum()), int((difference < 0).sum()))
    return sign_flips(difference)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p-value of so many cases gained and lost (Q. McNemar, Psychometrika 12, 1947)."""
    n, fewer = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    return min(1.0, 2 * sum(comb(n, k) for k in range(fewer + 1)) / (1 << n))


def sign_flips(difference: Floats) -> float:
    """The two-sided p-value of a mean difference under random signs, from a fixed seed."""
    moved = difference[difference != 0]
    random = np.random.default_rng(SEED)
    observed = abs(moved.sum())
    beyond: int = 0
    for _ in range(PERMUTED // 1000):
        flipped = random.integers(0, 2, (1000, len(moved)), dtype=np.int8).astype(float) @ moved
        beyond += int(np.count_nonzero(abs(moved.sum() - 2 * flipped) >= observed - 1e-12))
    return (1 + beyond) / (1 + PERMUTED)


def detectable(after: Floats, before: Floats) -> float:
    """The smallest paired difference that shows at 5 % in four runs of five, by the cases' own spread."""
    if len(after) < 2:
        return float("inf")
    return float((Z95 + Z80) * np.std(after - before, ddof=1) / sqrt(len(after)))


def holm(p: Sequence[float]) -> list[float]:
    """P-values adjusted for a wrong call among all of them (S. Holm, Scand. J. Stat. 6, 1979)."""
    order = sorted(range(len(p)), key=lambda n: p[n])
    adjusted, most = [0.0] * len(p), 0.0
    for place, n in enumerate(order):
        most = max(most, min(1.0, (len(p) - place) * p[n]))
        adjusted[n] = most
    return adjusted


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """P-values adjusted for the share of wrong calls among the calls (JRSS B 57, 1995, 289-300)."""
    order = sorted(range(len(p)), key=lambda n: -p[n])
    adjusted, least = [0.0] * len(p), 1.0
    for place, n in enumerate(order):
        least = min(least, p[n] * len(p) / (len(p) - place))
        adjusted[n] = least
    return adjusted

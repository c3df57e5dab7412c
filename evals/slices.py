"""One figure by groups of cases: bars with intervals, and which groups chance does not explain.

Each group is held against all others (exact permutation of yes and no, Fisher's test); over all groups of a
suite the p-values are corrected (Benjamini and Hochberg), so that of the groups that stand out at most one
in twenty is there by chance.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import lgamma
from statistics import NormalDist

import numpy as np

from evals.comparison import ALPHA, benjamini_hochberg
from evals.intervals import bootstrap, wilson
from evals.measured import Bar, Chart, Measured, with_score

Groups = dict[str, dict[str, list[float]]]


def charts(cases: Sequence[Measured], metrics: dict[str, str], worst: float = 0.0) -> tuple[Chart, ...]:
    """One chart for each metric (by its title) and dimension of the cases; a crash counts as the worst."""
    made: list[tuple[str, str, list[float], list[float]]] = []
    for metric, title in metrics.items():
        for dimension, groups in _groups(cases, metric, worst).items():
            whole = [value for values in groups.values() for value in values]
            made += [(f"{title}, by {dimension}", name, groups[name], whole) for name in sorted(groups)]
    adjusted = benjamini_hochberg([against_the_rest(values, whole) for _, _, values, whole in made])
    bars: dict[str, list[Bar]] = defaultdict(list)
    for (title, label, values, _), p in zip(made, adjusted, strict=True):
        bars[title].append(_bar(label, values, p < ALPHA))
    return tuple(Chart(title, tuple(each)) for title, each in bars.items())


def _groups(cases: Sequence[Measured], metric: str, worst: float) -> Groups:
    found: Groups = defaultdict(lambda: defaultdict(list))
    for case in with_score(cases, metric):
        for dimension, label in case.slices.items():
            found[dimension][label].append(case.scores.get(metric, worst))
    return found


def _bar(label: str, values: Sequence[float], stands_out: bool) -> Bar:
    binary = all(value in (0.0, 1.0) for value in values)
    low, high = wilson(sum(values), len(values)) if binary else bootstrap(values)
    return Bar(label, sum(values) / len(values), low, high, len(values), stands_out)


def against_the_rest(values: Sequence[float], whole: Sequence[float]) -> float:
    """The two-sided p-value of a group's mean being that of the rest of the whole."""
    rest = len(whole) - len(values)
    if rest == 0 or len(values) == 0:
        return 1.0
    if all(value in (0.0, 1.0) for value in whole):
        return fisher(int(sum(values)), len(values), int(sum(whole)), len(whole))
    return _normal(values, whole)


def fisher(hits: int, of: int, hits_in_all: int, all_cases: int) -> float:
    """Fisher's exact two-sided p-value: a group of `of` cases with `hits`, drawn from all without return."""
    least, most = max(0, of - (all_cases - hits_in_all)), min(of, hits_in_all)
    logs = [
        _log_choose(hits_in_all, k) + _log_choose(all_cases - hits_in_all, of - k)
        for k in range(least, most + 1)
    ]
    chances = np.exp(np.array(logs) - _log_choose(all_cases, of))
    return float(min(1.0, chances[chances <= chances[hits - least] * (1 + 1e-7)].sum()))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _normal(values: Sequence[float], whole: Sequence[float]) -> float:
    """Means of many graded figures: the group against a random one of its size, normal approximation."""
    array, n = np.asarray(whole, dtype=float), len(values)
    spread = array.std(ddof=1) * np.sqrt((1 - n / len(array)) / n)
    if spread == 0:
        return 1.0
    z = abs(float(np.mean(values)) - float(array.mean())) / float(spread)
    return 2 * (1 - NormalDist().cdf(z))

"""What each characteristic gives away about groups that a lender must not tell apart, and its worth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.sandbox.applications import SampleApplication
from evals.training.auc import auc
from evals.training.fit import fit, out_of_fold
from evals.training.sample import CHARACTERISTICS, Floats, Sample, sample_of

GROUPS: Mapping[str, Callable[[SampleApplication], bool]] = {
    "married": lambda each: each.marital == "married",
    "under 30": lambda each: each.age < 30,
    "over 62": lambda each: each.age > 62,
}


@dataclass(frozen=True)
class Proxy:
    """How well one input ranks members of each group (0.5 nothing, 1 all), and its worth to the score.

    `cost` is the out-of-fold AUC that leaving it out takes from the score; None for the score itself.
    """

    name: str
    by_group: Mapping[str, float]
    cost: float | None


def proxies(applications: Sequence[SampleApplication]) -> tuple[Proxy, ...]:
    """One line a scored characteristic, one for household expenses, one for the whole score."""
    sample = sample_of(applications)
    groups = {name: np.array([belongs(each) for each in applications]) for name, belongs in GROUPS.items()}
    fitted, whole = fit(sample), out_of_fold(sample)
    base = auc(~sample.bad, whole).value
    lines = {name: fitted.bins[name].weigh(sample.columns[name]) for name in CHARACTERISTICS}
    added = auc(~sample.bad, out_of_fold(sample, [*CHARACTERISTICS, "expenses"])).value - base

    def line(name: str, values: Floats, cost: float | None) -> Proxy:
        return Proxy(name, {group: _told_apart(flags, values) for group, flags in groups.items()}, cost)

    return (
        *(line(name, values, base - _without(sample, name)) for name, values in lines.items()),
        line("expenses (not scored)", sample.columns["expenses"], added),
        line("the score", whole, None),
    )


def _without(sample: Sample, name: str) -> float:
    kept = [each for each in CHARACTERISTICS if each != name]
    return auc(~sample.bad, out_of_fold(sample, kept)).value


def _told_apart(group: np.ndarray[tuple[int], np.dtype[np.bool_]], values: Floats) -> float:
    area = auc(group, values).value
    return max(area, 1 - area)

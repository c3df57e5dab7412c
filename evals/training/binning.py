"""Monotone bins and their weights of evidence (Siddiqi, Credit Risk Scorecards, 2006, ch. 6).

The weight of evidence of a bin is ln(share of the good in it / share of the bad in it): above zero means
less risk than the sample's average. A missing value weighs the average of the others: it neither helps
nor harms, since the reason for its absence is not known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.training.sample import Flags, Floats, Kind, Levels, Numeric

QUANTILES = 20
SMALLEST_SHARE = 0.04
_HALF = 0.5  # half a row in each cell keeps an empty one finite


@dataclass(frozen=True)
class NumericBins:
    """`weights[i]` up to and including `edges[i]`, the last above them all; `missing` where there is none."""

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    missing: float

    def weigh(self, column: NDArray[Any]) -> Floats:
        """The weight of evidence of each row."""
        known = np.array(self.weights)[np.searchsorted(self.edges, column, side="left")]
        return np.where(np.isnan(column), self.missing, known)


@dataclass(frozen=True)
class CategoryBins:
    """A weight by category; `missing` where there is none."""

    weights: dict[str, float]
    missing: float

    def weigh(self, column: NDArray[Any]) -> Floats:
        """The weight of evidence of each row."""
        return np.array([self.weights.get(str(each), self.missing) for each in column])


@dataclass
class _Group:
    """Neighbouring cells under one weight, while they are being merged."""

    edge: float
    rows: float
    bad: float

    @property
    def rate(self) -> float:
        return self.bad / self.rows

    def take(self, other: "_Group") -> None:
        self.edge, self.rows, self.bad = other.edge, self.rows + other.rows, self.bad + other.bad


def bins_of(kind: Kind, column: NDArray[Any], bad: Flags) -> NumericBins | CategoryBins:
    """The bins of a characteristic, learned from these rows alone."""
    if isinstance(kind, Numeric):
        return _numeric(kind, column, bad)
    if isinstance(kind, Levels):
        return _levels(kind, column)
    return _categorical(column, bad)


def _numeric(kind: Numeric, column: Floats, bad: Flags) -> NumericBins:
    known = ~np.isnan(column)
    groups = _cells(kind, column[known], bad[known])
    _make_monotone(groups, rising=kind.rising)
    _merge_small(groups, SMALLEST_SHARE * known.sum())
    weights = _weights(np.array([g.rows for g in groups]), np.array([g.bad for g in groups]))
    average = float(np.average(weights, weights=[g.rows for g in groups]))
    return NumericBins(tuple(g.edge for g in groups[:-1]), tuple(map(float, weights)), average)


def _levels(kind: Levels, column: Floats) -> NumericBins:
    weights = -np.arange(len(kind.edges) + 1, dtype=float)
    known = column[~np.isnan(column)]
    average = float(weights[np.searchsorted(kind.edges, known, side="left")].mean())
    return NumericBins(kind.edges, tuple(map(float, weights)), average)


def _cells(kind: Numeric, column: Floats, bad: Flags) -> list[_Group]:
    """Fine cells between the sample's quantiles, rounded to steps that a person would choose."""
    quantiles = np.quantile(column, np.linspace(0, 1, QUANTILES + 1)[1:-1], method="lower")
    edges = np.unique(np.round(np.round(quantiles / kind.step) * kind.step, 6))
    cell = np.searchsorted(edges, column, side="left")
    rows = np.bincount(cell, minlength=len(edges) + 1)
    bads = np.bincount(cell, weights=bad, minlength=len(edges) + 1)
    upper = [*map(float, edges), np.inf]
    return [_Group(u, float(n), float(b)) for u, n, b in zip(upper, rows, bads, strict=True) if n]


def _make_monotone(groups: list[_Group], *, rising: bool) -> None:
    """Pool neighbours that break the order until none does (pool adjacent violators)."""
    sign = 1 if rising else -1
    i = 0
    while i < len(groups) - 1:
        if sign * (groups[i + 1].rate - groups[i].rate) > 0:
            i += 1
            continue
        groups[i].take(groups.pop(i + 1))
        i = max(i - 1, 0)


def _merge_small(groups: list[_Group], smallest: float) -> None:
    """Merge the smallest group with the neighbour of the nearest bad rate until all are large enough."""
    while len(groups) > 1:
        i = min(range(len(groups)), key=lambda k: groups[k].rows)
        if groups[i].rows >= smallest:
            return
        neighbours = [k for k in (i - 1, i + 1) if 0 <= k < len(groups)]
        j = min(neighbours, key=lambda k: abs(groups[k].rate - groups[i].rate))
        first, second = sorted((i, j))
        groups[first].take(groups.pop(second))


def _categorical(column: NDArray[Any], bad: Flags) -> CategoryBins:
    names = sorted({str(each) for each in column} - {""})
    rows = np.array([np.sum(column == name) for name in names], dtype=float)
    bads = np.array([np.sum(bad[column == name]) for name in names], dtype=float)
    weights = _weights(rows, bads)
    average = float(np.average(weights, weights=rows))
    return CategoryBins(dict(zip(names, map(float, weights), strict=True)), average)


def _weights(rows: Floats, bad: Floats) -> Floats:
    good = rows - bad
    weights: Floats = np.log(((good + _HALF) / good.sum()) / ((bad + _HALF) / bad.sum()))
    return weights

"""Intervals at 95 %, and the smallest departure from a threshold that a number of cases can show."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Bound = Literal["at least", "at most"]
Floats = NDArray[np.float64]

Z95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""
Z80 = 0.841621
"""The normal quantile of a power of 80 %."""
POWER = 0.8
RESAMPLED = 2000
SEED = 20260601


def wilson(hits: float, of: int) -> tuple[float, float]:
    """Wilson's interval of a share (E. B. Wilson, JASA 22, 1927); everything where there is no case."""
    if of == 0:
        return 0.0, 1.0
    p, n = hits / of, of
    middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * sqrt(p * (1 - p) / n + Z95**2 / (4 * n**2))
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == of else min(1.0, middle + half))


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The percentile bootstrap interval of a mean over 2,000 resamples from a fixed seed."""
    array = np.asarray(values, dtype=float)
    if len(array) == 0 or np.all(array == array[0]):
        return (float(array[0]), float(array[0])) if len(array) else (float("-inf"), float("inf"))
    low, high = np.percentile(_resampled_means(array), (2.5, 97.5))
    return float(low), float(high)


def _resampled_means(array: Floats) -> Floats:
    """Means of resamples; how often each value is drawn is enough to know."""
    random = np.random.default_rng(SEED)
    values, counts = np.unique(array, return_counts=True)
    drawn = random.multinomial(len(array), counts / len(array), RESAMPLED)
    return np.asarray(drawn @ values / len(array), dtype=float)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """The chance of at most k hits in n cases that each hit with probability p."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))
    hits = np.arange(0, k + 1)
    chance = logs[n] - logs[hits] - logs[n - hits] + hits * np.log(p) + (n - hits) * np.log1p(-p)
    return float(min(1.0, np.exp(chance).sum()))


def detectable_share(n: int, bound: Bound, threshold: float) -> float:
    """How far past its threshold a true share must lie for the gate to fail in four runs of five.

    Exact by the binomial. Infinite where no true share makes it fail so often (too few cases).
    """
    if n == 0 or not isfinite(threshold):
        return float("inf")
    if bound == "at most":  # at most t hits is at least 1 - t misses
        threshold = 1 - threshold
        allowed = n - floor((1 - threshold) * n + 1e-9)
    else:
        allowed = ceil(threshold * n - 1e-9)
    if binomial_cdf(allowed - 1, n, 0.0) < POWER:
        return float("inf")
    low, high = 0.0, threshold
    for _ in range(40):
        middle = (low + high) / 2
        fails = binomial_cdf(allowed - 1, n, threshold - middle) >= POWER
        low, high = (low, middle) if fails else (middle, high)
    return high


def detectable_mean(values: Sequence[float]) -> float:
    """The same for a mean of anything else, by the normal approximation with the cases' own spread."""
    if len(values) < 2:
        return float("inf")
    return float(Z80 * np.std(values, ddof=1) / sqrt(len(values)))

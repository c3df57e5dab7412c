"""Figures of a run, as pure functions: percentiles, ratios, how much of what was wanted was found."""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Speed:
    """How long the answers took, in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, elapsed_ms: Sequence[float]) -> "Speed":
        """The speed that these times show; raises ValueError where there are none."""
        return cls(len(elapsed_ms), percentile(elapsed_ms, 50), percentile(elapsed_ms, 99))

    def times_faster_than(self, other: "Speed") -> dict[str, float]:
        """The other's time over ours, at the median and in the tail: above 1 we are ahead."""
        return {"p50": other.p50_ms / self.p50_ms, "p99": other.p99_ms / self.p99_ms}


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean recall and mean average precision of the first k answers, from 0 to 1."""

    recall: float
    precision: float

    @classmethod
    def of(cls, answers: Sequence[Sequence[str]], wanted: Sequence[Collection[str]], k: int) -> "Quality":
        """The quality of the answers to questions of which we know what was wanted."""
        pairs = list(zip(answers, wanted, strict=True))
        return cls(
            math.fsum(recall(found, gold, k) for found, gold in pairs) / len(pairs),
            math.fsum(average_precision(found, gold, k) for found, gold in pairs) / len(pairs),
        )


def paired_ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The median of their time over ours, question by question: what slows the machine slows both."""
    return median(a / b for a, b in zip(theirs, ours, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def recall(found: Sequence[str], wanted: Collection[str], k: int) -> float:
    """The share of what was wanted that is among the first k."""
    return len(set(found[:k]) & set(wanted)) / len(set(wanted))


def average_precision(found: Sequence[str], wanted: Collection[str], k: int) -> float:
    """Precision at each hit among the first k, averaged over as many hits as k allows."""
    hits, total = 0, 0.0
    for rank, one in enumerate(found[:k], start=1):
        if one in wanted:
            hits += 1
            total += hits / rank
    return total / min(len(set(wanted)), k)


def rounded(figures: object) -> dict[str, float]:
    """A dataclass of figures as JSON holds them."""
    return {name: round(value, 4) for name, value in asdict(figures).items()}  # type: ignore[call-overload]

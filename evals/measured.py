"""What a run measured: case by case, slice by slice, and as matrices. Plain values that travel as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What became of one case.

    `scores` are figures by metric, 1 for right and 0 for wrong where a metric is a yes or no; a metric that
    says nothing about this case is absent. `slices` say which groups the case belongs to. A case with an
    `error` has no scores and counts as wrong wherever it would have counted. `asked` and `said` are its text.
    `latency_ms` is no part of what two runs have in common.
    """

    id: str
    scores: Mapping[str, float] = field(default_factory=dict)
    slices: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    said: str = ""
    error: str | None = None
    latency_ms: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything but the time it took."""
        whole = asdict(self)
        del whole["latency_ms"]
        return whole


@dataclass(frozen=True)
class Bar:
    """One group in a chart with its 95 % interval; `stands_out` says that chance does not explain it."""

    label: str
    value: float
    low: float
    high: float
    n: int
    stands_out: bool = False


@dataclass(frozen=True)
class Chart:
    """Bars of one quantity; `percent` says how its values are written."""

    title: str
    bars: tuple[Bar, ...]
    percent: bool = True
    note: str = ""


@dataclass(frozen=True)
class Matrix:
    """A table of shares: `cells[row][column]` is (value, cases), None where there was nothing to measure."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[tuple[float, int] | None, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Run:
    """What differs between two runs of one commit: when, how long, and what the cache already knew."""

    seconds: float = 0.0
    latency_ms: tuple[float, ...] = ()
    cache_asked: int = 0
    cache_hits: int = 0
    resumed: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of requests that the response cache answered, None where it was not asked."""
        return self.cache_hits / self.cache_asked if self.cache_asked else None


def with_score(cases: Sequence[Measured], metric: str) -> list[Measured]:
    """The cases that a metric speaks about; a case that crashed is one of them."""
    return [case for case in cases if metric in case.scores or case.error is not None]

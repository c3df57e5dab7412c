"""A gate: a measured value with its interval, the threshold it must keep, and why that one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any, Literal

from evals.intervals import Bound, bootstrap, detectable_mean, detectable_share, wilson
from evals.measured import Chart, Matrix, Measured, Run, with_score


@dataclass(frozen=True)
class Gate:
    """`low` and `high` are a 95 % interval of the value, equal to it where it is a count over everything.

    `detectable` is the smallest departure past the threshold that this many cases show in four runs of five:
    0 where all there is was counted. `metric` names the figure of each case whose mean the value is, so that
    two runs can be compared case by case; `each` says that one case alone can fall short of the threshold.
    A `timed` one measures time: it alone differs between two runs of one commit.
    """

    name: str
    value: float
    low: float
    high: float
    bound: Bound
    threshold: float
    reason: str
    n: int | None = None
    detectable: float = 0.0
    metric: str | None = None
    each: bool = True
    timed: bool = False

    @property
    def passed(self) -> bool:
        """Whether the value keeps its threshold; what is no number keeps none."""
        if not (isfinite(self.value) and isfinite(self.threshold)):
            return False
        return self.value >= self.threshold if self.bound == "at least" else self.value <= self.threshold

    def as_json(self) -> dict[str, Any]:
        """The gate for a program; what has no end is null."""
        values = {k: None if isinstance(v, float) and not isfinite(v) else v for k, v in vars(self).items()}
        return {**values, "passed": self.passed}


@dataclass(frozen=True)
class Result:
    """What became of a suite: its gates and what they rest on, or the reason why it was not run.

    `version` is a hash of the cases. `run` and what `timed` gates measured are all that differs between two
    runs of one commit.
    """

    suite: str
    gates: tuple[Gate, ...] = ()
    not_run: str | None = None
    about: str = ""
    version: str = ""
    cases: tuple[Measured, ...] = ()
    charts: tuple[Chart, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    notes: tuple[str, ...] = ()
    run: Run = field(default_factory=Run)

    @property
    def status(self) -> Literal["passed", "failed", "not run"]:
        """A suite that was not run has not passed; one without a gate has failed."""
        if self.not_run is not None:
            return "not run"
        return "passed" if self.gates and all(gate.passed for gate in self.gates) else "failed"

    def as_json(self) -> Mapping[str, Any]:
        """The whole result for a program; everything that depends on time or machine stands in `run`."""
        return {
            "suite": self.suite,
            "about": self.about,
            "status": self.status,
            "not_run": self.not_run,
            "version": self.version,
            "gates": [gate.as_json() for gate in self.gates],
            "charts": [asdict(chart) for chart in self.charts],
            "matrices": [asdict(matrix) for matrix in self.matrices],
            "notes": list(self.notes),
            "cases": [case.as_json() for case in self.cases],
            "run": {**asdict(self.run), "hit_rate": self.run.hit_rate},
        }

    def lasting(self) -> Mapping[str, Any]:
        """The same without what was measured of time: equal for two runs of one commit."""
        gates = tuple(gate for gate in self.gates if not gate.timed)
        whole = dict(replace(self, gates=gates).as_json())
        del whole["run"]
        return whole


def exactly(name: str, value: float, bound: Bound, threshold: float, why: str) -> Gate:
    """A gate on a figure over everything there is, which no sample blurs."""
    return Gate(name, value, value, value, bound, threshold, why)


def share(name: str, hits: int, of: int, bound: Bound, threshold: float, why: str) -> Gate:
    """A gate on a share of cases, with Wilson's interval; without a case it fails either way."""
    low, high = wilson(hits, of)
    value = hits / of if of else float("nan")
    detectable = detectable_share(of, bound, threshold)
    return Gate(name, value, low, high, bound, threshold, why, of, detectable)


def mean(name: str, cases: Sequence[Measured], metric: str, bound: Bound, threshold: float, why: str) -> Gate:
    """A gate on the mean of a figure over the cases that have it; a case that crashed counts as its worst."""
    worst = 0.0 if bound == "at least" else 1.0
    values = [case.scores.get(metric, worst) for case in with_score(cases, metric)]
    if all(value in (0.0, 1.0) for value in values):
        return replace(share(name, int(sum(values)), len(values), bound, threshold, why), metric=metric)
    low, high = bootstrap(values)
    value = sum(values) / len(values)
    detectable = detectable_mean(values)
    return Gate(name, value, low, high, bound, threshold, why, len(values), detectable, metric)

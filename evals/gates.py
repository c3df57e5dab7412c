"""A gate: a measured value with its interval, the threshold it must keep, and why that one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

Bound = Literal["at least", "at most"]
Z95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Gate:
    """`low` and `high` are a 95 % interval of the value, equal to it where it is a count over everything."""

    name: str
    value: float
    low: float
    high: float
    bound: Bound
    threshold: float
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the value keeps its threshold."""
        return self.value >= self.threshold if self.bound == "at least" else self.value <= self.threshold


@dataclass(frozen=True)
class Result:
    """What became of a suite: its gates, or the reason why it was not run."""

    suite: str
    gates: tuple[Gate, ...] = ()
    not_run: str | None = None

    @property
    def status(self) -> Literal["passed", "failed", "not run"]:
        """A suite that was not run has not passed; one without a gate has failed."""
        if self.not_run is not None:
            return "not run"
        return "passed" if self.gates and all(gate.passed for gate in self.gates) else "failed"

    def as_json(self) -> Mapping[str, Any]:
        """The whole result for a program."""
        gates = [{**vars(gate), "passed": gate.passed} for gate in self.gates]
        return {"suite": self.suite, "status": self.status, "not_run": self.not_run, "gates": gates}


Suite = Callable[[], Result]


def exactly(name: str, value: float, bound: Bound, threshold: float, why: str) -> Gate:
    """A gate on a figure over everything there is, which no sample blurs."""
    return Gate(name, value, value, value, bound, threshold, why)


def share(name: str, hits: int, of: int, bound: Bound, threshold: float, why: str) -> Gate:
    """A gate on a share, with Wilson's interval (E. B. Wilson, JASA 22, 1927)."""
    if of == 0:
        return Gate(name, 0.0, 0.0, 1.0, bound, threshold, why)
    p, n = hits / of, of
    middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * sqrt(p * (1 - p) / n + Z95**2 / (4 * n**2))
    return Gate(name, p, max(0.0, middle - half), min(1.0, middle + half), bound, threshold, why)

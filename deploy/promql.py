"""PromQL of our metrics, as panels ask for it.

`$__rate_interval` and the variable `$job` are Grafana's to fill.
"""

from dataclasses import dataclass
from typing import Final

JOB: Final = 'job="$job"'
RATE: Final = "[$__rate_interval]"


@dataclass(frozen=True)
class Query:
    """A PromQL expression, and how its series are called."""

    expr: str
    legend: str = "__auto"


def rate(metric: str, matchers: str = "") -> str:
    """Per-second rate of a counter of ours."""
    inside = ",".join(part for part in (JOB, matchers) if part)
    return f"rate({metric}{{{inside}}}{RATE})"


def total(metric: str, by: str, matchers: str = "") -> str:
    """That rate, summed by a label."""
    return f"sum by ({by}) ({rate(metric, matchers)})" if by else f"sum({rate(metric, matchers)})"


def each(metric: str, *labels: str, matchers: str = "") -> tuple[Query, ...]:
    """That rate, a series for each value of the labels, called by it."""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    return (Query(total(metric, ", ".join(labels), matchers), legend),)


def share(part: str, whole: str) -> str:
    """A part of a whole; 0 where there is no part, absent where there is no whole."""
    return f"({part} or {whole} * 0) / ({whole} > 0)"


def quantiles(metric: str, by: str = "", matchers: str = "") -> tuple[Query, ...]:
    """p50 and p99 of a histogram."""
    group = f"le, {by}" if by else "le"
    name = f" {{{{{by}}}}}" if by else ""
    inner = total(f"{metric}_bucket", group, matchers)
    return tuple(Query(f"histogram_quantile({q}, {inner})", f"p{q * 100:.0f}{name}") for q in (0.5, 0.99))

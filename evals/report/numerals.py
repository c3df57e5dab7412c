"""Figures as a person reads them."""

from math import isfinite

from evals.gates import Gate

NONE = "n/a"
"""What stands where there is no number."""


def plain(value: float) -> str:
    """Three places at most, no tail of zeros; n/a for what is no number."""
    if not isfinite(value):
        return NONE
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def percent(value: float) -> str:
    """A share in percent with one place; none and all have none."""
    if not isfinite(value):
        return NONE
    return f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"


def is_share(gate: Gate) -> bool:
    """Whether a gate's figure is read in percent."""
    return gate.n is not None and 0 <= gate.threshold <= 1 and 0 <= gate.value <= 1


def of_gate(gate: Gate, value: float) -> str:
    """A value of a gate as that gate is read."""
    return percent(value) if is_share(gate) else plain(value)


def interval(gate: Gate) -> str:
    """The interval in words."""
    if gate.low == gate.high:
        return "all there is"
    return f"{of_gate(gate, gate.low)} to {of_gate(gate, gate.high)}"


def wanted(gate: Gate) -> str:
    """What the gate asks."""
    sign = "≥" if gate.bound == "at least" else "≤"
    return f"{sign} {of_gate(gate, gate.threshold)}"


def detectable(gate: Gate) -> str:
    """The smallest departure that this many cases show, in the figure's own unit."""
    if gate.detectable == 0:
        return "any"
    if not isfinite(gate.detectable):
        return "none"
    return f"{100 * gate.detectable:.1f} points" if is_share(gate) else plain(gate.detectable)

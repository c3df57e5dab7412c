"""The offline suites by name. Each calls what production calls, and has a reason beside every threshold."""

from collections.abc import Mapping
from typing import Any

from evals import decisions, explanations, metamorphic, time_travel
from evals.frame import CaseSuite
from evals.gates import Suite

SUITES: Mapping[str, CaseSuite[Any] | Suite] = {
    "decisions": decisions.SUITE,
    "explanations": explanations.SUITE,
    "metamorphic": metamorphic.SUITE,
    "time-travel": time_travel.SUITE,
}
"""A CaseSuite is measured case by case; any other suite is a function that gives its whole result."""

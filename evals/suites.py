"""The offline suites by name. Each calls what production calls, and has a reason beside every threshold."""

from collections.abc import Mapping
from typing import Any

from evals import decisions
from evals.frame import CaseSuite
from evals.gates import Suite
from evals.retrieval import references, retrieval
from evals.verifier import verifier

SUITES: Mapping[str, CaseSuite[Any] | Suite] = {
    "decisions": decisions.SUITE,
    "references": references,
    "retrieval": retrieval,
    "verifier": verifier,
}
"""A CaseSuite is measured case by case; any other suite is a function that gives its whole result."""

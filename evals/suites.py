"""The offline suites by name. Each calls what production calls, and has a reason beside every threshold."""

from collections.abc import Mapping
from typing import Any

from evals import (
    chat_answers,
    decisions,
    explanations,
    fairness,
    lived,
    metamorphic,
    policy,
    red_team,
    time_travel,
)
from evals.frame import CaseSuite
from evals.gates import Suite
from evals.retrieval import references, retrieval
from evals.verifier import verifier

SUITES: Mapping[str, CaseSuite[Any] | Suite] = {
    "decisions": decisions.SUITE,
    "policy": policy.policy,
    "explanations": explanations.SUITE,
    "fairness": fairness.SUITE,
    "metamorphic": metamorphic.SUITE,
    "chat": chat_answers.SUITE,
    "time-travel": time_travel.SUITE,
    "red-team": red_team.SUITE,
    "stored": lived.STORED,
    "feedback": lived.FEEDBACK,
    "references": references,
    "retrieval": retrieval,
    "verifier": verifier,
}
"""A CaseSuite is measured case by case; any other suite is a function that gives its whole result."""

"""The offline suites by name. Each calls what production calls, and has a reason beside every threshold."""

from collections.abc import Mapping

from evals import (
    chat_answers,
    decisions,
    explanations,
    fairness,
    lived,
    metamorphic,
    policy,
    red_team,
    references,
    retrieval,
    time_travel,
    verifier,
)
from evals.frame import Suite

SUITES: Mapping[str, Suite] = {
    "decisions": decisions.SUITE,
    "policy": policy.SUITE,
    "explanations": explanations.SUITE,
    "fairness": fairness.SUITE,
    "metamorphic": metamorphic.SUITE,
    "chat": chat_answers.SUITE,
    "time-travel": time_travel.SUITE,
    "red-team": red_team.SUITE,
    "stored": lived.STORED,
    "feedback": lived.FEEDBACK,
    "references": references.SUITE,
    "retrieval": retrieval.SUITE,
    "verifier": verifier.SUITE,
}
"""A CaseSuite is measured case by case, a PartSuite part by part."""

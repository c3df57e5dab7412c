"""What is told of the outcome itself: what caused it, and whether anything was decided at all."""

import pytest

from decisioning.claims import claims_of
from decisioning.grounding import check_sentence, pool_of
from decisioning.model import Decision, Mode, Outcome
from tests.decisioning.decisions import decisions
from tests.decisioning.policy_texts import manual


def decided(outcome: Outcome, mode: Mode = Mode.LIVE) -> Decision:
    """A decision with that outcome."""
    return next(d for d in decisions(50) if d.outcome is outcome).model_copy(update={"mode": mode})


def codes(decision: Decision, text: str) -> set[str]:
    """The codes of what is wrong with a sentence about a decision."""
    clauses = {name: clause.text for name, clause in manual(decision.as_of).items()}
    return {p.code for p in check_sentence(text, pool_of(decision, claims_of(decision), clauses))}


@pytest.mark.parametrize("outcome", [Outcome.APPROVE, Outcome.DECLINE])
def test_a_policy_in_force_causes_no_outcome(outcome):
    """Under which policy it was decided may be told; it is no reason."""
    decision = decided(outcome)
    verb = "approved" if outcome is Outcome.APPROVE else "declined"
    told = f"The application was {verb} {{}} the policy in force on {decision.as_of:%B %d, %Y}."
    assert codes(decision, told.format("under")) == set()
    because = f"The decision was {verb} because the policy was in force on {decision.as_of:%B %d, %Y}."
    assert codes(decision, because) == {"unknown_reason"}


def test_a_simulation_decides_nothing():
    """ "Is approved" is told of a live decision alone; a simulation is called one."""
    told = "The application is approved under the policy in force on {:%d %B %Y}."
    live, simulated = decided(Outcome.APPROVE), decided(Outcome.APPROVE, Mode.SIMULATION)
    assert codes(live, told.format(live.as_of)) == set()
    assert codes(simulated, told.format(simulated.as_of)) == {"outcome"}
    assert codes(simulated, "In a simulation, the application would be approved.") == set()

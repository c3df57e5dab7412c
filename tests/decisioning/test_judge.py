"""The outcome ladder and the judgement, as properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.answers import Answers
from decisioning.judge import judge, outcome_of
from decisioning.model import Cause, Effect, Outcome
from tests.factories import application, price_answer, score_answer

RUNGS = [Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE]
EFFECTS = st.frozensets(st.sampled_from(list(Effect)))
CAUSE = Cause(dependency="scoring", problem="down")


@pytest.mark.parametrize(
    ("missing", "causes", "effects", "outcome"),
    [
        (("income",), (CAUSE,), {Effect.DECLINE}, Outcome.INCOMPLETE),
        ((), (CAUSE,), {Effect.DECLINE}, Outcome.REFER),
        ((), (), {Effect.DECLINE, Effect.REFER}, Outcome.DECLINE),
        ((), (), {Effect.REFER, Effect.CONDITION}, Outcome.REFER),
        ((), (), {Effect.CONDITION, Effect.PRICE}, Outcome.APPROVE),
        ((), (), set(), Outcome.APPROVE),
    ],
)
def test_ladder(missing, causes, effects, outcome):
    """Incomplete before failure before decline before refer before approve."""
    assert outcome_of(missing, causes, effects) is outcome


@settings(deadline=None)
@given(EFFECTS, EFFECTS)
def test_more_effects_never_better(effects, more):
    """Firing more rules never moves an outcome towards approval."""
    before, after = outcome_of((), (), effects), outcome_of((), (), effects | more)
    assert RUNGS.index(after) >= RUNGS.index(before)


@settings(deadline=None)
@given(EFFECTS, st.booleans(), st.booleans())
def test_a_decline_stays_a_decline(effects, incomplete, failed):
    """With a declining rule nothing approves, whatever else is true."""
    outcome = outcome_of(("income",) * incomplete, (CAUSE,) * failed, effects | {Effect.DECLINE})
    assert outcome is not Outcome.APPROVE


@settings(max_examples=100, deadline=None)
@given(
    score=st.integers(0, 1000),
    income=st.none() | st.integers(0, 5000),
    amount=st.integers(1, 30_000),
    home=st.sampled_from(["owner", "ignore", None]),
    records=st.sampled_from(["yes", "no"]),
)
def test_judgements_hold_together(product, score, income, amount, home, records):
    """Whatever the application: the outcome is what the fired rows say, a decline has reasons, and so on."""
    edition = product.editions[-1]
    raw = application(income=income, amount=amount, home=home, records=records)
    price = price_answer(amount, tier="A" if score >= 600 else "B")
    found = judge(edition, edition.application.read(raw), Answers(score_answer(score), price))
    if not income:
        assert (found.outcome, found.missing, found.rules) == (Outcome.INCOMPLETE, ("income",), ())
        return
    fired = {rule.effect for rule in found.rules if rule.fired}
    assert found.causes or found.outcome is outcome_of((), (), fired)
    assert bool(found.reasons) or found.outcome is not Outcome.DECLINE
    assert (found.outcome is Outcome.APPROVE) <= (found.reasons == ())
    assert [reason.rank for reason in found.reasons] == list(range(1, len(found.reasons) + 1))
    assert "home" not in {reason.source for reason in found.reasons} or home == "owner"
    declining = {rule.id for rule in found.rules if rule.fired and rule.id.startswith("K-")}
    assert declining <= {reason.source for reason in found.reasons}

"""Counter-offers: only where the product makes them, only what is approved, the same in a replay."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.sandbox.terms import terms_on
from decisioning.decide import Decided, Request, decide
from decisioning.edition import Edition, edition_of
from decisioning.errors import DependencyFailed, InvalidProduct
from decisioning.explain import explain
from decisioning.model import Outcome, Reader
from decisioning.replay import replay
from decisioning.titles import titles_of
from tests.decisioning.policy_texts import DOCUMENT, FakeClauses
from tests.decisioning.stopwatches import FakeStopwatch as Watch
from tests.decisioning.test_consumer_loan import Pricing, Scoring
from tests.decisioning.test_counterfactuals import EDITION, LOAN, WANTED, decided
from tests.factories import DECISION_ID, NOW, TRACE_ID, FakeStopwatch

SWITCH = {
    "clause": "CP-9.2",
    "declined_for": ["amount", "term_months"],
    "actions": ["larger_deposit", "shorter_term", "longer_term"],
}
GOOD = WANTED | {"seniority_years": 20, "home": "owner", "income": 400, "assets": 20_000, "price": 9000}


def countering(**changes: Any) -> Edition:
    """The consumer loan of today with its counter-offers switched on."""
    contents = dict(EDITION.artefacts)
    files = contents["product"]
    switched = {**files["product"], "counter_offer": {**SWITCH, **changes}}
    contents["product"] = {**files, "product": switched}
    return edition_of(json.loads(json.dumps(contents)))


ON = countering()


class FailingPricing(Pricing):
    """Answers for what was asked for, and on nothing smaller."""

    async def price(self, *asked):
        """The price of the loan asked for."""
        if asked[1]["amount"] < 3000:
            raise DependencyFailed("pricing", "answered 500")
        return await super().price(*asked)  # type: ignore[no-untyped-call]  # its parent has no annotations


def made(
    application: Any, edition: Edition = ON, pricing: type[Pricing] = Pricing, **request: Any
) -> Decided:
    """A decision where counter-offers are made."""
    product = replace(LOAN, starts=(date.min,), editions=(edition,))
    models = Scoring(), pricing(*terms_on(LOAN.today(NOW)))
    story = decide(
        Request(dict(application), **request), product, *models, FakeStopwatch(), NOW, DECISION_ID, TRACE_ID
    )
    return asyncio.run(story)


def nearer_term(asked: dict[str, Any]) -> int:
    """A term one month nearer to what was asked for than the policy's own limit."""
    return 61 if asked["term_months"] > 60 else 5


@pytest.mark.parametrize(
    ("asked", "offered", "reasons"),
    [
        ({"amount": 3000}, (1800, 36), ["AMOUNT_TOO_HIGH"]),
        ({"term_months": 72}, (1000, 60), ["TERM_TOO_LONG"]),
        ({"term_months": 3, "amount": 500}, (500, 6), ["TERM_TOO_SHORT"]),
    ],
)
def test_the_most_that_is_approved_is_offered(asked, offered, reasons):
    """The largest amount or the nearest term that is approved, with the reasons why not what was asked."""
    done = made(GOOD | asked)
    decision = done.decision
    assert decision.outcome is Outcome.COUNTER_OFFER
    assert decision.offer is not None
    assert (decision.offer.amount, decision.offer.term_months) == offered
    assert decision.requested.amount == (GOOD | asked)["amount"]
    assert [reason.code for reason in decision.reasons] == reasons
    assert decision.notice is not None
    assert decision.notice.kind == "counter_offer"
    other: dict[str, Any] = {"amount": offered[0], "term_months": offered[1]}
    approved = decided(GOOD | other).decision
    assert approved.outcome is Outcome.APPROVE
    assert approved.offer == decision.offer
    assert approved.conditions == decision.conditions
    nearer = (
        {"amount": offered[0] + 10} if "term_months" not in asked else {"term_months": nearer_term(asked)}
    )
    assert decided(GOOD | other | nearer).decision.outcome is not Outcome.APPROVE


@pytest.mark.parametrize(
    "asked",
    [{"term_months": 72, "debt": 90_000}, {"debt": 90_000}, {"amount": 50}, {"income": None}, {}],
)
def test_nothing_else_is_answered_so(asked):
    """Declined for another limit too, or for too little, incomplete, approved: as without the switch."""
    with_it, without = made(GOOD | asked).decision, decided(GOOD | asked).decision
    assert with_it.outcome is without.outcome is not Outcome.COUNTER_OFFER
    assert with_it.offer == without.offer


def test_off_unless_the_product_says_so():
    """The consumer loan as it stands declines; a simulation of changes never counters either."""
    assert decided(GOOD | {"amount": 3000}).decision.outcome is Outcome.DECLINE
    assert made(GOOD | {"amount": 3000}, on_other_terms=False).decision.outcome is Outcome.DECLINE


def test_a_silent_model_leaves_the_decline():
    """Where a model does not answer on other terms nothing is offered, and the decline stands."""
    decision = made(GOOD | {"amount": 3000}, pricing=FailingPricing).decision
    assert (decision.outcome, decision.offer, decision.causes) == (Outcome.DECLINE, None, ())


def test_a_counter_offer_replays():
    """From what was stored it comes out the same; a changed term of it is found."""
    done = made(GOOD | {"amount": 3000})
    record = json.loads(done.decision.model_dump_json(exclude={"explanation"}))
    inputs = json.loads(done.inputs.model_dump_json())
    assert replay(record, inputs, ON) is None
    better = {**record, "offer": {**record["offer"], "amount": 1900}}
    difference = replay(better, inputs, ON)
    assert difference is not None
    assert difference.path == "decision.offer.amount"
    inputs["counter"]["application"]["amount"] = 1500
    difference = replay(record, inputs, ON)
    assert difference is not None
    assert difference.path == "inputs.counter"


@pytest.mark.parametrize("reader", list(Reader))
async def test_a_counter_offer_is_explained(reader):
    """Each reader's words pass the check: why not what was asked, what is offered instead, until when."""
    done = await asyncio.to_thread(made, GOOD | {"amount": 3000})
    explained = await explain(
        done.decision, FakeClauses(), None, reader=reader, stopwatch=Watch(), document=DOCUMENT,
        titles=titles_of(ON),
    )  # fmt: skip
    explanation = explained.explanation
    assert (explanation.status, explanation.problems) == ("verified", ())
    assert {"outcome", "reason:AMOUNT_TOO_HIGH", "price"} <= {s.claim for s in explanation.sentences}


@pytest.mark.parametrize("actions", [["nothing"], ["debt_paid_down"], ["cheaper_purchase"]])
def test_only_terms_can_be_countered(actions):
    """A counter-offer never asks for another purchase, for debt to be paid or for what is not declared."""
    with pytest.raises(InvalidProduct, match="no action on amount or term alone"):
        countering(actions=actions)

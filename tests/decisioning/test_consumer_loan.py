"""The product that comes with Credence, decided and replayed on real applications with its own models."""

import asyncio
import json
from collections import Counter

import pytest

from app.sandbox.applications import sample_applications
from app.sandbox.pricing import PricingTerms, price
from app.sandbox.scoring import read_scorecard
from app.sandbox.terms import terms_on
from decisioning.decide import Decided, Request, decide
from decisioning.edition import edition_of
from decisioning.model import Outcome
from decisioning.product import PRODUCTS, Product, load_product
from decisioning.replay import artefact_difference, replay
from tests.factories import DECISION_ID, NOW, TRACE_ID, FakeStopwatch

CARD = read_scorecard()
EVERY = 15
"""Of the applications every so many is decided: all of them in the demo, these in seconds."""


class Scoring:
    """The reference scorecard without HTTP."""

    async def score(self, product, application, timeout_s):
        """Its points."""
        return CARD.score(application)


class Pricing:
    """The reference pricing without HTTP."""

    def __init__(self, terms: PricingTerms, version: str) -> None:
        self.terms, self.version = terms, version

    async def price(self, product, application, score, pd, timeout_s):
        """Its price."""
        return price(application, score, pd, self.terms, self.version)


@pytest.fixture(scope="module")
def loan():
    """The product, loaded."""
    return load_product(PRODUCTS / "consumer_loan")


@pytest.fixture(scope="module")
def decisions(loan) -> list[Decided]:
    """Decisions on some of the applications under the policy of today."""
    return asyncio.run(_decided(loan))


async def _decided(loan: Product) -> list[Decided]:
    pricing = Pricing(*terms_on(loan.today(NOW)))
    asked = (Request(dict(sample.application)) for sample in sample_applications()[::EVERY])
    return [
        await decide(each, loan, Scoring(), pricing, FakeStopwatch(), NOW, DECISION_ID, TRACE_ID)
        for each in asked
    ]


def test_real_applications_are_decided_and_replayed(loan, decisions):
    """Each real application gets an outcome that its own record gives again, from artefacts alone."""
    contents = json.loads(json.dumps(dict(loan.on(loan.today(NOW)).artefacts)))
    edition = edition_of(contents)
    for done in decisions:
        record = json.loads(done.decision.model_dump_json(exclude={"explanation"}))
        inputs = json.loads(done.inputs.model_dump_json())
        assert artefact_difference(inputs["artefacts"], contents) is None
        assert replay(record, inputs, edition) is None
    outcomes = Counter(done.decision.outcome for done in decisions)
    assert set(outcomes) == {Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE, Outcome.INCOMPLETE}


def test_models_and_product_agree(decisions):
    """The reference models never contradict themselves or the product: no decision has a cause."""
    assert [done.decision.causes for done in decisions if done.decision.causes] == []


def test_every_adverse_decision_says_why(decisions):
    """A decline has one to four reasons, more only if all are automatic denials or both components speak."""
    for decision in (done.decision for done in decisions):
        if decision.outcome is Outcome.DECLINE:
            automatic = sum(reason.automatic_denial for reason in decision.reasons)
            assert 1 <= len(decision.reasons) <= max(4, automatic + 1)
            assert all(reason.clauses for reason in decision.reasons)


def test_what_is_missing_keeps_its_order(loan):
    """What is missing is named in an order that a product rebuilt from its stored parts keeps."""
    raw = {**dict(sample_applications()[0].application), "income": None, "debt": None}
    edition = loan.editions[-1]
    again = edition_of(json.loads(json.dumps(dict(edition.artefacts), sort_keys=True)))
    application = edition.application.read(raw)
    assert edition.application.missing(application) == ("debt", "income")
    assert again.application.missing(application) == ("debt", "income")

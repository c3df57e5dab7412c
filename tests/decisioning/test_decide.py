"""The story of one decision, told by its outcomes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from decisioning.decide import Request, decide
from decisioning.errors import (
    DependencyFailed,
    DependencyInvalid,
    DependencyTimeout,
    InvalidApplication,
    NoPolicyInForce,
)
from decisioning.model import Cause, Mode, Notice, Outcome
from tests.factories import (
    DECISION_ID,
    NOW,
    TRACE_ID,
    FakePricing,
    FakeScoring,
    FakeStopwatch,
    application,
    decided,
    price_answer,
    score_answer,
    tiny_product,
)


async def test_approval(product):
    """A sound application is approved with the price as its offer, without reasons or notice."""
    decision = (await decided(product)).decision
    assert (decision.outcome, decision.reasons, decision.conditions, decision.notice) == (
        Outcome.APPROVE,
        (),
        (),
        None,
    )
    assert decision.offer is not None
    assert decision.offer.model_dump(mode="json") == {
        "amount": 6000,
        "term_months": 24,
        "nominal_rate": 0.06,
        "apr": 0.061678,
        "monthly_payment": 265.92,
        "total_payable": 6382.08,
        "expires_at": "2026-12-23T09:30:00Z",
    }
    assert decision.timings_ms.model_dump(exclude_none=True) == {"score": 1, "price": 1, "rules": 1}
    assert (decision.versions.scoring, decision.versions.pricing) == ("tiny-scorecard@1", "tiny-pricing@1")


async def test_knock_out_declines_with_its_reason(product):
    """An application over a limit is declined, its reason an automatic denial that cites the clause."""
    decision = (await decided(product, application(income=500))).decision
    assert decision.outcome is Outcome.DECLINE
    assert decision.offer is None
    (reason,) = decision.reasons
    assert (reason.rank, reason.code, reason.source, reason.automatic_denial, reason.clauses) == (
        1,
        "OBLIGATIONS",
        "K-SERVICE",
        True,
        ("TP-3.4", "TP-4.1"),
    )
    fired = decision.rules[0]
    assert (fired.id, fired.fired, fired.value, fired.limit, fired.edition) == (
        "K-SERVICE",
        True,
        0.53184,
        0.5,
        "2026-06-01",
    )
    assert decision.notice == Notice(kind="adverse_action", due_at=NOW + timedelta(days=30))
    assert decision.reference_population is None


async def test_low_score_declines_with_characteristics(product):
    """A low score is explained by the characteristics furthest below average, with the population named."""
    decision = (await decided(product, score=score_answer(300))).decision
    assert decision.outcome is Outcome.DECLINE
    assert [reason.source for reason in decision.reasons] == ["term_months", "records", "income", "home"]
    assert {reason.component for reason in decision.reasons} == {"score"}
    assert decision.reference_population is not None
    assert decision.reference_population.model_dump() == {
        "method": "near_cutoff",
        "version": "2026-05-01",
        "model": "tiny-scorecard",
        "n": 200,
    }


async def test_grey_zone_refers(product):
    """A score in the grey zone goes to a person, with the reasons why."""
    decision = (await decided(product, score=score_answer(480))).decision
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0].component == "score"
    assert decision.notice is None


async def test_grey_zone_and_knock_out_give_reasons_of_both(product):
    """A denial by rule of a file in the grey zone has reasons from both components (comment 9(b)(2)-7)."""
    decision = (await decided(product, application(income=500), score=score_answer(460))).decision
    assert decision.outcome is Outcome.DECLINE
    assert {reason.component.value for reason in decision.reasons} == {"rule", "score"}


async def test_approval_with_condition(product):
    """What must be done before paying out stands on an approval."""
    decision = (await decided(product, application(amount=12_000, income=4000))).decision
    assert decision.outcome is Outcome.APPROVE
    assert [condition.code for condition in decision.conditions] == ["RETENTION_OF_TITLE"]


@pytest.mark.parametrize("income", [None, 0, "0", 0.001])
async def test_income_missing_is_incomplete(product, income):
    """Without an income, or with one of zero, nothing is asked and what is missing is named."""
    scoring, stopwatch = FakeScoring(), FakeStopwatch()
    received_at = datetime(2026, 11, 20, tzinfo=UTC)
    request = Request(application(income=income), received_at=received_at)
    done = await decide(request, product, scoring, FakePricing(), stopwatch, NOW, DECISION_ID, TRACE_ID)
    decision = done.decision
    assert (decision.outcome, decision.missing, scoring.asked) == (Outcome.INCOMPLETE, ("income",), [])
    assert decision.notice == Notice(kind="incompleteness", due_at=received_at + timedelta(days=30))
    assert decision.facts.keys() & {"service_to_income", "disposable_income", "score"} == set()
    assert stopwatch.stages == ["rules"]


async def test_scoring_failure_refers_with_its_cause(product):
    """When scoring fails nothing is invented: a person looks, and the record says why."""
    decision = (await decided(product, score=DependencyTimeout("scoring", "no answer in 2 s"))).decision
    assert (decision.outcome, decision.causes, decision.score, decision.pricing, decision.rules) == (
        Outcome.REFER,
        (Cause(dependency="scoring", problem="no answer in 2 s"),),
        None,
        None,
        (),
    )


async def test_pricing_failure_keeps_the_score(product):
    """When pricing fails the score stands, and nothing is offered."""
    decision = (await decided(product, price=DependencyFailed("pricing", "refused"))).decision
    assert decision.outcome is Outcome.REFER
    assert decision.score is not None
    assert (decision.offer, decision.causes[0].dependency) == (None, "pricing")


@pytest.mark.parametrize("dependency", ["scoring", "pricing"])
async def test_a_product_may_refuse(tmp_path, dependency):
    """A product that refuses on a failure gets the failure, not a decision."""
    product = tiny_product(tmp_path, on_failure={"scoring": "refuse", "pricing": "refuse"})
    failure = DependencyFailed(dependency, "down")
    with pytest.raises(DependencyFailed, match="down"):
        await decided(product, **{"score" if dependency == "scoring" else "price": failure})


@pytest.mark.parametrize(
    ("score", "problem"),
    [
        (score_answer(1200), "score 1200 is outside its scale 0 to 1000"),
        (score_answer(5, min=10, max=10), "its scale runs from 10 to 10"),
        (score_answer(5, max=1e300), "its scale runs from 0 to 1e+300"),
        (
            score_answer(contributions=score_answer().contributions * 2),
            "characteristic 'seniority_years' contributes twice",
        ),
        (score_answer(300, contributions=()), "no characteristic explains the score that declines"),
    ],
)
async def test_nonsense_from_scoring_refers(product, score, problem):
    """A score that contradicts itself is no score: a person looks."""
    decision = (await decided(product, score=score)).decision
    assert (decision.outcome, decision.causes) == (
        Outcome.REFER,
        (Cause(dependency="scoring", problem=problem),),
    )


async def test_nonsense_from_pricing_refers(product):
    """A price beyond any price is none: a person looks."""
    decision = (await decided(product, price=price_answer(nominal_rate=1e300))).decision
    cause = Cause(dependency="pricing", problem="a number is beyond any price")
    assert (decision.outcome, decision.offer, decision.pricing, decision.causes) == (
        Outcome.REFER,
        None,
        None,
        (cause,),
    )


@pytest.mark.parametrize("price", [price_answer(total_payable=9000), price_answer(tier="other")])
async def test_how_a_price_adds_up_is_the_pricing_models_business(product, price):
    """Fees in the total and tiers of the model's own decide as they come, and are shown as they came."""
    decision = (await decided(product, price=price)).decision
    assert (decision.outcome, decision.causes) == (Outcome.APPROVE, ())
    assert decision.offer is not None
    assert decision.pricing is not None
    assert (decision.offer.total_payable, decision.pricing.tier) == (price.total_payable, price.tier)


async def test_nonsense_may_refuse(tmp_path):
    """A product that refuses on a failure refuses on nonsense too."""
    product = tiny_product(tmp_path, on_failure={"scoring": "refuse", "pricing": "refer"})
    with pytest.raises(DependencyInvalid, match="outside its scale"):
        await decided(product, score=score_answer(1200))


async def test_unknown_characteristics_are_allowed(product):
    """A contribution that the product does not know is no contradiction and no reason."""
    extra = score_answer().contributions[0].model_copy(update={"characteristic": "zodiac", "points": -999})
    answer = score_answer(300, contributions=(*score_answer(300).contributions, extra))
    decision = (await decided(product, score=answer)).decision
    assert decision.outcome is Outcome.DECLINE
    assert "zodiac" not in {reason.source for reason in decision.reasons}


async def test_budgets(product):
    """A model is given its own budget or what is left of the request's, whichever is less."""
    scoring, pricing, stopwatch = FakeScoring(), FakePricing(), FakeStopwatch(remaining_s=0.5)
    await decide(Request(application()), product, scoring, pricing, stopwatch, NOW, DECISION_ID, TRACE_ID)
    assert (scoring.timeouts_s, pricing.timeouts_s) == ([0.5], [0.5])
    stopwatch.left_s = 9
    await decide(Request(application()), product, scoring, pricing, stopwatch, NOW, DECISION_ID, TRACE_ID)
    assert (scoring.timeouts_s[1:], pricing.timeouts_s[1:]) == ([2], [2])


async def test_no_time_left(product):
    """With the request's time spent a model is not asked at all."""
    scoring, stopwatch = FakeScoring(), FakeStopwatch(remaining_s=0)
    done = await decide(
        Request(application()), product, scoring, FakePricing(), stopwatch, NOW, DECISION_ID, TRACE_ID
    )
    assert scoring.asked == []
    assert done.decision.causes == (
        Cause(dependency="scoring", problem="not asked, the request's time was spent"),
    )


async def test_as_of_another_day_is_a_simulation(product):
    """The policy is that of the day asked; only the lender's today is live."""
    live = (await decided(product, application(income=500))).decision
    past = (await decided(product, application(income=500), as_of=date(2025, 3, 1))).decision
    assert (live.mode, live.outcome) == (Mode.LIVE, Outcome.DECLINE)
    assert (past.mode, past.outcome, past.as_of) == (Mode.SIMULATION, Outcome.APPROVE, date(2025, 3, 1))
    assert live.versions.parameters != past.versions.parameters
    assert live.versions.policy.startswith("2026-06-01+")
    assert past.versions.policy.startswith("2025-01-01+")


async def test_today_is_the_lenders_day(product):
    """Shortly before midnight in UTC it is already tomorrow in Madrid."""
    now = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    done = await decide(
        Request(application()),
        product,
        FakeScoring(),
        FakePricing(),
        FakeStopwatch(),
        now,
        DECISION_ID,
        TRACE_ID,
    )
    assert (done.decision.as_of, done.decision.mode) == (date(2026, 6, 1), Mode.LIVE)


async def test_no_policy_before_the_first(product):
    """A day before the first edition has no policy, and no decision."""
    with pytest.raises(NoPolicyInForce, match="2024-12-31"):
        await decided(product, as_of=date(2024, 12, 31))


async def test_bad_application_asks_nobody(product):
    """An application that breaks the schema is refused before any model is asked."""
    with pytest.raises(InvalidApplication) as refused:
        await decided(product, application(age=30, term_months=0))
    assert {problem.field for problem in refused.value.problems} == {
        "application.term_months",
        "application.age",
    }


async def test_numbers_are_compared_as_printed(product):
    """A ratio that rounds to the limit does not pass it: what is compared is what is printed."""
    price = price_answer(monthly_payment=265.92)
    at_limit = (await decided(product, application(income=531.84), price=price)).decision
    over = (await decided(product, application(income=531.83), price=price)).decision
    assert (at_limit.facts["service_to_income"].value, at_limit.outcome) == (0.5, Outcome.APPROVE)
    assert (over.facts["service_to_income"].value, over.outcome) == (0.500009, Outcome.DECLINE)


async def test_inputs_hold_all_that_a_replay_needs(product):
    """The inputs keep the application as read, both answers as they came, and the edition's digests."""
    done = await decided(product, application(amount="6000.00"))
    edition = product.on(done.decision.as_of)
    assert done.inputs.application == {**application(), "amount": 6000.0}
    assert (done.inputs.score_answer, done.inputs.price_answer) == (score_answer(), price_answer())
    assert done.inputs.artefacts == edition.digests

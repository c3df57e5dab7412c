"""The story of one decision: validate, score, price, judge, write down."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from decisioning.answers import Answers, check_score
from decisioning.counter_offer import Countered, countered, may_counter
from decisioning.edition import Edition
from decisioning.errors import DependencyFailed, DependencyTimeout
from decisioning.judge import Application, judge, refuses
from decisioning.model import CounterInputs, Decision, Inputs, Mode, Timings
from decisioning.ports import PricingModel, ScoringModel, Stopwatch
from decisioning.product import Product
from decisioning.record import Case, record_of, sealed


@dataclass(frozen=True)
class Request:
    """A request for a decision. `as_of` other than the lender's today makes a simulation.

    `received_at` is when the lender had the completed application; None means now. `on_other_terms`: a
    product that makes counter-offers may make one here.
    """

    application: object
    external_id: str | None = None
    received_at: datetime | None = None
    as_of: date | None = None
    corrects: UUID | None = None
    on_other_terms: bool = True


@dataclass(frozen=True)
class Decided:
    """A decision without its explanation, and everything that a replay of it needs."""

    decision: Decision
    inputs: Inputs


async def decide(
    request: Request,
    product: Product,
    scoring: ScoringModel,
    pricing: PricingModel,
    stopwatch: Stopwatch,
    now: datetime,
    decision_id: UUID,
    trace_id: str,
) -> Decided:
    """Decide on one application under the policy of its day.

    Raises InvalidApplication, NoPolicyInForce, RulesFailed, and DependencyFailed where the product
    refuses rather than refers.
    """
    case = _case(request, product, now, decision_id, trace_id)
    edition = product.on(case.as_of)
    application = edition.application.read(request.application)
    answers = Answers()
    if not edition.application.missing(application):
        answers = await _ask(edition, application, scoring, pricing, stopwatch)
    with stopwatch.stage("rules"):
        judgement = judge(edition, application, answers)
    other = None
    if request.on_other_terms and may_counter(edition, judgement):

        async def ask(terms: Application) -> Answers:
            try:
                return await _ask(edition, terms, scoring, pricing, stopwatch)
            except DependencyFailed as failure:  # no answer on other terms leaves the decline as it is
                return Answers(failure=failure)

        other = await countered(edition, application, ask)
    decision = record_of(case, edition, application, judgement, _timings(stopwatch), other)
    inputs = Inputs(
        application=application,
        score_answer=answers.score,
        price_answer=answers.price,
        artefacts=dict(edition.digests),
        known_at=now,
        counter=_kept(other) if other else None,
    )
    return Decided(decision, sealed(decision, inputs))


def _kept(other: Countered) -> CounterInputs | None:
    answers = other.answers
    if answers.score is None or answers.price is None:
        return None
    return CounterInputs(
        application=dict(other.application), score_answer=answers.score, price_answer=answers.price
    )


def _case(request: Request, product: Product, now: datetime, decision_id: UUID, trace_id: str) -> Case:
    today = product.today(now)
    as_of = request.as_of or today
    return Case(
        id=decision_id,
        external_id=request.external_id,
        trace_id=trace_id,
        as_of=as_of,
        mode=Mode.LIVE if as_of == today else Mode.SIMULATION,
        received_at=request.received_at or now,
        created_at=now,
        corrects=request.corrects,
    )


async def _ask(
    edition: Edition,
    application: Application,
    scoring: ScoringModel,
    pricing: PricingModel,
    stopwatch: Stopwatch,
) -> Answers:
    """Score, then price, each within its own budget and the request's; what failed is kept, not hidden."""
    name, budget = edition.product.name, edition.product.budget_s
    score = None
    try:
        with stopwatch.stage("score"):
            timeout_s = _time_left("scoring", budget.score, stopwatch)
            score = await scoring.score(name, application, timeout_s)
        check_score(score)
        with stopwatch.stage("price"):
            timeout_s = _time_left("pricing", budget.price, stopwatch)
            price = await pricing.price(name, application, score.score, score.pd, timeout_s)
    except DependencyFailed as failure:
        if refuses(edition, failure):
            raise
        return Answers(score, failure=failure)
    return Answers(score, price)


def _time_left(dependency: str, budget_s: float, stopwatch: Stopwatch) -> float:
    remaining_s = stopwatch.remaining_s()
    if remaining_s <= 0:
        raise DependencyTimeout(dependency, "not asked, the request's time was spent")
    return min(budget_s, remaining_s)


def _timings(stopwatch: Stopwatch) -> Timings:
    measured = stopwatch.timings_ms()
    return Timings(score=measured.get("score"), price=measured.get("price"), rules=measured.get("rules"))

"""Writing a decision down: the record that is sent and stored, and the seal on its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter

from decisioning.canonical import digest
from decisioning.counter_offer import Countered
from decisioning.edition import OFFER_VALID_DAYS, Edition
from decisioning.judge import Application, Judgement, requested_in
from decisioning.model import (
    Component,
    Decision,
    Fact,
    Inputs,
    Mode,
    Notice,
    Offer,
    Outcome,
    PriceAnswer,
    Pricing,
    Requested,
    Score,
    ScoreAnswer,
    Seal,
    Timings,
    Versions,
)

NOTICE_DAYS = 30
"""Days to notify from receiving the application (Reg B §1002.9(a)(1)(i); (c)(1) where incomplete)."""

GIVEN = {
    *("id", "external_id", "trace_id", "as_of", "mode", "received_at", "created_at", "corrects"),
    *("causes", "versions", "timings_ms"),
}
"""The fields of a decision that a replay cannot, or not wholly, compute again."""

SEALED_PARTS = ("application", "score_answer", "price_answer")
"""The parts of the inputs that the decision does not repeat whole."""

_FACTS = TypeAdapter(dict[str, Fact])
_INSTANT = TypeAdapter(datetime)
_NOTICES: Mapping[Outcome, Literal["adverse_action", "counter_offer", "incompleteness"]] = {
    Outcome.DECLINE: "adverse_action",
    Outcome.COUNTER_OFFER: "counter_offer",
    Outcome.INCOMPLETE: "incompleteness",
}


@dataclass(frozen=True)
class Case:
    """What stands beside an application and is not computed from it."""

    id: UUID
    external_id: str | None
    trace_id: str
    as_of: date
    mode: Mode
    received_at: datetime
    created_at: datetime
    corrects: UUID | None


def record_of(
    case: Case,
    edition: Edition,
    application: Application,
    judgement: Judgement,
    timings: Timings,
    other: Countered | None = None,
) -> Decision:
    """The decision as it is sent and stored, without its explanation.

    With `other` terms that are approved it is a counter-offer: facts, rules and reasons are those of what
    was asked for, offer and conditions those of the other terms.
    """
    requested = requested_in(application)
    granted = other.judgement if other else judgement
    terms = requested_in(other.application) if other else requested
    outcome = Outcome.COUNTER_OFFER if other else judgement.outcome
    units = edition.facts.units
    by_score = any(reason.component is Component.SCORE for reason in judgement.reasons)
    return Decision(
        id=case.id,
        external_id=case.external_id,
        product=edition.product.name,
        mode=case.mode,
        outcome=outcome,
        missing=judgement.missing,
        causes=judgement.causes,
        requested=requested,
        offer=_offer(case, edition, terms, granted),
        currency=edition.product.currency,
        facts=_FACTS.validate_python(
            {name: {"value": value, "unit": units[name]} for name, value in judgement.facts.items()}
        ),
        score=_score(judgement.score, edition.cutoff) if judgement.score else None,
        pricing=_pricing(judgement.price) if judgement.price else None,
        rules=judgement.rules,
        reasons=judgement.reasons,
        conditions=granted.conditions,
        explanation=None,
        versions=_versions(
            edition.versions, _model_version(judgement.score), _model_version(judgement.price)
        ),
        as_of=case.as_of,
        timings_ms=timings,
        trace_id=case.trace_id,
        received_at=case.received_at,
        created_at=case.created_at,
        notice=_notice(outcome, case.received_at),
        reference_population=edition.reasons.reference if by_score else None,
        corrects=case.corrects,
    )


def sealed(decision: Decision, inputs: Inputs) -> Inputs:
    """The inputs with the seal of this decision.

    Whoever changes the decision afterwards (later timings, the versions of its words) seals again
    before storing it.
    """
    digests = digests_of(inputs.model_dump(mode="json", include={*SEALED_PARTS, "counter"}))
    return inputs.model_copy(update={"seal": Seal(given=_given(decision, inputs), digests=digests)})


def sealed_again(decision: Decision, inputs: Inputs) -> Inputs:
    """The same where only the decision has changed since the inputs were sealed: their digests stand."""
    if inputs.seal is None:
        return sealed(decision, inputs)
    seal = Seal(given=_given(decision, inputs), digests=inputs.seal.digests)
    return inputs.model_copy(update={"seal": seal})


def _given(decision: Decision, inputs: Inputs) -> dict[str, Any]:
    given = decision.model_dump(mode="json", include=GIVEN)
    given["known_at"] = _INSTANT.dump_python(inputs.known_at, mode="json")
    return given


def digests_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """A digest for each part of the inputs, given as JSON, that nothing else repeats."""
    parts = (*SEALED_PARTS, "counter") if inputs.get("counter") else SEALED_PARTS
    return {part: digest(inputs[part]) for part in parts}


def _offer(case: Case, edition: Edition, requested: Requested, judgement: Judgement) -> Offer | None:
    """The terms of an approval; nothing else offers."""
    price = judgement.price
    if judgement.outcome is not Outcome.APPROVE or price is None:
        return None
    return Offer(
        amount=requested.amount,
        term_months=requested.term_months,
        nominal_rate=price.nominal_rate,
        apr=price.apr,
        monthly_payment=price.monthly_payment,
        total_payable=price.total_payable,
        expires_at=case.created_at + timedelta(days=edition.values[OFFER_VALID_DAYS]),
    )


def _score(answer: ScoreAnswer, cutoff: float) -> Score:
    return Score(
        value=answer.score,
        pd=answer.pd,
        min=answer.min,
        max=answer.max,
        cutoff=cutoff,
        model=answer.model,
        version=answer.version,
    )


def _pricing(answer: PriceAnswer) -> Pricing:
    return Pricing(
        nominal_rate=answer.nominal_rate,
        apr=answer.apr,
        monthly_payment=answer.monthly_payment,
        tier=answer.tier,
        model=answer.model,
        version=answer.version,
    )


@lru_cache(maxsize=256)
def _versions(ours: Versions, scoring: str | None, pricing: str | None) -> Versions:
    return ours.model_copy(update={"scoring": scoring, "pricing": pricing})


def _model_version(answer: ScoreAnswer | PriceAnswer | None) -> str | None:
    return f"{answer.model}@{answer.version}" if answer else None


def _notice(outcome: Outcome, received_at: datetime) -> Notice | None:
    kind = _NOTICES.get(outcome)
    return Notice(kind=kind, due_at=received_at + timedelta(days=NOTICE_DAYS)) if kind else None

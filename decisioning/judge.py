"""The judgement of one application: a pure function of values, the same today and at any replay."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

from decisioning.answers import Answers, check_price, check_score, printed_price, printed_score
from decisioning.edition import Edition
from decisioning.errors import DependencyFailed, DependencyInvalid
from decisioning.model import (
    Cause,
    Condition,
    Effect,
    Outcome,
    PriceAnswer,
    Reason,
    Requested,
    Rule,
    ScoreAnswer,
    Value,
)

Application = Mapping[str, Value]


@dataclass(frozen=True)
class Judgement:
    """What came of an application and of what.

    `facts` lacks those that are absent; `score` and `price` are the answers that could be used, their
    numbers as printed.
    """

    outcome: Outcome
    facts: Mapping[str, Value]
    missing: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    score: ScoreAnswer | None = None
    price: PriceAnswer | None = None
    rules: tuple[Rule, ...] = ()
    reasons: tuple[Reason, ...] = ()
    conditions: tuple[Condition, ...] = ()


def outcome_of(missing: Collection[str], causes: Collection[Cause], effects: Collection[Effect]) -> Outcome:
    """The ladder: incomplete, then what a failure leaves to a person, then decline, refer, approve."""
    if missing:
        return Outcome.INCOMPLETE
    if causes:
        return Outcome.REFER
    if Effect.DECLINE in effects:
        return Outcome.DECLINE
    return Outcome.REFER if Effect.REFER in effects else Outcome.APPROVE


def requested_in(application: Application) -> Requested:
    """What a validated application asks for."""
    return Requested(
        amount=cast("float", application["amount"]), term_months=cast("int", application["term_months"])
    )


def judge(edition: Edition, application: Application, answers: Answers) -> Judgement:
    """The judgement under that edition.

    A failing or contradictory model never decides: its failure refers the application to a person
    with its cause, or is raised, as the product says. Raises RulesFailed.
    """
    if missing := edition.application.missing(application):
        facts = _facts(edition, application, None, None)
        return Judgement(outcome_of(missing, (), ()), facts, missing=missing)
    try:
        return _by_rules(edition, application, *_sound(application, answers))
    except DependencyFailed as failure:
        if refuses(edition, failure):
            raise
        return _referred(edition, application, answers, failure)


def refuses(edition: Edition, failure: DependencyFailed) -> bool:
    """Whether the product answers this failure by refusing the request."""
    on_failure = edition.product.on_failure
    return (on_failure.pricing if failure.dependency == "pricing" else on_failure.scoring) == "refuse"


def _sound(application: Application, answers: Answers) -> tuple[ScoreAnswer, PriceAnswer]:
    """Both answers, each free of contradiction, as printed; raises the first failure on the way."""
    if answers.score is not None:
        check_score(answers.score)
    if answers.failure is not None:
        raise answers.failure
    if answers.score is None or answers.price is None:
        raise DependencyInvalid("scoring" if answers.score is None else "pricing", "did not answer")
    check_price(answers.price)
    return printed_score(answers.score), printed_price(answers.price)


def _by_rules(
    edition: Edition, application: Application, score: ScoreAnswer, price: PriceAnswer
) -> Judgement:
    facts = _facts(edition, application, score, price)
    evaluation = edition.rules.evaluate(facts)
    outcome = outcome_of((), (), {row.effect for row in evaluation.fired})
    unknown = edition.application.unknown(application)
    reasons = edition.reasons.reasons(outcome, evaluation.fired, score.contributions, unknown)
    if outcome is Outcome.DECLINE and not reasons:
        raise DependencyInvalid("scoring", "no characteristic explains the score that declines")
    return Judgement(
        outcome=outcome,
        facts=facts,
        score=score,
        price=price,
        rules=evaluation.shown,
        reasons=reasons,
        conditions=edition.reasons.conditions(evaluation.fired) if outcome is Outcome.APPROVE else (),
    )


def _referred(
    edition: Edition, application: Application, answers: Answers, failure: DependencyFailed
) -> Judgement:
    """To a person, with the cause; a sound score is still shown where the price failed."""
    score = printed_score(answers.score) if answers.score and failure.dependency == "pricing" else None
    causes = (Cause(dependency=failure.dependency, problem=failure.problem),)
    facts = _facts(edition, application, score, None)
    return Judgement(outcome_of((), causes, ()), facts, causes=causes, score=score)


def _facts(
    edition: Edition, application: Application, score: ScoreAnswer | None, price: PriceAnswer | None
) -> dict[str, Value]:
    return edition.facts.derive(
        {
            "application": application,
            "parameters": edition.values,
            "score": _score_paths(score) if score else {},
            "pricing": _pricing_paths(price) if price else {},
        }
    )


def _score_paths(answer: ScoreAnswer) -> dict[str, Value]:
    return {"value": answer.score, "pd": answer.pd, "min": answer.min, "max": answer.max}


def _pricing_paths(answer: PriceAnswer) -> dict[str, Value]:
    return {
        "nominal_rate": answer.nominal_rate,
        "apr": answer.apr,
        "monthly_payment": answer.monthly_payment,
        "total_payable": answer.total_payable,
        "tier": answer.tier,
    }

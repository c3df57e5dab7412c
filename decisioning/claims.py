"""Every claim that a stored decision carries, computed before any word is written."""

from collections.abc import Iterable
from datetime import date

from decisioning.claim_types import (
    BaseClaim,
    CharacteristicClaim,
    Claim,
    ConditionClaim,
    CounterfactualClaim,
    FailureClaim,
    MissingClaim,
    NextClaim,
    OutcomeClaim,
    PersonReasonClaim,
    PriceClaim,
    ScoreClaim,
    ThresholdClaim,
    claims_for,
    comparisons_of,
    reason_of,
    rule_of,
)
from decisioning.counterfactuals import Counterfactual
from decisioning.model import Cause, Component, Condition, Decision, Effect, Outcome, Reason, Rule

__all__ = [
    "BaseClaim",
    "CharacteristicClaim",
    "Claim",
    "ConditionClaim",
    "CounterfactualClaim",
    "FailureClaim",
    "MissingClaim",
    "NextClaim",
    "OutcomeClaim",
    "PersonReasonClaim",
    "PriceClaim",
    "ScoreClaim",
    "ThresholdClaim",
    "claims_for",
    "claims_of",
    "claims_of_changes",
    "comparisons_of",
    "reason_of",
    "rule_of",
]


def claims_of(decision: Decision) -> tuple[Claim, ...]:
    """Every claim of the decision, in the order in which an explanation makes them.

    The ids are unique, and the same for the same decision. Principal reasons keep their rank.
    """
    return (
        _outcome(decision),
        *(_failure(cause) for cause in decision.causes),
        *_missing(decision),
        *_score(decision),
        *(_reason(decision, reason) for reason in decision.reasons),
        *_further_rules(decision),
        *_price(decision),
        *(_condition(decision, condition) for condition in decision.conditions),
        *_next(decision),
        *_nearest(decision),
    )


def claims_of_changes(found: Iterable[Counterfactual]) -> tuple[CounterfactualClaim, ...]:
    """A claim for each change that a search found, in its order: what would change the outcome."""
    return tuple(
        CounterfactualClaim(
            id=f"counterfactual:{'+'.join(each.actions)}",
            facts=tuple(change.field for change in each.changes),
            clauses=tuple(dict.fromkeys(flip.rule.clause for flip in each.flips)),
            changes=each.changes,
        )
        for each in found
    )


def _outcome(decision: Decision) -> OutcomeClaim:
    return OutcomeClaim(
        id="outcome",
        facts=_known(decision, "amount", "term_months"),
        outcome=decision.outcome,
        mode=decision.mode,
        amount=decision.requested.amount,
        term_months=decision.requested.term_months,
        as_of=decision.as_of,
        automatic=any(r.automatic_denial for r in decision.reasons),
    )


def _failure(cause: Cause) -> FailureClaim:
    return FailureClaim(id=f"failure:{cause.dependency}", dependency=cause.dependency, problem=cause.problem)


def _missing(decision: Decision) -> tuple[MissingClaim, ...]:
    if not decision.missing:
        return ()
    return (MissingClaim(id="missing", facts=decision.missing, fields=decision.missing),)


def _score(decision: Decision) -> tuple[ScoreClaim, ...]:
    if decision.score is None:
        return ()
    rules = [r for r in decision.rules if r.component is Component.SCORE]
    band = next((r for r in rules if r.fired), None) or next(
        (r for r in rules if r.limit == decision.score.cutoff), None
    )
    facts = _known(decision, "score", "pd")
    return (ScoreClaim(id="score", facts=facts, clauses=_clauses(band), score=decision.score, band=band),)


def _reason(decision: Decision, reason: Reason) -> Claim:
    name = f"reason:{reason.code}"
    rule = next((r for r in decision.rules if r.id == reason.source and r.fired), None)
    if rule is not None:
        clauses = tuple(dict.fromkeys((rule.clause, *reason.clauses)))
        return ThresholdClaim(id=name, facts=_read_by(rule), clauses=clauses, rule=rule, reason=reason)
    facts = _known(decision, reason.source)
    if reason.component is Component.SCORE:
        reference = decision.reference_population
        method = reference.method if reference else None
        return CharacteristicClaim(
            id=name, facts=facts, clauses=reason.clauses, reason=reason, population=method
        )
    return PersonReasonClaim(id=name, facts=facts, clauses=reason.clauses, reason=reason)


def _further_rules(decision: Decision) -> tuple[ThresholdClaim, ...]:
    told = {r.source for r in decision.reasons}
    return tuple(
        _threshold(r)
        for r in decision.rules
        if r.fired and r.effect in _DECIDING and r.component is not Component.SCORE and r.id not in told
    )


def _nearest(decision: Decision) -> tuple[ThresholdClaim, ...]:
    nearest = (r for r in decision.rules if not r.fired and r.effect in _DECIDING)
    return tuple(_threshold(r) for r in nearest if r.value is not None)


_DECIDING = (Effect.DECLINE, Effect.REFER)


def _threshold(rule: Rule) -> ThresholdClaim:
    return ThresholdClaim(
        id=f"rule:{rule.id}", facts=_read_by(rule), clauses=(rule.clause,), rule=rule, reason=None
    )


_PRICED = ("nominal_rate", "apr", "instalment", "amount", "term_months", "tier")


def _price(decision: Decision) -> tuple[PriceClaim, ...]:
    if decision.offer is None:
        return ()
    # The rules of a counter-offer's record are those of what was asked for, its offer is another.
    own = decision.outcome is not Outcome.COUNTER_OFFER
    rule = next((r for r in decision.rules if own and r.fired and r.effect is Effect.PRICE), None)
    return (
        PriceClaim(
            id="price",
            facts=_known(decision, *_PRICED) if own else (),
            clauses=_clauses(rule),
            offer=decision.offer,
            tier=decision.pricing.tier if own and decision.pricing else None,
            rule=rule,
            expires_on=decision.offer.expires_at.date(),
        ),
    )


def _condition(decision: Decision, condition: Condition) -> ConditionClaim:
    own = decision.outcome is not Outcome.COUNTER_OFFER
    rules = (r for r in decision.rules if own and r.fired and r.effect is Effect.CONDITION)
    rule = next((r for r in rules if r.clause in condition.clauses), None)
    return ConditionClaim(
        id=f"condition:{condition.code}",
        facts=_read_by(rule) if rule else (),
        clauses=condition.clauses,
        code=condition.code,
        text=condition.text,
        rule=rule,
    )


def _next(decision: Decision) -> tuple[NextClaim, ...]:
    due_on = decision.notice.due_at.date() if decision.notice else None
    if decision.outcome is Outcome.REFER:
        return (NextClaim(id="next", step="review", due_on=due_on),)
    if decision.outcome is Outcome.INCOMPLETE:
        return (_complete_file(decision, due_on),)
    if decision.outcome is Outcome.DECLINE:
        return (NextClaim(id="next", step="notice", due_on=due_on),) if due_on else ()
    if decision.offer is None:
        return ()
    return (NextClaim(id="next", step="accept_offer", due_on=decision.offer.expires_at.date()),)


def _complete_file(decision: Decision, due_on: date | None) -> NextClaim:
    missing = decision.missing
    return NextClaim(id="next", facts=missing, step="complete_file", due_on=due_on, fields=missing)


def _known(decision: Decision, *names: str) -> tuple[str, ...]:
    return tuple(n for n in names if n in decision.facts)


def _read_by(rule: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys((rule.fact, *(c.fact for c in rule.also))))


def _clauses(rule: Rule | None) -> tuple[str, ...]:
    return (rule.clause,) if rule else ()

"""A claim as a language model is shown it: its values, in the order and the writing that a sentence needs."""

from collections.abc import Mapping
from typing import Any

from decisioning.claims import (
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
    comparisons_of,
)
from decisioning.model import Effect, Mode, Outcome, Reader, Rule, Unit
from decisioning.titles import Told
from decisioning.wording import denied, money, number, relation, written, written_date
from decisioning.writer import sentence as deterministic

_OUTCOMES = {
    Outcome.APPROVE: "approved",
    Outcome.COUNTER_OFFER: "answered with a counter-offer",
    Outcome.REFER: "referred to a person",
    Outcome.DECLINE: "declined",
    Outcome.INCOMPLETE: "incomplete and undecided",
}
_EFFECTS = {
    Effect.DECLINE: "that alone means a decline",
    Effect.REFER: "a person must decide",
}
_STEPS = {
    "review": "a person decides",
    "complete_file": "the applicant is asked for what the file lacks",
    "accept_offer": "the offer stands, and may be accepted",
    "notice": "the notice of the decision with its principal reasons is due",
}
_SUPPOSED_STEPS = {
    "review": "a person would decide",
    "complete_file": "a notice that asks for what the file lacks would be due",
    "accept_offer": "the offer would stand, and could be accepted",
    "notice": "a notice of the decision with its principal reasons would be due",
}
"""What would follow, were it decided: a simulation sets nobody a day but that of its offer."""


def brief(claim: Claim, told: Told) -> dict[str, Any]:
    """The claim's id and values; a value that is absent or empty is left out."""
    own = {"id": claim.id, **_values(claim, told)}
    return {k: v for k, v in own.items() if v not in (None, "", [], {})}


def _values(claim: Claim, told: Told) -> Mapping[str, Any]:
    match claim:
        case OutcomeClaim():
            return _outcome(claim, told)
        case ScoreClaim():
            return _score(claim)
        case ThresholdClaim():
            return _threshold(claim, told)
        case CharacteristicClaim():
            return _characteristic(claim, told)
        case PriceClaim():
            return _price(claim, told)
        case _:
            return _around(claim, told)


def _around(claim: Claim, told: Told) -> Mapping[str, Any]:
    match claim:
        case MissingClaim():
            return {"the_file_lacks": [told.name(f) for f in claim.fields], "so": "nothing can be decided"}
        case FailureClaim():
            return {"could_not_be_used": f"{claim.dependency} model", "so": "a person must decide"}
        case NextClaim():
            return _next(claim, told)
        case ConditionClaim():
            return {"the_approval_is_subject_to": claim.text, "clause": ", ".join(claim.clauses)}
        case PersonReasonClaim():
            return {"principal_reason": claim.reason.rank, "given_by": "a person", "text": claim.reason.text}
        case CounterfactualClaim():
            return {"says": deterministic(claim, told, Reader.ANALYST)}
    raise TypeError(claim.kind)


def _outcome(claim: OutcomeClaim, told: Told) -> Mapping[str, Any]:
    simulated = claim.mode is Mode.SIMULATION
    return {
        "simulation": "yes, so say what would be" if simulated else None,
        "application_for": f"{money(claim.amount, told.currency)} over {claim.term_months} months",
        "would_be" if simulated else "is": _OUTCOMES[claim.outcome],
        "policy_in_force_on": written_date(claim.as_of),
    }


def _score(claim: ScoreClaim) -> Mapping[str, Any]:
    score, band = claim.score, claim.band
    limit, called, so = score.cutoff, "cut-off", None
    if band is not None and band.fired and isinstance(band.limit, int | float):
        limit, so = float(band.limit), _EFFECTS.get(band.effect)
        called = "cut-off" if limit == score.cutoff else "minimum"
    stands = "at" if score.value == limit else "above" if score.value > limit else "below"
    return {
        "score": number(score.value),
        "scale": f"from {number(score.min)} to {number(score.max)}",
        called.replace("-", "_"): f"{number(limit)} points",
        "the_score_is": f"{stands} {called}",
        "clause": ", ".join(claim.clauses),
        "so": so,
    }


def _threshold(claim: ThresholdClaim, told: Told) -> Mapping[str, Any]:
    reason: dict[str, Any] = {"principal_reason": claim.reason.rank} if claim.reason else {}
    return reason | _rule(claim.rule, told)


def _rule(rule: Rule, told: Told) -> dict[str, Any]:
    stands = relation(rule.comparator) if rule.fired else denied(rule.comparator)
    limit = written(rule.limit, rule.unit, told.currency, rule.limit)
    limits = [c.limit for c in comparisons_of(rule) if c.fact == rule.fact]
    category = rule.unit is Unit.CATEGORY
    also = [
        f"{told.name(c.fact, c.unit)} is {written(c.value, c.unit, told.currency, c.limit)}, "
        f"{relation(c.comparator)} {written(c.limit, c.unit, told.currency, c.limit)}"
        for c in rule.also
        if rule.fired and c.fact != rule.fact
    ]
    inside = [
        f" but {relation(c.comparator)} {written(c.limit, c.unit, told.currency, c.limit)}"
        for c in rule.also
        if rule.fired and c.fact == rule.fact
    ]
    return {
        "fact": told.name(rule.fact, rule.unit),
        "value": written(rule.value, rule.unit, told.currency, *limits),
        "the_value_is": None if category else f"{stands} the limit of {limit}{''.join(inside)}",
        "clause": rule.clause,
        "and": also,
        "so": _consequence(rule, told) if rule.fired else f"{rule.clause} did not apply",
    }


def _consequence(rule: Rule, told: Told) -> str | None:
    """What follows from a rule that fired; one that refers decides nothing where another declined."""
    settled = told.decision.outcome is not Outcome.REFER
    if rule.effect is Effect.REFER and settled:
        return "by itself that would call for a person"
    return _EFFECTS.get(rule.effect)


def _characteristic(claim: CharacteristicClaim, told: Told) -> Mapping[str, Any]:
    reason = claim.reason
    near = {"near_cutoff": " near the cut-off"}.get(claim.population or "", "")
    return {
        "principal_reason": reason.rank,
        "comes_from": "the score",
        "characteristic": told.name(reason.source),
        "the_points_for_it_are": f"below the average of applicants{near}",
    }


def _price(claim: PriceClaim, told: Told) -> Mapping[str, Any]:
    offer, currency = claim.offer, told.currency
    return {
        "offer": f"{money(offer.amount, currency)} over {offer.term_months} months",
        "price_tier": claim.tier,
        "clause": ", ".join(claim.clauses),
        "nominal_rate": written(offer.nominal_rate, Unit.RATE, currency),
        "apr": written(offer.apr, Unit.RATE, currency),
        "monthly_payment": money(offer.monthly_payment, currency),
        "total": money(offer.total_payable, currency),
    }


def _next(claim: NextClaim, told: Told) -> Mapping[str, Any]:
    supposed, offered = told.decision.mode is Mode.SIMULATION, claim.step == "accept_offer"
    steps = _SUPPOSED_STEPS if supposed else _STEPS
    dated = claim.due_on and (offered or not supposed)
    due = f" {'until' if offered else 'by'} {written_date(claim.due_on)}" if claim.due_on and dated else ""
    return {
        "simulation": "yes, so say what would follow" if supposed else None,
        "next": steps[claim.step] + due,
        "lacks": [told.name(f) for f in claim.fields],
    }

"""The deterministic writer's words to an applicant: the outcome, catalogue texts, terms of an offer."""

from decisioning.claims import (
    CharacteristicClaim,
    Claim,
    ConditionClaim,
    MissingClaim,
    NextClaim,
    OutcomeClaim,
    PersonReasonClaim,
    PriceClaim,
    ThresholdClaim,
    reason_of,
)
from decisioning.model import Decision, Mode, Outcome, Unit
from decisioning.wording import ended, fact_name, listed, money, written, written_date


def sentence_to_applicant(claim: Claim, decision: Decision) -> str:
    """The sentence that words this claim for the applicant; a claim not meant for one is an error."""
    match claim:
        case OutcomeClaim():
            return _outcome(claim, decision)
        case ThresholdClaim() | CharacteristicClaim() | PersonReasonClaim():
            return _reason(claim)
        case MissingClaim():
            return f"Your file lacks {_fields(claim.fields)}, and nothing can be decided without it."
        case ConditionClaim():
            return f"This is a condition of the approval: {ended(claim.text)}"
        case PriceClaim():
            return _price(claim, decision)
        case NextClaim():
            return _next(claim)
    raise TypeError(claim.kind)


def _outcome(claim: OutcomeClaim, decision: Decision) -> str:
    asked = f"Your application for {money(claim.amount, decision.currency)} over {claim.term_months} months"
    simulated = claim.mode is Mode.SIMULATION
    said = {
        Outcome.APPROVE: "is approved",
        Outcome.COUNTER_OFFER: "is answered with a counter-offer",
        Outcome.REFER: "is with a person for review and is not decided yet",
        Outcome.DECLINE: "is declined",
        Outcome.INCOMPLETE: "is incomplete and not decided yet",
    }[claim.outcome]
    return f"{asked} {said}{' in a simulation that binds nobody' if simulated else ''}."


def _reason(claim: Claim) -> str:
    reason = reason_of(claim)
    if reason is None:
        raise TypeError(claim.kind)
    return ended(reason.text)


def _fields(names: tuple[str, ...]) -> str:
    return listed([fact_name(n) for n in names])


def _price(claim: PriceClaim, decision: Decision) -> str:
    offer, currency = claim.offer, decision.currency
    nominal, apr = (written(v, Unit.RATE, currency) for v in (offer.nominal_rate, offer.apr))
    monthly, total = money(offer.monthly_payment, currency), money(offer.total_payable, currency)
    paid = f"{monthly} a month and {total} in total"
    lent = f"{money(offer.amount, currency)} over {offer.term_months} months"
    return f"We offer {lent} at a nominal rate of {nominal} and an APR of {apr}: {paid}."


def _next(claim: NextClaim) -> str:
    if claim.step == "accept_offer" and claim.due_on:
        return f"The offer stands until {written_date(claim.due_on)}."
    if claim.step == "complete_file":
        by = f" by {written_date(claim.due_on)}" if claim.due_on else ""
        return f"We need your {_fields(claim.fields)}{by} to decide."
    if claim.step == "review":
        return "A person reviews your application next."
    return "You receive a notice of this decision with its principal reasons."

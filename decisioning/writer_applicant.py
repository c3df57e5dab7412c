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
from decisioning.model import Mode, Outcome, Unit
from decisioning.titles import Told
from decisioning.wording import ended, listed, whole_money, written, written_date


def sentence_to_applicant(claim: Claim, told: Told) -> str:
    """The sentence that words this claim for the applicant; a claim not meant for one is an error."""
    match claim:
        case OutcomeClaim():
            return _outcome(claim, told)
        case ThresholdClaim() | CharacteristicClaim() | PersonReasonClaim():
            return _reason(claim)
        case MissingClaim():
            return f"Your file lacks {_fields(claim.fields, told)}, without which nothing can be decided."
        case ConditionClaim():
            return f'The approval is subject to this condition: "{ended(claim.text)}"'
        case PriceClaim():
            return _price(claim, told)
        case NextClaim():
            return _next(claim, told)
    raise TypeError(claim.kind)


def _outcome(claim: OutcomeClaim, told: Told) -> str:
    asked = f"Your application for {whole_money(claim.amount, told.currency)} over {claim.term_months} months"
    simulated = claim.mode is Mode.SIMULATION
    said = {
        Outcome.APPROVE: "is approved",
        Outcome.COUNTER_OFFER: "is answered with a counter-offer",
        Outcome.REFER: "is with a person for review and is not decided yet",
        Outcome.DECLINE: "is declined",
        Outcome.INCOMPLETE: "is incomplete and not decided yet",
    }[claim.outcome]
    return f"{asked} {said}{' in a simulation' if simulated else ''}."


def _reason(claim: Claim) -> str:
    reason = reason_of(claim)
    if reason is None:
        raise TypeError(claim.kind)
    return ended(reason.text)


def _fields(names: tuple[str, ...], told: Told) -> str:
    return listed([told.name(n) for n in names])


def _price(claim: PriceClaim, told: Told) -> str:
    offer, currency = claim.offer, told.currency
    nominal, apr = (written(v, Unit.RATE, currency) for v in (offer.nominal_rate, offer.apr))
    monthly, total = whole_money(offer.monthly_payment, currency), whole_money(offer.total_payable, currency)
    paid = f"{monthly} a month and {total} in total"
    lent = f"{whole_money(offer.amount, currency)} over {offer.term_months} months"
    return f"We offer {lent} at a nominal rate of {nominal} and an APR of {apr}: {paid}."


def _next(claim: NextClaim, told: Told) -> str:
    if claim.step == "accept_offer" and claim.due_on:
        return f"The offer stands until {written_date(claim.due_on)}."
    if claim.step == "complete_file":
        by = f" by {written_date(claim.due_on)}" if claim.due_on else ""
        return f"We need your {_fields(claim.fields, told)}{by} to decide."
    if claim.step == "review":
        return "A person reviews your application next."
    return "You receive a notice of this decision with its principal reasons."

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
            missing = _fields(claim.fields, told)
            return f"Your file does not state {missing}, without which nothing can be decided."
        case ConditionClaim():
            subject = "would be subject" if _supposed(told) else "is subject"
            return f'The approval {subject} to this condition: "{ended(claim.text)}"'
        case PriceClaim():
            return _price(claim, told)
        case NextClaim():
            return _next(claim, told)
    raise TypeError(claim.kind)


def _outcome(claim: OutcomeClaim, told: Told) -> str:
    asked = f"application for {whole_money(claim.amount, told.currency)} over {claim.term_months} months"
    verb = "would be" if claim.mode is Mode.SIMULATION else "is"
    said = {
        Outcome.APPROVE: f"{verb} approved",
        Outcome.COUNTER_OFFER: f"{verb} answered with a counter-offer",
        Outcome.REFER: f"{verb} with a person for review and not decided yet",
        Outcome.DECLINE: f"{verb} declined",
        Outcome.INCOMPLETE: f"{verb} incomplete and not decided yet",
    }[claim.outcome]
    return f"In a simulation, your {asked} {said}." if verb == "would be" else f"Your {asked} {said}."


def _supposed(told: Told) -> bool:
    return told.decision.mode is Mode.SIMULATION


def _reason(claim: Claim) -> str:
    reason = reason_of(claim)
    if reason is None:
        raise TypeError(claim.kind)
    return ended(reason.text)


def _fields(names: tuple[str, ...], told: Told) -> str:
    return listed([f"your {told.name(n)}" for n in names])


def _price(claim: PriceClaim, told: Told) -> str:
    offer, currency = claim.offer, told.currency
    nominal, apr = (written(v, Unit.RATE, currency) for v in (offer.nominal_rate, offer.apr))
    monthly, total = whole_money(offer.monthly_payment, currency), whole_money(offer.total_payable, currency)
    paid = f"{monthly} a month and {total} in total"
    lent = f"{whole_money(offer.amount, currency)} over {offer.term_months} months"
    offered = "We would offer" if _supposed(told) else "We offer"
    return f"{offered} {lent} at a nominal rate of {nominal} and an APR of {apr}: {paid}."


def _next(claim: NextClaim, told: Told) -> str:
    would = _supposed(told)
    if claim.step == "accept_offer" and claim.due_on:
        return f"The offer {'would stand' if would else 'stands'} until {written_date(claim.due_on)}."
    if claim.step == "complete_file":
        # The day in the claim is the lender's own for asking; until when to answer stands in the letter.
        return f"We {'would ' if would else ''}need to know {_fields(claim.fields, told)} to decide."
    if claim.step == "review":
        return f"A person {'would review' if would else 'reviews'} your application next."
    return f"You {'would ' if would else ''}receive a notice of this decision with its principal reasons."

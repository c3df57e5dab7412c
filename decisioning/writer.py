"""The deterministic writer: one plain sentence for a claim, the same bytes for the same decision."""

from decisioning.claims import (
    CharacteristicClaim,
    Claim,
    ConditionClaim,
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
from decisioning.comparison import compare
from decisioning.model import Comparator, Comparison, Decision, Effect, Mode, Outcome, Reader, Rule, Unit
from decisioning.wording import (
    capitalised,
    chosen,
    ended,
    fact_name,
    listed,
    money,
    number,
    relation,
    written,
    written_date,
)
from decisioning.writer_applicant import sentence_to_applicant


def sentence(claim: Claim, decision: Decision, reader: Reader) -> str:
    """The sentence that words this claim for this reader.

    An analyst and an examiner read of facts, limits and clauses; an applicant reads the catalogue's
    texts and the terms of an offer.
    """
    if reader is Reader.APPLICANT:
        return sentence_to_applicant(claim, decision)
    match claim:
        case OutcomeClaim():
            return _outcome(claim, decision)
        case ScoreClaim():
            return _score(claim, decision)
        case ThresholdClaim():
            return _threshold(claim, decision) if claim.rule.fired else _not_fired(claim, decision)
        case CharacteristicClaim():
            return _characteristic(claim, decision)
        case PersonReasonClaim():
            lead = _principal(claim.reason.rank, decision)
            return f'{lead} was given by a person: "{ended(claim.reason.text)}"'
        case PriceClaim():
            return _price(claim, decision)
        case _:
            return _around(claim, decision)


def _around(claim: Claim, decision: Decision) -> str:
    match claim:
        case ConditionClaim():
            lead = chosen(
                ("The approval is subject to a condition", "Condition of the approval"),
                *_seed(claim, decision),
            )
            return f"{lead}{_under(claim.clauses)}: {_lowered(ended(claim.text))}"
        case MissingClaim():
            missing = listed([fact_name(f) for f in claim.fields])
            return f"The file lacks {missing}, without which nothing can be decided."
        case FailureClaim():
            return (
                f"The {claim.dependency} model could not be used ({claim.problem}), so a person must decide."
            )
        case NextClaim():
            return _next(claim)
    raise TypeError(claim.kind)


def _seed(claim: Claim, decision: Decision) -> tuple[str, str]:
    return str(decision.id), claim.id


def _under(clauses: tuple[str, ...]) -> str:
    return f" ({', '.join(clauses)})" if clauses else ""


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _outcome(claim: OutcomeClaim, decision: Decision) -> str:
    asked = f"{money(claim.amount, decision.currency)} over {claim.term_months} months"
    day = written_date(claim.as_of)
    verb = "would be" if claim.mode is Mode.SIMULATION else "is"
    said = {
        Outcome.APPROVE: f"{verb} approved",
        Outcome.COUNTER_OFFER: f"{verb} answered with a counter-offer",
        Outcome.REFER: f"{verb} referred to a person",
        Outcome.DECLINE: f"{verb} declined",
        Outcome.INCOMPLETE: f"{verb} incomplete and undecided",
    }[claim.outcome]
    variants = (
        f"The application for {asked} {said} under the policy in force on {day}.",
        f"Under the policy in force on {day}, the application for {asked} {said}.",
    )
    return ("In this simulation: " if claim.mode is Mode.SIMULATION else "") + chosen(
        variants, *_seed(claim, decision)
    )


def _score(claim: ScoreClaim, decision: Decision) -> str:
    score = claim.score
    value, low, high = (number(v) for v in (score.value, score.min, score.max))
    start = f"The score is {value} on a scale from {low} to {high}"
    band = claim.band
    if band is None or not band.fired:
        stands = "at" if score.value == score.cutoff else "above" if score.value > score.cutoff else "below"
        return f"{start}, {stands} the cut-off of {number(score.cutoff)}{_under(claim.clauses)}."
    floors = [
        f"not below {written(c.limit, c.unit, decision.currency)}"
        for c in band.also
        if c.comparator is Comparator.GE
    ]
    limit = written(band.limit, band.unit, decision.currency)
    if band.effect is Effect.DECLINE:
        return f"{start}, below the {limit} points that {band.clause} asks for at least."
    between = f" but {floors[0]}" if floors else ""
    return f"{start}, below the cut-off of {limit}{between}: {band.clause} leaves this to a person."


def _threshold(claim: ThresholdClaim, decision: Decision) -> str:
    rule = claim.rule
    lead = f"{_principal(claim.reason.rank, decision)}: " if claim.reason else ""
    also = "".join(f", and {_compared(c, decision)}" for c in rule.also)
    return f"{_start(lead, _principal_part(rule, decision, claim))}{also}, {_consequence(rule, decision)}."


def _consequence(rule: Rule, decision: Decision) -> str:
    if rule.effect is Effect.DECLINE:
        return "which alone means a decline"
    declined = decision.outcome is Outcome.DECLINE
    return "which would otherwise ask for a person" if declined else "so a person must decide"


def _start(lead: str, text: str) -> str:
    return lead + text if lead else capitalised(text)


def _principal(rank: int, decision: Decision) -> str:
    return f"Principal reason {rank}" if len(decision.reasons) > 1 else "The principal reason"


def _principal_part(rule: Rule, decision: Decision, claim: Claim) -> str:
    name = fact_name(rule.fact, rule.unit)
    value = written(rule.value, rule.unit, decision.currency, rule.limit)
    if rule.unit is Unit.CATEGORY:
        return f"the entry for {name} in the file is {value}, which {rule.clause} names"
    limit = written(rule.limit, rule.unit, decision.currency)
    stands = relation(rule.comparator)
    noun = "minimum" if rule.comparator in (Comparator.LT, Comparator.LE) else "limit"
    variants = (
        f"the {name} is {value}, {stands} the {noun} of {limit} in {rule.clause}",
        f"at {value}, the {name} is {stands} the {noun} of {limit} that {rule.clause} sets",
    )
    return chosen(variants, *_seed(claim, decision))


def _compared(comparison: Comparison, decision: Decision) -> str:
    name = fact_name(comparison.fact, comparison.unit)
    value = written(comparison.value, comparison.unit, decision.currency, comparison.limit)
    if comparison.unit is Unit.CATEGORY:
        return f"{name} is {value}"
    limit = written(comparison.limit, comparison.unit, decision.currency)
    return f"the {name} is {value}, {relation(comparison.comparator)} {limit}"


_NOT = {
    Comparator.GT: "not above",
    Comparator.GE: "below",
    Comparator.LT: "not below",
    Comparator.LE: "above",
    Comparator.EQ: "other than",
    Comparator.NE: "equal to",
}


def _not_fired(claim: ThresholdClaim, decision: Decision) -> str:
    rule = claim.rule
    comparisons = comparisons_of(rule)
    kept = next((c for c in comparisons if not _holds(c)), comparisons[0])
    name, value = (
        fact_name(kept.fact, kept.unit),
        written(kept.value, kept.unit, decision.currency, kept.limit),
    )
    limit = written(kept.limit, kept.unit, decision.currency)
    return f"{rule.clause} did not apply: the {name} is {value}, {_NOT[kept.comparator]} {limit}."


def _holds(comparison: Comparison) -> bool:
    return compare(comparison.value, comparison.comparator, comparison.limit)


_AVERAGE = "the average of the reference applicants"


def _characteristic(claim: CharacteristicClaim, decision: Decision) -> str:
    reason = claim.reason
    unit = decision.facts[reason.source].unit if reason.source in decision.facts else None
    name = fact_name(reason.source, unit)
    lead = _principal(reason.rank, decision)
    variants = (
        f"{lead} comes from the score: {name} earned fewer points than {_AVERAGE}",
        f"{lead} is a scored one: the points for {name} are below {_AVERAGE}",
    )
    return f'{chosen(variants, *_seed(claim, decision))} ("{ended(reason.text)}").'


def _price(claim: PriceClaim, decision: Decision) -> str:
    offer, currency = claim.offer, decision.currency
    nominal, apr = (written(v, Unit.RATE, currency) for v in (offer.nominal_rate, offer.apr))
    tier = f" in price tier {claim.tier}" if claim.tier else ""
    monthly, total = money(offer.monthly_payment, currency), money(offer.total_payable, currency)
    paid = f"{monthly} a month and {total} in total"
    lent = f"{money(offer.amount, currency)} over {offer.term_months} months{tier}{_under(claim.clauses)}"
    return f"The offer is {lent}, at a nominal rate of {nominal} and an APR of {apr}: {paid}."


def _next(claim: NextClaim) -> str:
    by = f" by {written_date(claim.due_on)}" if claim.due_on else ""
    missing = listed([fact_name(f) for f in claim.fields]) if claim.fields else ""
    return {
        "review": f"Next, a person decides{by}.",
        "complete_file": f"Next, the applicant is asked for {missing}{by}.",
        "accept_offer": f"The offer stands until {written_date(claim.due_on)}." if claim.due_on else "",
        "notice": f"Next, the notice of the decision with its principal reasons is due{by}.",
    }[claim.step]

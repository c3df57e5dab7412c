"""The deterministic writer: one plain sentence for a claim, the same bytes for the same decision."""

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
from decisioning.comparison import compare
from decisioning.model import Comparator, Comparison, Effect, Mode, Outcome, Reader, Rule, Unit
from decisioning.titles import Told
from decisioning.wording import (
    capitalised,
    chosen,
    denied,
    ended,
    listed,
    money,
    number,
    relation,
    with_article,
    written,
    written_date,
)
from decisioning.writer_applicant import sentence_to_applicant


def sentence(claim: Claim, told: Told, reader: Reader) -> str:
    """The sentence that words this claim for this reader.

    An analyst and an examiner read of facts, limits and clauses; an applicant reads the catalogue's
    texts and the terms of an offer.
    """
    if reader is Reader.APPLICANT:
        return sentence_to_applicant(claim, told)
    match claim:
        case OutcomeClaim():
            return _outcome(claim, told)
        case ScoreClaim():
            return _score(claim, told)
        case ThresholdClaim():
            return _threshold(claim, told) if claim.rule.fired else _not_fired(claim, told)
        case CharacteristicClaim():
            return _characteristic(claim, told)
        case PriceClaim():
            return _price(claim, told)
        case _:
            return _around(claim, told)


def _around(claim: Claim, told: Told) -> str:
    match claim:
        case PersonReasonClaim():
            return (
                f'{_principal(claim.reason.rank, told)} was given by a person: "{ended(claim.reason.text)}"'
            )
        case ConditionClaim():
            subject = "would be subject" if _supposed(told) else "is subject"
            lead = f"The approval {subject} to a condition{_under(claim.clauses)}"
            return f'{lead}, which the applicant reads as "{ended(claim.text)}"'
        case CounterfactualClaim():
            return _changed(claim, told)
        case MissingClaim():
            missing = listed([told.name(f) for f in claim.fields])
            return f"The file does not state {missing}, without which nothing can be decided."
        case FailureClaim():
            verb = "would be" if _supposed(told) else "is"
            return f"The {claim.dependency} model could not be used, so the application {verb} referred."
        case NextClaim():
            return _next(claim, told)
    raise TypeError(claim.kind)


def _supposed(told: Told) -> bool:
    """Whether all this is only tried: what is said to follow then would follow."""
    return told.decision.mode is Mode.SIMULATION


def _seed(claim: Claim, told: Told) -> tuple[str, str]:
    return str(told.decision.id), claim.id


def _under(clauses: tuple[str, ...]) -> str:
    return f" ({', '.join(clauses)})" if clauses else ""


def _outcome(claim: OutcomeClaim, told: Told) -> str:
    asked = f"{money(claim.amount, told.currency)} over {claim.term_months} months"
    day = written_date(claim.as_of)
    simulated = claim.mode is Mode.SIMULATION
    verb = "would be" if simulated else "is"
    said = {
        Outcome.APPROVE: f"{verb} approved",
        Outcome.COUNTER_OFFER: f"{verb} answered with a counter-offer",
        Outcome.REFER: f"{verb} referred to a person",
        Outcome.DECLINE: f"{verb} declined",
        Outcome.INCOMPLETE: f"{verb} incomplete and undecided",
    }[claim.outcome]
    variants = (
        f"the application for {asked} {said} under the policy in force on {day}.",
        f"under the policy in force on {day}, the application for {asked} {said}.",
    )
    text = chosen(variants, *_seed(claim, told))
    return f"In a simulation, {text}" if simulated else capitalised(text)


def _score(claim: ScoreClaim, told: Told) -> str:
    score, band = claim.score, claim.band
    start = f"The score is {number(score.value)} on a scale from {number(score.min)} to {number(score.max)}"
    if band is None or not band.fired:
        stands = "at" if score.value == score.cutoff else "above" if score.value > score.cutoff else "below"
        return f"{start}, {stands} the cut-off of {number(score.cutoff)} points{_under(claim.clauses)}."
    limit = _limit(band, told)
    if band.effect is Effect.DECLINE:
        return f"{start}, below the minimum of {limit} in {band.clause}."
    floor = next((c for c in band.also if c.fact == band.fact), None)
    between = f" but {_bounded(floor, told)}" if floor else ""
    return f"{start}, below the cut-off of {limit}{between} ({band.clause}), {_consequence(band, told)}."


def _threshold(claim: ThresholdClaim, told: Told) -> str:
    rule = claim.rule
    lead = f"{_principal(claim.reason.rank, told)}: " if claim.reason else ""
    text = f"{_compared_in(claim, told)}{_also(rule, told)}, {_consequence(rule, told)}."
    return lead + text if lead else capitalised(text)


def _principal(rank: int, told: Told) -> str:
    return f"Principal reason {rank}" if len(told.decision.reasons) > 1 else "The principal reason"


def _compared_in(claim: ThresholdClaim, told: Told) -> str:
    rule = claim.rule
    name = told.name(rule.fact, rule.unit)
    limits = [c.limit for c in comparisons_of(rule) if c.fact == rule.fact]
    value = written(rule.value, rule.unit, told.currency, *limits)
    if rule.unit is Unit.CATEGORY:
        stated = with_article(name) if rule.value == "yes" else f"{name}: {value}"
        return f"the file shows {stated} ({rule.clause})"
    limit = _limit(rule, told)
    stands = f"{relation(rule.comparator)} the {_noun(rule)} of {limit}"
    variants = (
        f"the {name} is {value}, {stands} in {rule.clause}",
        f"at {value}, the {name} is {stands} that {rule.clause} sets",
        f"the {name} stands at {value}, {stands} ({rule.clause})",
    )
    return chosen(variants, *_seed(claim, told))


def _noun(rule: Rule) -> str:
    """What a limit is called: only where passing it declines is the lower one the policy's minimum."""
    lower = rule.comparator in (Comparator.LT, Comparator.LE)
    return "minimum" if lower and rule.effect is Effect.DECLINE else "limit"


def _limit(comparison: Rule | Comparison, told: Told) -> str:
    points = " points" if comparison.unit is Unit.POINTS else ""
    return written(comparison.limit, comparison.unit, told.currency, comparison.limit) + points


def _also(rule: Rule, told: Told) -> str:
    """The further comparisons of a rule; one of the same fact is its other bound."""
    own = "".join(f" but {_bounded(c, told)}" for c in rule.also if c.fact == rule.fact)
    return own + "".join(f", and {_compared(c, told)}" for c in rule.also if c.fact != rule.fact)


def _bounded(comparison: Comparison, told: Told) -> str:
    opposite = {Comparator.GE: "not below", Comparator.LE: "not above"}
    stands = opposite.get(comparison.comparator, relation(comparison.comparator))
    return f"{stands} {_limit(comparison, told)}"


def _compared(comparison: Comparison, told: Told) -> str:
    name = told.name(comparison.fact, comparison.unit)
    value = written(comparison.value, comparison.unit, told.currency, comparison.limit)
    if comparison.unit is Unit.CATEGORY:
        return f"{name} is {value}"
    limit = written(comparison.limit, comparison.unit, told.currency, comparison.limit)
    return f"the {name} is {value}, {relation(comparison.comparator)} {limit}"


def _changed(claim: CounterfactualClaim, told: Told) -> str:
    moves = [
        f"{with_article(told.name(change.field))} of {written(change.after, change.unit, told.currency)}"
        f" instead of {written(change.before, change.unit, told.currency)}"
        for change in claim.changes
    ]
    freed = f"; {listed(claim.clauses)} would no longer stand in its way" if claim.clauses else ""
    return f"With {listed(moves)} the application would be approved{freed}."


def _consequence(rule: Rule, told: Told) -> str:
    outcome = told.decision.outcome
    if rule.effect is Effect.DECLINE:
        countered = outcome is Outcome.COUNTER_OFFER
        return "which by itself rules out what was asked for" if countered else "which alone means a decline"
    referred = outcome is Outcome.REFER
    return "which by itself refers the application" if referred else "which by itself would call for a person"


def _not_fired(claim: ThresholdClaim, told: Told) -> str:
    rule, comparisons = claim.rule, comparisons_of(claim.rule)
    kept = next((c for c in comparisons if not compare(c.value, c.comparator, c.limit)), comparisons[0])
    name = told.name(kept.fact, kept.unit)
    value = written(kept.value, kept.unit, told.currency, kept.limit)
    stands, limit = denied(kept.comparator), _limit(kept, told)
    if kept is comparisons[0] and kept.unit is not Unit.CATEGORY:
        return (
            f"The {name} is {value}, {stands} the {_noun(rule)} of {limit} that applies under {rule.clause}."
        )
    return f"{rule.clause} did not apply: the {name} is {value}, {stands} {limit}."


_AVERAGES = {
    "near_cutoff": "the average of applicants near the cut-off",
    "all": "the average of all applicants",
    None: "the average of the reference applicants",
}


def _characteristic(claim: CharacteristicClaim, told: Told) -> str:
    reason = claim.reason
    fact = told.decision.facts.get(reason.source)
    name = told.name(reason.source, fact.unit if fact else None)
    lead, average = _principal(reason.rank, told), _AVERAGES[claim.population]
    variants = (
        f"{lead} comes from the score: {name} earned fewer points than {average}",
        f"{lead} comes from the score: the points for {name} are below {average}",
        f"{lead} comes from the score, where {name} earned fewer points than {average}",
    )
    return f'{chosen(variants, *_seed(claim, told))}, which the applicant reads as "{ended(reason.text)}"'


def _price(claim: PriceClaim, told: Told) -> str:
    offer, currency = claim.offer, told.currency
    nominal, apr = (written(v, Unit.RATE, currency) for v in (offer.nominal_rate, offer.apr))
    tier = f" in price tier {claim.tier}" if claim.tier else ""
    paid = (
        f"{money(offer.monthly_payment, currency)} a month, {money(offer.total_payable, currency)} in total"
    )
    lent = f"{money(offer.amount, currency)} over {offer.term_months} months{tier}{_under(claim.clauses)}"
    start = "The offer would be" if _supposed(told) else "The offer is"
    return f"{start} {lent}, at a nominal rate of {nominal} and an APR of {apr}: {paid}."


def _next(claim: NextClaim, told: Told) -> str:
    if _supposed(told):
        return _next_supposed(claim, told)
    by = f" by {written_date(claim.due_on)}" if claim.due_on else ""
    if claim.step == "complete_file":
        due = f"; the request is due{by}" if by else ""
        return f"Next, the applicant is asked to state {listed([told.name(f) for f in claim.fields])}{due}."
    if claim.step == "accept_offer" and claim.due_on:
        return f"The offer stands until {written_date(claim.due_on)}."
    if claim.step == "notice":
        return f"Next, the notice of the decision with its principal reasons is due{by}."
    return f"Next, a person decides{by}."


def _next_supposed(claim: NextClaim, told: Told) -> str:
    if claim.step == "complete_file":
        fields = listed([told.name(f) for f in claim.fields])
        return f"The applicant would be asked to state {fields}."
    if claim.step == "accept_offer" and claim.due_on:
        return f"The offer would stand until {written_date(claim.due_on)}."
    if claim.step == "notice":
        return "A notice of the decision with its principal reasons would be due."
    return "A person would decide."

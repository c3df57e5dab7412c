"""The pool of a decision: every number, day, passage and claim of the record, with its role."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from decisioning.claims import (
    Claim,
    ConditionClaim,
    FailureClaim,
    MissingClaim,
    NextClaim,
    OutcomeClaim,
    comparisons_of,
    reason_of,
    rule_of,
)
from decisioning.grounding.lexicon import keys
from decisioning.grounding.passages import Passage, passages_of
from decisioning.grounding.pool import Carrier, Known, KnownDate, Pool, Role
from decisioning.grounding.stems import lines, stem
from decisioning.grounding.topics import vocabulary
from decisioning.model import Component, Decision, Effect, Fact, Mode, Offer, Outcome, Rule, Unit, Value
from decisioning.numbers import Kind

_THOUSANDS = re.compile(r"\d\s+thousand\s+[a-z]+s\b", re.IGNORECASE)


@cache
def _kinds() -> Mapping[str, frozenset[str]]:
    table = (line.partition(":") for line in lines("kinds.txt"))
    return {
        kind.strip(): frozenset(k for w in words.replace("-", " ").split() for k in keys(stem(w)))
        for kind, _, words in table
    }


def pool_of(
    decision: Decision,
    claims: Sequence[Claim],
    clauses: Mapping[str, str],
    facts: Mapping[str, Fact] | None = None,
    titles: Mapping[str, str] | None = None,
) -> Pool:
    """What may be said of this decision with these claims and these clauses (name to text)."""
    names = frozenset(clauses) | {c for claim in claims for c in claim.clauses}
    passages = _passages(clauses)
    known = {**decision.facts, **(facts or {})}
    return Pool(
        numbers=tuple(dict.fromkeys(_numbers(decision, claims, known))),
        dates=(*_days(decision, claims), *_passage_days(passages)),
        passages=passages,
        carriers=tuple(_carrier(claim, decision, titles or {}) for claim in claims),
        titles=titles or {},
        rules=_rules(claims),
        labels=_labels(decision, known),
        clauses=names,
        missing=decision.missing,
        causes=tuple(c.dependency for c in decision.causes),
        extra=_vocabulary(decision, known),
        steps=tuple(c.step for c in claims if isinstance(c, NextClaim)),
        outcome=decision.outcome,
        simulated=decision.mode is Mode.SIMULATION,
        currency_unit=decision.currency.unit,
        currency=decision.currency.code,
    )


def _vocabulary(decision: Decision, facts: Mapping[str, Fact]) -> frozenset[str]:
    """What the facts and the models are called."""
    models = [m.model for m in (decision.score, decision.pricing) if m is not None]
    return frozenset(key for name in (*facts, *models) for key in vocabulary(name))


def facts_alone(facts: Mapping[str, Fact], clauses: Mapping[str, str], currency_unit: int = 1) -> Pool:
    """What may be said where there is no decision: the facts and the clauses.

    Where the clauses count money in thousands ("1,000 thousand pesetas"), so do the facts.
    """
    passages = _passages(clauses)
    extra = frozenset(key for name in facts for key in vocabulary(name))
    counted = bool(_THOUSANDS.search(" ".join(clauses.values())))
    currency_unit = 1000 if counted and currency_unit == 1 else currency_unit
    return Pool(
        numbers=tuple(_as_told(facts, passages)),
        dates=tuple(_passage_days(passages)),
        passages=passages,
        labels=frozenset(),
        clauses=frozenset(clauses),
        currency_unit=currency_unit,
        extra=extra,
    )


def _as_told(facts: Mapping[str, Fact], passages: Iterable[Passage]) -> Iterable[Known]:
    """The facts as others tell them: a count in any unit, money by the month where clauses are."""
    monthly = any(q.per_month for p in passages for q in p.quantities)
    for known in _facts(facts):
        yield replace(known, unit=None) if known.unit is Unit.COUNT else known
        if monthly and known.unit is Unit.MONEY:
            yield replace(known, unit=Unit.MONEY_PER_MONTH)


def _passages(clauses: Mapping[str, str]) -> tuple[Passage, ...]:
    return tuple(p for name, text in clauses.items() for p in passages_of("clause", name, text))


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _numbers(decision: Decision, claims: Sequence[Claim], facts: Mapping[str, Fact]) -> Iterable[Known]:
    yield from _facts(facts)
    yield from _limits(claims)
    yield from _terms(decision)
    yield from _counts(decision)


def _facts(facts: Mapping[str, Fact]) -> Iterable[Known]:
    for name, fact in facts.items():
        value = _number(fact.value)
        if value is not None:
            yield Known(value, fact.unit, Role.VALUE, name)
        if value is not None and value < 0:
            yield Known(-value, fact.unit, Role.SHORTFALL, name)


def _rules(claims: Sequence[Claim]) -> tuple[Rule, ...]:
    return tuple({r.id: r for c in claims if (r := rule_of(c))}.values())


def _limits(claims: Sequence[Claim]) -> Iterable[Known]:
    for rule in _rules(claims):
        for part in comparisons_of(rule):
            value, limit = _number(part.value), _number(part.limit)
            if value is not None:
                yield Known(value, part.unit, Role.VALUE, part.fact)
            if limit is not None:
                yield Known(limit, part.unit, Role.LIMIT, part.fact, rule)
            if value is not None and limit is not None:
                yield Known(round(abs(value - limit), 6), part.unit, Role.DIFFERENCE, part.fact, rule)
            if limit is not None and limit < 0:
                yield Known(-limit, part.unit, Role.LIMIT, part.fact, rule, turned=True)


def _terms(decision: Decision) -> Iterable[Known]:
    requested = decision.requested
    yield Known(requested.amount, Unit.MONEY, Role.VALUE, "amount")
    yield Known(requested.term_months, Unit.MONTHS, Role.VALUE, "term_months")
    if decision.score:
        score = decision.score
        yield Known(score.value, Unit.POINTS, Role.VALUE, "score")
        yield Known(score.pd, Unit.PROBABILITY, Role.VALUE, "pd")
        yield Known(score.cutoff, Unit.POINTS, Role.LIMIT, "score")
        yield Known(round(abs(score.value - score.cutoff), 6), Unit.POINTS, Role.DIFFERENCE, "score")
        yield Known(score.min, Unit.POINTS, Role.LIMIT, "score_min")
        yield Known(score.max, Unit.POINTS, Role.LIMIT, "score_max")
    if decision.offer:
        yield from _offer(decision.offer)
    if decision.pricing:
        yield Known(decision.pricing.monthly_payment, Unit.MONEY_PER_MONTH, Role.VALUE, "monthly_payment")
        yield Known(decision.pricing.nominal_rate, Unit.RATE, Role.VALUE, "nominal_rate")
        yield Known(decision.pricing.apr, Unit.RATE, Role.VALUE, "apr")


def _offer(offer: Offer) -> Iterable[Known]:
    yield Known(offer.amount, Unit.MONEY, Role.VALUE, "amount")
    yield Known(offer.term_months, Unit.MONTHS, Role.VALUE, "term_months")
    yield Known(offer.nominal_rate, Unit.RATE, Role.VALUE, "nominal_rate")
    yield Known(offer.apr, Unit.RATE, Role.VALUE, "apr")
    yield Known(offer.monthly_payment, Unit.MONEY_PER_MONTH, Role.VALUE, "monthly_payment")
    yield Known(offer.total_payable, Unit.MONEY, Role.VALUE, "total_payable")


def _counts(decision: Decision) -> Iterable[Known]:
    yield Known(len(decision.reasons), Unit.COUNT, Role.VALUE, "reasons")
    yield Known(len(decision.conditions), Unit.COUNT, Role.VALUE, "conditions")
    yield Known(len(decision.missing), Unit.COUNT, Role.VALUE, "missing")
    fired = [r for r in decision.rules if r.fired and r.effect in (Effect.DECLINE, Effect.REFER)]
    by_rule = [r for r in fired if r.component is Component.RULE]
    for rules in (fired, by_rule, [r for r in by_rule if r.effect is Effect.DECLINE]):
        yield Known(len(rules), Unit.COUNT, Role.VALUE, "rules")
    for reason in decision.reasons:
        yield Known(reason.rank, Unit.COUNT, Role.VALUE, "reason")


_DAY_WORDS = {
    "as_of": "approve decline refuse grant refer force decide decision take date day policy effective under",
    "edition": "edition force effective since version policy from manual",
    "received": "receive submit date arrive file lodge",
    "expires": "expire stand valid offer until open accept lapse hold good",
    "due": "due notice notify by send deadline latest person provide missing until state supply complete",
}


def _days(decision: Decision, claims: Sequence[Claim]) -> Iterable[KnownDate]:
    days = [
        ("as_of", decision.as_of),
        ("as_of", decision.created_at.date()),
        ("received", decision.received_at.date()),
    ]
    days += [("edition", day) for day in _editions(decision, claims)]
    if decision.offer:
        days.append(("expires", decision.offer.expires_at.date()))
    if decision.notice:
        days.append(("due", decision.notice.due_at.date()))
    for kind, day in days:
        yield KnownDate(day, frozenset(stem(w) for w in _DAY_WORDS[kind].split()))


def _editions(decision: Decision, claims: Sequence[Claim]) -> Iterable[date]:
    for text in {
        decision.versions.policy,
        *(r.edition for r in decision.rules),
        *(r.edition for r in _rules(claims)),
    }:
        try:
            yield date.fromisoformat(text)
        except ValueError:
            continue


def _passage_days(passages: Iterable[Passage]) -> Iterable[KnownDate]:
    for passage in passages:
        for quantity in passage.quantities:
            if quantity.kind is Kind.DATE and quantity.unit == "day" and quantity.days:
                yield KnownDate(quantity.days[0], frozenset(w.stem for w in passage.content))


def _labels(decision: Decision, facts: Mapping[str, Fact]) -> frozenset[tuple[str, str]]:
    found = {(name, str(fact.value).lower()) for name, fact in facts.items() if isinstance(fact.value, str)}
    if decision.pricing:
        found.add(("tier", decision.pricing.tier.lower()))
    return frozenset(found)


_TERMS = {
    "price": ("monthly_payment", "total_payable", "nominal_rate", "apr", "amount", "term_months"),
    "outcome": ("amount", "term_months"),
    "score": ("score", "pd"),
}
"""What claims of a kind tell of, whatever the facts are called."""


def _carrier(claim: Claim, decision: Decision, titles: Mapping[str, str]) -> Carrier:
    rule, reason = rule_of(claim), reason_of(claim)
    own_source = [reason.source] if reason and rule is None and reason.source not in claim.facts else []
    terms = _TERMS.get(claim.kind, ())
    names = [*claim.facts, *own_source, *terms]
    texts = _texts(claim)
    passages = tuple(p for text in texts for p in passages_of(claim.id, None, text))
    found = set(_kinds().get(claim.kind, frozenset()))
    if isinstance(claim, OutcomeClaim) and decision.outcome is Outcome.APPROVE and not decision.conditions:
        found |= keys(stem("condition"))
    also = [c.fact for c in rule.also] if rule else []
    for name in (*names, *also):
        found |= vocabulary(name, titles.get(name, ""))
        fact = decision.facts.get(name)
        if fact is not None and isinstance(fact.value, str):
            found |= vocabulary(fact.value)
    for passage in passages:
        found |= passage.keys
    return Carrier(
        id=claim.id,
        kind=claim.kind,
        names=(*names, *also),
        clauses=claim.clauses,
        keys=frozenset(found),
        passages=passages,
        rule=rule,
        rank=reason.rank if reason else None,
        scored=reason is not None and reason.component is Component.SCORE,
    )


def _texts(claim: Claim) -> tuple[str, ...]:
    reason = reason_of(claim)
    if reason:
        appendix = reason.appendix_c.removeprefix("other:").strip()
        return (reason.text, appendix, reason.code.replace("_", " ").lower())
    match claim:
        case ConditionClaim():
            return (claim.text, claim.code.replace("_", " ").lower())
        case FailureClaim():
            return (f"{claim.dependency} model: {claim.problem}",)
        case MissingClaim():
            return (" ".join(claim.fields).replace("_", " "),)
        case _:
            return ()

"""Claims as the checker sees them: what they name and in which words they may be put, without numbers."""

from collections.abc import Mapping
from functools import cache, lru_cache

from decisioning.claims import (
    Claim,
    ConditionClaim,
    FailureClaim,
    MissingClaim,
    OutcomeClaim,
    reason_of,
    rule_of,
)
from decisioning.grounding.lexicon import keys
from decisioning.grounding.passages import passages_of
from decisioning.grounding.pool import Carrier
from decisioning.grounding.shapes import RuleShape, shape_of
from decisioning.grounding.stems import lines, stem
from decisioning.grounding.topics import vocabulary
from decisioning.model import Component, Decision, Outcome


@cache
def _kinds() -> Mapping[str, frozenset[str]]:
    table = (line.partition(":") for line in lines("kinds.txt"))
    return {
        kind.strip(): frozenset(k for w in words.replace("-", " ").split() for k in keys(stem(w)))
        for kind, _, words in table
    }


_TERMS = {
    "price": ("monthly_payment", "total_payable", "nominal_rate", "apr", "amount", "term_months"),
    "outcome": ("amount", "term_months"),
    "score": ("score", "pd"),
}
"""What claims of a kind tell of, whatever the facts are called."""


def carrier_of(claim: Claim, decision: Decision, titles: Mapping[str, str]) -> Carrier:
    """The claim as the checker sees it: claims that differ in their numbers alone are one carrier."""
    rule, reason = rule_of(claim), reason_of(claim)
    own_source = [reason.source] if reason and rule is None and reason.source not in claim.facts else []
    unconditional = decision.outcome is Outcome.APPROVE and not decision.conditions
    also = [c.fact for c in rule.also] if rule else []
    names = (*claim.facts, *own_source, *_TERMS.get(claim.kind, ()), *also)
    facts = (decision.facts.get(name) for name in names)
    return _made_of(
        claim.id,
        claim.kind,
        tuple((name, titles.get(name, "")) for name in names),
        tuple(fact.value for fact in facts if fact is not None and isinstance(fact.value, str)),
        claim.clauses,
        _texts(claim),
        ("condition",) if isinstance(claim, OutcomeClaim) and unconditional else (),
        shape_of(rule) if rule else None,
        (reason.rank, reason.component is Component.SCORE) if reason else (None, False),
    )


@lru_cache(maxsize=2048)
def _made_of(
    name: str,
    kind: str,
    named: tuple[tuple[str, str], ...],
    values: tuple[str, ...],
    clauses: tuple[str, ...],
    texts: tuple[str, ...],
    denied: tuple[str, ...],
    rule: RuleShape | None,
    ranked: tuple[int | None, bool],
) -> Carrier:
    passages = tuple(p for text in texts for p in passages_of(name, None, text))
    words = (vocabulary(*each) for each in (*named, *((value,) for value in values)))
    denials = (keys(stem(word)) for word in denied)
    keys_of = (_kinds().get(kind, frozenset()), *denials, *words, *(p.keys for p in passages))
    return Carrier(
        id=name,
        kind=kind,
        names=tuple(n for n, _ in named),
        clauses=clauses,
        keys=frozenset().union(*keys_of),
        passages=passages,
        rule=rule,
        rank=ranked[0],
        scored=ranked[1],
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

"""What may be said of a decision: a closed set of typed claims, computed before any word is written.

A claim is what a sentence of an explanation words, and all it may word. Everything in it stands in
the stored decision; nothing is looked up and nothing is derived twice.
"""

from datetime import date
from typing import Literal

from decisioning.counterfactuals import Change
from decisioning.model import (
    Comparison,
    Frozen,
    Mode,
    Offer,
    Outcome,
    Reader,
    Reason,
    Rule,
    Score,
)

Step = Literal["review", "complete_file", "accept_offer", "notice"]


class BaseClaim(Frozen):
    """What all claims share: an id within the decision, the facts it names, the clauses it rests on."""

    id: str
    facts: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


class OutcomeClaim(BaseClaim):
    """What the lender does with what was asked for, and under which day's policy."""

    kind: Literal["outcome"] = "outcome"
    outcome: Outcome
    mode: Mode
    amount: float
    term_months: int
    as_of: date
    automatic: bool


class ScoreClaim(BaseClaim):
    """The score on its scale against the cut-off, and the band of the policy that it fell into, if any."""

    kind: Literal["score"] = "score"
    score: Score
    band: Rule | None


class ThresholdClaim(BaseClaim):
    """A rule that fired, or the nearest that did not; `reason` is the principal reason it gave, if any."""

    kind: Literal["threshold"] = "threshold"
    rule: Rule
    reason: Reason | None


class CharacteristicClaim(BaseClaim):
    """A characteristic whose points lie furthest below the average of the reference applicants."""

    kind: Literal["characteristic"] = "characteristic"
    reason: Reason
    population: Literal["all", "near_cutoff"] | None


class PersonReasonClaim(BaseClaim):
    """A reason that a person gave, or one whose rule the record does not show."""

    kind: Literal["reason"] = "reason"
    reason: Reason


class ConditionClaim(BaseClaim):
    """What must be done before the loan is paid out."""

    kind: Literal["condition"] = "condition"
    code: str
    text: str
    rule: Rule | None


class PriceClaim(BaseClaim):
    """The price offered: what is paid, at which rate, in which tier, and until when it stands."""

    kind: Literal["price"] = "price"
    offer: Offer
    tier: str | None
    rule: Rule | None
    expires_on: date


class MissingClaim(BaseClaim):
    """What the file lacks, so that nothing could be decided."""

    kind: Literal["missing"] = "missing"
    fields: tuple[str, ...]


class FailureClaim(BaseClaim):
    """A failure outside that made the decision a person's."""

    kind: Literal["failure"] = "failure"
    dependency: str
    problem: str


class NextClaim(BaseClaim):
    """What comes next, and by when where the record sets a day."""

    kind: Literal["next"] = "next"
    step: Step
    due_on: date | None
    fields: tuple[str, ...] = ()


class CounterfactualClaim(BaseClaim):
    """A change under which the same application was decided again and approved; for analysts alone.

    It is of an executed search, never of a stored decision; `clauses` are those that no longer stand in
    the way.
    """

    kind: Literal["counterfactual"] = "counterfactual"
    changes: tuple[Change, ...]


Claim = (
    OutcomeClaim
    | ScoreClaim
    | ThresholdClaim
    | CharacteristicClaim
    | PersonReasonClaim
    | ConditionClaim
    | PriceClaim
    | MissingClaim
    | FailureClaim
    | NextClaim
    | CounterfactualClaim
)
"""Any claim; `kind` tells which."""


def claims_for(reader: Reader, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The claims that a reader may be told.

    An applicant is told the outcome, the principal reasons, what is missing, the offer with its
    conditions and what comes next: no score, no rule that gave no reason, no cause inside the
    lender's house (Reg B comment 9(b)(2)-3 asks for no more). An analyst is spared the rules that
    did not fire; an examiner is told everything.
    """
    if reader is Reader.EXAMINER:
        return claims
    if reader is Reader.ANALYST:
        return tuple(c for c in claims if not (isinstance(c, ThresholdClaim) and not c.rule.fired))
    return tuple(c for c in claims if isinstance(c, _APPLICANT) or reason_of(c) is not None)


_APPLICANT = (OutcomeClaim, MissingClaim, ConditionClaim, PriceClaim, NextClaim)


def reason_of(claim: Claim) -> Reason | None:
    """The principal reason that a claim carries, if it carries one."""
    if isinstance(claim, ThresholdClaim | CharacteristicClaim | PersonReasonClaim):
        return claim.reason
    return None


def rule_of(claim: Claim) -> Rule | None:
    """The rule that a claim tells of, if it tells of one."""
    if isinstance(claim, ThresholdClaim | ConditionClaim | PriceClaim):
        return claim.rule
    return claim.band if isinstance(claim, ScoreClaim) else None


def comparisons_of(rule: Rule) -> tuple[Comparison, ...]:
    """All comparisons of a rule, the principal one first; it fired where all of them hold."""
    principal = Comparison(
        fact=rule.fact, value=rule.value, comparator=rule.comparator, limit=rule.limit, unit=rule.unit
    )
    return (principal, *rule.also)

"""What executed changes say: the answers to "what would change the outcome" and to "what if".

Both are for analysts: dated, never stored as decisions, never an offer, never told to an applicant.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from pydantic import AwareDatetime

from decisioning.claims import claims_of_changes
from decisioning.counterfactuals import Change, Counterfactual, Flip, Search, Searched
from decisioning.edition import Edition
from decisioning.model import Decision, Frozen, Inputs, Outcome, Reader, Rule, Score, Versions
from decisioning.price_tier import PriceTier, price_tier_of
from decisioning.titles import Told, titles_of
from decisioning.writer import sentence

NOT_AN_OFFER = (
    "For analysts. Not an offer: each change was decided under the policy of the day named here,"
    " with the answers that the models gave at that instant."
)
APPROVED_NOW = "Asked again, the models answer otherwise than they did: as it stands it would be approved."
DISTANCE = "The share of its present value by which each field moves, summed; as of 2026-11-23."


class WhatChanges(Frozen):
    """The changes under which the application is approved, the smallest first.

    `outcome` is the recorded one, `outcome_now` what the same application came to when it was asked again
    for this search. `sentences` word the changes, one each; `none_because` says why there are none.
    `complete` is false where the time or the number of changes ran out, or a model did not answer: a
    smaller change may then have been missed.
    """

    decision_id: UUID
    product: str
    outcome: Outcome
    outcome_now: Outcome | None
    counterfactuals: tuple[Counterfactual, ...]
    sentences: tuple[str, ...]
    none_because: str | None
    searched: tuple[Searched, ...]
    tried: int
    complete: bool
    price_tier: PriceTier | None
    as_of: date
    edition: str
    in_force_today: bool
    versions: Versions
    created_at: AwareDatetime
    distance: str = DISTANCE
    remark: str = NOT_AN_OFFER
    trace_id: str


class WhatIf(Frozen):
    """One change, decided; `decision` is nobody's and is stored nowhere."""

    decision_id: UUID
    changes: tuple[Change, ...]
    outcome: Outcome
    outcome_now: Outcome
    flips: tuple[Flip, ...]
    newly_fired: tuple[Rule, ...]
    score: Score | None
    decision: Decision
    price_tier: PriceTier | None
    as_of: date
    edition: str
    in_force_today: bool
    created_at: AwareDatetime
    remark: str = NOT_AN_OFFER
    trace_id: str


def sentences_of(edition: Edition, decision: Decision, found: Iterable[Counterfactual]) -> tuple[str, ...]:
    """The changes in words, for an analyst."""
    told = Told(decision, titles_of(edition))
    return tuple(sentence(claim, told, Reader.ANALYST) for claim in claims_of_changes(found))


def why_not_searched(edition: Edition, decision: Decision) -> str | None:
    """Why there is nothing to search for this recorded decision; None where there is."""
    if decision.outcome is Outcome.APPROVE:
        return "The application is approved as it is."
    if decision.outcome is Outcome.INCOMPLETE:
        return f"The application lacks {', '.join(decision.missing)}: it can be neither scored nor priced."
    if not edition.product.actions:
        return f"The product {decision.product} declares nothing that an applicant can act on."
    return None


def why_none(search: Search) -> str | None:
    """Why a search found nothing; None where it found something."""
    if search.found():
        return None
    if not search.complete:
        return "No change that was tried is approved, and not all could be tried."
    if not search.searched():
        return "Nothing that an applicant can act on has room to move within the policy's limits."
    return "No change within the policy's limits is approved; the rules that still fire are named."


def tier_of(edition: Edition, decision: Decision, inputs: Inputs) -> PriceTier | None:
    """The decision's price tier, with the characteristics that held the score back."""
    contributions = inputs.score_answer.contributions if inputs.score_answer else ()
    below = edition.reasons.shortfalls(contributions, edition.application.unknown(inputs.application))
    held_back_by = tuple(each.characteristic for each in below[: edition.product.max_reasons])
    return price_tier_of(edition, decision, held_back_by)

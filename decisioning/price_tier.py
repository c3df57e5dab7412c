"""Why this price tier and not the next better one: the first constraint that keeps it."""

from decisioning.edition import Edition
from decisioning.model import Comparison, Decision, Frozen


class PriceTier(Frozen):
    """The tier that the policy puts an application in, and what keeps it from the next better one.

    Tiers stand in the table from the best price to the worst. `next`, `clause_of_next` and `binding` are
    None in the best. `charged` is the tier that the pricing API named, which may be of its own making.
    `held_back_by` are the characteristics scored furthest below the average, where the score is what binds.
    """

    tier: str
    charged: str | None
    clause: str
    edition: str
    next: str | None
    clause_of_next: str | None
    binding: Comparison | None
    held_back_by: tuple[str, ...]


def price_tier_of(edition: Edition, decision: Decision, held_back_by: tuple[str, ...]) -> PriceTier | None:
    """The explanation of the tier; None where nothing was priced."""
    if decision.score is None or decision.pricing is None:
        return None
    rows = edition.rules.price_tiers({name: fact.value for name, fact in decision.facts.items()})
    place = next(number for number, row in enumerate(rows) if not row.unmet)
    better = rows[place - 1] if place else None
    return PriceTier(
        tier=rows[place].tier,
        charged=decision.pricing.tier,
        clause=rows[place].clause,
        edition=edition.name,
        next=better.tier if better else None,
        clause_of_next=better.clause if better else None,
        binding=better.unmet[0] if better else None,
        held_back_by=held_back_by if better else (),
    )

"""The terms of the reference pricing: the product's dated parameters and the scorecard's base rate."""

import json
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from typing import Any

from app.sandbox.pricing import PricingTerms
from app.sandbox.scoring import SCORECARD
from decisioning.canonical import digest
from decisioning.files import read_json
from decisioning.parameters import History, in_force
from decisioning.product import PRODUCTS

TIME_ZONE = "Europe/Madrid"
PARAMETERS = PRODUCTS / "consumer_loan" / "parameters.json"
_TERMS = {
    "cost_of_funds": "cost_of_funds",
    "loss_given_default": "loss_given_default",
    "average_life_share": "average_life_share",
    "prior_correction_bad_rate": "expected_bad_rate",
    "tier_a_min_score": "tier_a_min_score",
    "tier_b_min_score": "tier_b_min_score",
    "margin_tier_a": "margin_tier_a",
    "margin_tier_b": "margin_tier_b",
    "margin_tier_c": "margin_tier_c",
}


@lru_cache(maxsize=64)
def terms_on(day: date) -> tuple[PricingTerms, str]:
    """The terms in force on that day and their version, a content hash.

    Raises ValueError before the first.
    """
    content: dict[str, Any] = read_json(PARAMETERS, PARAMETERS.name)
    parameters = in_force({name: History.model_validate(content[name]) for name in _TERMS}, day)
    if len(parameters) < len(_TERMS):
        raise ValueError(f"no prices are in force on {day}")
    values = {term: parameters[name].value for name, term in _TERMS.items()}
    base_rate = json.loads(SCORECARD.read_text(encoding="utf-8"))["development"]["bad_rate"]
    terms = PricingTerms(development_bad_rate=base_rate, **values)
    return terms, digest(asdict(terms))

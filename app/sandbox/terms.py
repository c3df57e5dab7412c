"""The terms of the reference pricing: the product's dated parameters and the scorecard's base rate."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.sandbox.pricing import PricingTerms
from app.sandbox.scoring import SCORECARD

PRODUCT_NAME = "consumer-loan"
TIME_ZONE = "Europe/Madrid"
PARAMETERS = Path(__file__).parents[2] / "decisioning" / "products" / "consumer_loan" / "parameters.json"
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
    histories = _read(PARAMETERS)
    values = {term: _in_force(histories[name]["history"], day) for name, term in _TERMS.items()}
    terms = PricingTerms(development_bad_rate=_read(SCORECARD)["development"]["bad_rate"], **values)
    canonical = json.dumps(asdict(terms), sort_keys=True, separators=(",", ":"))
    return terms, sha256(canonical.encode()).hexdigest()[:16]


def _in_force(history: list[Mapping[str, Any]], day: date) -> float:
    past = [each["value"] for each in history if date.fromisoformat(each["from"]) <= day]
    if not past or past[-1] is None:
        raise ValueError(f"no prices are in force on {day}")
    return float(past[-1])


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))

"""Reads a decision and facts as others write them down: what is not there gets the value of nothing."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from decisioning.model import Decision, Fact, Unit

_NOBODY = "00000000-0000-0000-0000-000000000000"
_EPOCH = "1970-01-01T00:00:00Z"
_DEFAULTS: Mapping[str, Any] = {
    "id": _NOBODY,
    "external_id": None,
    "product": "unknown",
    "mode": "live",
    "missing": (),
    "causes": (),
    "requested": {"amount": 0, "term_months": 0},
    "offer": None,
    "currency": {"code": "", "unit": 1},
    "facts": {},
    "score": None,
    "pricing": None,
    "rules": (),
    "reasons": (),
    "conditions": (),
    "explanation": None,
    "versions": {},
    "as_of": "1970-01-01",
    "timings_ms": {},
    "trace_id": "",
    "received_at": _EPOCH,
    "created_at": _EPOCH,
    "notice": None,
    "corrects": None,
}
_PARTS: Mapping[str, Mapping[str, Any]] = {
    "rules": {
        "id": "",
        "effect": "refer",
        "component": "rule",
        "fired": True,
        "value": None,
        "comparator": "==",
        "limit": None,
        "unit": "",
        "also": (),
        "clause": "",
        "edition": "",
    },
    "reasons": {
        "rank": 1,
        "code": "",
        "text": "",
        "component": "rule",
        "automatic_denial": False,
        "source": "",
        "appendix_c": "",
        "clauses": (),
    },
    "conditions": {"code": "", "text": "", "clauses": ()},
    "causes": {"dependency": "", "problem": ""},
    "versions": {
        "product": "",
        "policy": "",
        "parameters": "",
        "rules": "",
        "reasons": "",
        "prompt": None,
        "llm": None,
        "embedding": None,
        "scoring": None,
        "pricing": None,
        "credence": "",
    },
    "score": {"pd": 0, "min": 0, "max": 0, "cutoff": 0, "model": "", "version": ""},
    "pricing": {"nominal_rate": 0, "apr": 0, "monthly_payment": 0, "tier": "", "model": "", "version": ""},
    "currency": {"code": "", "unit": 1},
    "requested": {"amount": 0, "term_months": 0},
    "offer": {"expires_at": _EPOCH, "total_payable": 0, "apr": 0, "nominal_rate": 0, "monthly_payment": 0},
    "notice": {"kind": "adverse_action", "due_at": _EPOCH},
}
_UNITS = {
    "months": ("month", "months", "term"),
    "years": ("year", "years"),
    "points": ("points", "point", "score"),
    "ratio": ("ratio", "percent", "fraction", "share", "%"),
    "rate": ("rate",),
    "probability": ("probability", "pd"),
    "money_per_month": ("money_per_month", "monthly", "money/month", "money per month"),
    "money": ("money", "amount", "currency"),
    "count": ("count", "number", "integer", "days"),
    "category": ("category", "choice", "text", "string", "boolean"),
}


_PERCENT = re.compile(r"%|per\s?cent", re.IGNORECASE)
_FRACTION = 1.5
"""A share above this is one in percent."""
_CURRENCY = (
    r"(?:\b(?:eur|euros?|usd|dollars?|gbp|pounds?|sterling|esp|pesetas?|chf|francs?|currency|money)\b"
    r"|[\u20ac$\u00a3\u20a7])"
)
_WRITTEN = (
    (Unit.MONEY_PER_MONTH, re.compile(rf"(?:{_CURRENCY}).*(?:month|p\.?m)")),
    (Unit.MONEY, re.compile(_CURRENCY)),
    (Unit.RATIO, re.compile(r"%|per\s?cent|\b(?:share|fraction|ratio)\b")),
    (Unit.MONTHS, re.compile(r"\bmonths?\b")),
    (Unit.YEARS, re.compile(r"\byears?\b")),
    (Unit.POINTS, re.compile(r"\bpoints?\b")),
)
"""How units are written by others."""


def decision_from(record: Mapping[str, Any] | Decision) -> Decision:
    """A decision as GET gives it, or what is left of one; its explanation is never looked at.

    Fields that are missing get the value of nothing and fields that are unknown are dropped. Raises
    pydantic's ValidationError, a ValueError, where what is there is no decision (no outcome, say).
    """
    if isinstance(record, Decision):
        return record.model_copy(update={"explanation": None})
    try:
        return Decision.model_validate({**record, "explanation": None})
    except ValidationError:
        return Decision.model_validate(_filled(record))


def facts_from(facts: Mapping[str, Any]) -> dict[str, Fact]:
    """Facts as {name: value} or {name: {value, unit}}; a unit not given is guessed from name and value."""
    return {name: _fact(name, fact) for name, fact in facts.items()}


def counts_in_thousands(facts: Mapping[str, Any]) -> bool:
    """Whether a fact says that its unit is a thousand of a currency."""
    return any(
        isinstance(f, Mapping) and "thousand" in str(f.get("unit", "")).lower() for f in facts.values()
    )


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    whole = {name: record.get(name, default) for name, default in _DEFAULTS.items()}
    whole["outcome"] = record.get("outcome")
    whole["explanation"] = None
    whole["facts"] = facts_from(whole["facts"] or {})
    for name, defaults in _PARTS.items():
        part = whole[name]
        if isinstance(part, Mapping):
            whole[name] = _part(name, part, defaults)
        elif part is not None:
            whole[name] = [_part(name, item, defaults) for item in part]
    for n, reason in enumerate(whole["reasons"], 1):
        reason["rank"] = reason["rank"] if reason["rank"] > 0 else n
    return whole


def _part(name: str, part: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    known = {*defaults, *_OWN.get(name, ())}
    filled = {**defaults, **{k: v for k, v in part.items() if k in known}}
    if name == "rules":
        filled["unit"] = _unit(str(filled["unit"]), str(filled.get("fact", "")), filled["limit"])
    if name in ("reasons", "conditions"):
        filled["clauses"] = [c if isinstance(c, str) else c.get("clause", "") for c in filled["clauses"]]
    return filled


_OWN = {
    "rules": ("fact",),
    "score": ("value",),
    "offer": ("amount", "term_months"),
}


def _fact(name: str, fact: Any) -> Fact:
    if isinstance(fact, Fact):
        return fact
    if isinstance(fact, Mapping):
        value, unit = fact.get("value"), str(fact.get("unit", ""))
        if _PERCENT.search(unit) and isinstance(value, int | float) and abs(value) > _FRACTION:
            value = float(Decimal(str(value)) / 100)
        return Fact(value=value, unit=_unit(unit, name, value))
    return Fact(value=fact, unit=_unit("", name, fact))


def _unit(written: str, name: str, value: Any) -> Unit:
    lowered = written.lower()
    for unit, names in _UNITS.items():
        if lowered in names:
            return Unit(unit)
    if isinstance(value, str | bool):
        return Unit.CATEGORY
    for unit, form in _WRITTEN:
        if form.search(lowered):
            return unit
    if written:
        return Unit.COUNT
    return _guessed(name.lower(), value)


def _guessed(name: str, value: Any) -> Unit:
    endings = (
        (Unit.MONTHS, ("months", "term", "month")),
        (Unit.YEARS, ("years", "year")),
        (Unit.POINTS, ("score", "points")),
        (Unit.RATE, ("rate", "apr")),
        (Unit.PROBABILITY, ("pd", "probability")),
        (Unit.COUNT, ("count", "days", "number")),
    )
    for unit, words in endings:
        if name.endswith(words):
            return unit
    if "_to_" in name or "ratio" in name or "share" in name:
        return Unit.RATIO
    if isinstance(value, float) and 0 < abs(value) < 1:
        return Unit.RATIO
    return Unit.MONEY

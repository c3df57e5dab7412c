"""Relations of what must matter: a fact over its threshold, a better figure, another edition."""

from collections.abc import Mapping
from datetime import date

from app.wiring import Services
from decisioning.claims import comparisons_of
from decisioning.comparison import compare
from decisioning.edition import Edition
from decisioning.model import Decision, Outcome, Rule
from evals.relations.pool import Application, Broken, Relation, worse
from evals.taking import PRODUCT, taken

EDITIONS = (date(2024, 9, 2), date(2026, 1, 15), date(2026, 11, 23))


def _fired(decision: Decision) -> set[str]:
    return {rule.id for rule in decision.rules if rule.fired}


def _across(rule: str, field: str, parameter: str, step: float) -> Broken:
    """On its limit a field does not fire the rule, one step beyond it does, and the outcome is a decline."""

    async def broken(services: Services, application: Application) -> str | None:
        limit = services.products[PRODUCT].editions[-1].values[parameter]
        on = await taken(services, {**application, field: int(limit)})
        beyond = await taken(services, {**application, field: int(limit + step)})
        if rule in _fired(on):
            return f"{rule} fired on its limit of {limit:g}"
        if rule not in _fired(beyond) or beyond.outcome is not Outcome.DECLINE:
            return f"{rule} did not decline at {limit + step:g}"
        return None

    return broken


async def _obligations(services: Services, application: Application) -> str | None:
    """Income at which the ratio lies just below, then just above its maximum."""
    limit = services.products[PRODUCT].editions[-1].values["max_debt_service_to_income"]
    first = await taken(services, application)
    paid = _number(first, "instalment") + _number(first, "debt_service")
    # The score, and with it the price and the instalment, may move with income: ask again where it lies.
    for income in (paid / limit * 1.25, paid / limit * 0.75):
        decision = await taken(services, {**application, "income": round(income, 2)})
        ratio = _number(decision, "debt_service_to_income")
        if ("K-DSTI" in _fired(decision)) is not (ratio > limit):
            return f"at a ratio of {ratio:g} the rule K-DSTI says otherwise than its limit of {limit:g}"
    return None


def _number(decision: Decision, fact: str) -> float:
    value = decision.facts[fact].value
    if not isinstance(value, int | float):
        raise TypeError(f"{fact} is no number")
    return float(value)


def _never_worse(field: str, factor: float, plus: float = 0.0) -> Broken:
    """More of the field, or less, never makes the outcome worse."""

    async def broken(services: Services, application: Application) -> str | None:
        value = application[field]
        if not isinstance(value, int | float):
            return None
        better = {**application, field: round(value * factor + plus)}
        return worse(await taken(services, application), await taken(services, better))

    return broken


async def _record(services: Services, application: Application) -> str | None:
    """An adverse record never makes the outcome better."""
    clean = await taken(services, {**application, "records": "no"})
    adverse = await taken(services, {**application, "records": "yes"})
    return worse(adverse, clean)


async def _edition(services: Services, application: Application) -> str | None:
    """Under each edition every rule shown has that edition's limit, and fires as that limit says."""
    for day in EDITIONS:
        decision = await taken(services, application, day=day)
        edition = services.products[PRODUCT].on(day)
        for rule in decision.rules:
            wanted = _limit(edition, rule)
            if wanted is not None and rule.limit != wanted:
                return f"{rule.id} on {day} has the limit {rule.limit}, the edition {wanted}"
            held = all(compare(c.value, c.comparator, c.limit) for c in comparisons_of(rule))
            if held is not rule.fired:
                return f"{rule.id} on {day}: fired is {rule.fired}, its comparisons say {held}"
    return None


def _limit(edition: Edition, rule: Rule) -> float | None:
    row = next(each for each in edition.rules.rows if each.id == rule.id)
    cells = (c for c in row.cells if c.fact == rule.fact and c.comparator is rule.comparator and c.parameter)
    return next((edition.values[c.parameter] for c in cells if c.parameter), None)


MOVING: Mapping[str, Relation] = {
    "amount": Relation(
        "an amount over the maximum is declined, on it not",
        _across("K-AMOUNT-MAX", "amount", "max_amount", 1),
    ),
    "little": Relation(
        "an amount under the minimum is declined, on it not",
        _across("K-AMOUNT-MIN", "amount", "min_amount", -1),
    ),
    "term": Relation(
        "a term over the maximum is declined, on it not",
        _across("K-TERM-MAX", "term_months", "max_term_months", 1),
    ),
    "ratio": Relation("obligations over their limit are declined, below not", _obligations),
    "income": Relation("a fifth more income is never worse", _never_worse("income", 1.2)),
    "assets": Relation("twice the assets are never worse", _never_worse("assets", 2.0)),
    "debt": Relation("half the debt is never worse", _never_worse("debt", 0.5)),
    "seniority": Relation(
        "five years longer in work are never worse", _never_worse("seniority_years", 1.0, 5)
    ),
    "record": Relation("an adverse record is never better", _record),
    "edition": Relation("each edition decides by its own limits", _edition),
}
"""What must matter, and how."""

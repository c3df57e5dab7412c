"""What a number is used as in a sentence: a value, a limit, a difference, a comparison in round words."""

import re

from decisioning.comparison import compare
from decisioning.grounding.forms import form, pattern
from decisioning.grounding.pool import Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.topics import MEANT, NAMED
from decisioning.model import Unit
from decisioning.numbers import SHARE, Kind, Quantity

_COMPARED = re.compile(r"\b(?:above|below|beyond|exceed\w*|(?:more|less)\s+than)\s+$", re.IGNORECASE)


def has_role(said: Said, quantity: Quantity, known: Known, pool: Pool) -> bool:
    """Whether the sentence uses the quantity as what the record has it for."""
    before = said.text[: quantity.start]
    part, limiting = said.part_of(quantity), bool(quantity.bound or quantity.comparator)
    if known.name.startswith("score_") and not form("scale").search(said.text):
        return False
    if known.turned and not (limiting or form("strict limit").search(part) or form("tolerated").search(part)):
        return _by_clause(said, quantity, known)
    if known.role is Role.LIMIT:
        return limiting or bool(form("limit").search(part)) or _by_clause(said, quantity, known)
    if known.role is Role.VALUE:
        if limiting and _beside(said, quantity, known, pool):
            return True
        return not limiting or (quantity.kind is Kind.DURATION and not _COMPARED.search(before))
    if known.role is Role.DIFFERENCE:
        return _is_difference(said, quantity) and _of_limits_told(said, quantity, known, pool)
    return bool(form("shortfall").search(said.text))


def _beside(said: Said, quantity: Quantity, known: Known, pool: Pool) -> bool:
    """ "the APR of 13.5 % is above the nominal rate of 12.73 %": two values, compared as they are."""
    if quantity.comparator is None or pool.named(known.name, said.left_of(quantity)) < NAMED:
        return False
    earlier = [q for q in said.amounts if q.end <= quantity.start]
    others = [k for q in earlier[-1:] for k in pool.meaning(q) if k.role is Role.VALUE]
    return any(
        k.unit is known.unit and k.name != known.name and compare(k.value, quantity.comparator, known.value)
        for k in others
    )


def _by_clause(said: Said, quantity: Quantity, known: Known) -> bool:
    """ "the 630 of CP-7.3": a limit by the clause that it stands beside."""
    clauses = (q for q in said.quantities if q.kind is Kind.CLAUSE and said.same_part(q, quantity))
    return known.rule is not None and any(q.name == known.rule.clause for q in clauses)


def _of_limits_told(said: Said, quantity: Quantity, known: Known, pool: Pool) -> bool:
    """Where the sentence gives a limit of the fact too, the difference must be to that one."""
    others = [k for q in said.amounts if q is not quantity for k in pool.meaning(q) if k.name == known.name]
    limits = {k.value for k in others if k.role is Role.LIMIT}
    clauses = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    named = [k for k in pool.numbers if k.role is Role.LIMIT and k.rule and k.rule.clause in clauses]
    limits = limits or {k.value for k in named if k.name == known.name}
    values = {k.value for k in pool.numbers if k.name == known.name and k.role is Role.VALUE}
    return not limits or any(round(abs(v - x), 6) == known.value for v in values for x in limits)


def _is_difference(said: Said, quantity: Quantity) -> bool:
    """ "by 20 points", "20 points short": how far a fact is from its limit."""
    before, after = said.text[: quantity.start], said.text[quantity.end :]
    by = re.search(rf"\b(?:{pattern('by so much')})\s+(?:only\s+|just\s+)?$", before, re.IGNORECASE)
    away = re.match(
        rf"\s*(?:thousand\s+)?(?:points?\s+)?(?:{pattern('so much away')})\b", after, re.IGNORECASE
    )
    return bool(by or away)


def roughly_true(said: Said, quantity: Quantity, pool: Pool) -> bool:
    """ "less than a year", "more than half": a comparison in words, not with a limit, that is so."""
    in_words = not any(c.isdigit() for c in quantity.text)
    away = _is_difference(said, quantity) or (in_words and quantity.unit == "percentage points")
    if quantity.comparator is None or not (in_words or away):
        return False
    if not away and (quantity.bound or form("strict limit").search(said.part_of(quantity))):
        return False
    roles = (Role.DIFFERENCE,) if away else (Role.VALUE,)
    facts = [k for k in pool.numbers if k.role in roles and pool.named(k.name, said.stems) >= MEANT]
    told = [(k, _in_unit(quantity, k)) for k in facts]
    return any(v is not None and compare(k.value, quantity.comparator, v) for k, v in told)


def _in_unit(quantity: Quantity, known: Known) -> float | None:
    """What a quantity is worth in the unit of a fact; None where it is of another sort."""
    if known.unit is None or not could_be(quantity, known.unit):
        return None
    months = {"years": 12, "months": 1}.get(quantity.unit)
    if quantity.kind is Kind.DURATION:
        return (
            None
            if months is None
            else float(quantity.value) * months / (12 if known.unit is Unit.YEARS else 1)
        )
    return float(quantity.value)


_KINDS = {
    Kind.PERCENT: (Unit.RATIO, Unit.RATE, Unit.PROBABILITY),
    Kind.MONEY: (Unit.MONEY, Unit.MONEY_PER_MONTH),
    Kind.DURATION: (Unit.MONTHS, Unit.YEARS),
    Kind.POINTS: (Unit.POINTS,),
}


def could_be(quantity: Quantity, unit: Unit) -> bool:
    """Whether a quantity of this kind could state something of that unit at all."""
    if quantity.unit == SHARE or (quantity.kind is Kind.NUMBER and 0 < quantity.value < 1):
        return unit in _KINDS[Kind.PERCENT]
    return unit in _KINDS.get(quantity.kind, tuple(Unit))

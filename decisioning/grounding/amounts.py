"""Every number of a sentence must be one of the record or of a clause, in the same role."""

import re
from collections.abc import Iterator

from decisioning.grounding.pool import Known, Passage, Pool, Role
from decisioning.grounding.said import Said
from decisioning.model import Problem, Unit
from decisioning.numbers import Kind, Quantity, states

_LIMIT_WORDS = re.compile(
    r"\b(?:limits?|limited|maximum|max|minimum|min|ceiling|caps?|capped|floor|thresholds?|cut-?offs?|bars?|line|bound"
    r"|allow\w*|permit\w*|permissible|accept\w*|tolera\w*|requir\w*|need\w*|demand\w*|asks?|asked|expects?|expected|must|may|cannot|shall"
    r"|should|polic\w+|rules?|clauses?|standards?|sets?|fix\w*|target|benchmark|versus|vs|against|compared|rather|than|most|least"
    r"|only|beyond|within|above|below|under|over|exceed\w*|short|up\s+to|reach\w*|authority|mark|hurdle|scale|range|from|to|between"
    r"|mandate|qualif\w*|eligib\w*|approval|tier|band|lies?)\b",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\b(?:by|short|gap|shortfall|margin|excess|difference|over|above|below|under|beyond|too)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"^\s*(?:\w+\s+){0,2}?(reasons?|factors?|conditions?|grounds?|fields?|items?|things|points)\b",
    re.IGNORECASE,
)
_RANK = re.compile(r"\b(?:reason|factor|ground)\s+(?:no\.\s*|number\s+)?$", re.IGNORECASE)
_FRACTIONS = (Unit.RATIO, Unit.RATE, Unit.PROBABILITY)


def check_amounts(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each number of the sentence that stands on nothing or in another role."""
    for quantity in said.amounts:
        problem = _amount(said, quantity, pool)
        if problem:
            yield problem


def same(quantity: Quantity, known: Known, currency_unit: int) -> bool:
    """Whether the quantity is that number; with no unit known, any unit may be meant."""
    if known.unit is not None:
        return states(quantity, known.value, known.unit, currency_unit)
    return any(states(quantity, known.value, u, currency_unit) for u in Unit if u is not Unit.CATEGORY)


def _amount(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    if quantity.kind is Kind.UNREADABLE:
        return _problem(
            said, "unreadable_number", f'"{quantity.text}" cannot be read as one number; write it as 1,234.5'
        )
    if _RANK.search(said.text[: quantity.start]) and quantity.kind is Kind.NUMBER:
        return _rank(said, quantity, pool)
    found = [k for k in pool.numbers if same(quantity, k, pool.currency_unit) and k.unit is not Unit.COUNT]
    quoting = [p for p in pool.passages if any(equal(quantity, q) for q in p.quantities)]
    if not found and not quoting:
        return _uncounted(said, quantity, pool)
    if quoting and _fits_passage(said, quoting):
        return None
    if not found:
        return _problem(
            said, "number_out_of_place", f'"{quantity.text}" stands in a clause that speaks of something else'
        )
    return _in_role(said, quantity, found, pool) or _of_topic(said, quantity, found, pool)


def equal(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities of two texts say the same number of the same thing."""
    if one.kind is other.kind and one.value == other.value:
        return (
            one.unit == other.unit
            or Kind.MONEY is one.kind
            or {one.unit, other.unit} <= {"percent", "basis points"}
        )
    kinds = {one.kind, other.kind}
    if one.kind is other.kind is Kind.DURATION:
        return _months(one) is not None and _months(one) == _months(other)
    if Kind.NUMBER in kinds and kinds <= {Kind.NUMBER, Kind.POINTS}:
        return one.value == other.value
    if kinds == {Kind.NUMBER, Kind.PERCENT}:
        return one.value == other.value and max(one.places, other.places) > 0
    if kinds == {Kind.NUMBER, Kind.DURATION}:
        return False
    return False


def _months(quantity: Quantity) -> object:
    return {"months": quantity.value, "years": quantity.value * 12}.get(quantity.unit)


def _uncounted(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    counted = _COUNTED.match(said.text[quantity.end :])
    if counted and any(k.unit is Unit.COUNT and k.value == quantity.value for k in pool.numbers):
        return None
    if quantity.kind is Kind.NUMBER and quantity.value == 1 and not any(c.isdigit() for c in quantity.text):
        return None
    return _problem(
        said, "unknown_number", f'"{quantity.text}" is no number of the decision or of the clauses given'
    )


def _rank(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    if any(k.name == "reason" and k.value == quantity.value for k in pool.numbers):
        return None
    return _problem(said, "unknown_number", f"there is no principal reason {quantity.text}")


def _fits_passage(said: Said, passages: list[Passage]) -> bool:
    """Whether one of the passages with this number speaks of what the sentence speaks of."""
    content = {w.stem for w in said.content}
    return any(len(content & {w.stem for w in p.content}) >= min(2, len(content)) for p in passages)


def _in_role(said: Said, quantity: Quantity, found: list[Known], pool: Pool) -> Problem | None:
    roles = {k.role for k in found}
    if Role.VALUE in roles and not quantity.bound:
        if Role.LIMIT in roles or quantity.comparator is None or quantity.kind is Kind.DURATION:
            return None
        return _problem(
            said,
            "value_as_limit",
            f'"{quantity.text}" is the value of {_named(found, Role.VALUE)}, not a limit to compare with',
        )
    if Role.LIMIT in roles and (
        quantity.bound or quantity.comparator or _LIMIT_WORDS.search(said.part_of(quantity))
    ):
        return None
    if Role.DIFFERENCE in roles and _DIFFERENCE.search(said.part_of(quantity)):
        return None
    if Role.VALUE in roles:
        return _problem(
            said,
            "value_as_limit",
            f'"{quantity.text}" is the value of {_named(found, Role.VALUE)}, not a limit',
        )
    name = _named(found, Role.LIMIT) or _named(found, Role.DIFFERENCE)
    return _problem(said, "limit_as_value", f'"{quantity.text}" is the limit for {name}, not its value')


def _of_topic(said: Said, quantity: Quantity, found: list[Known], pool: Pool) -> Problem | None:
    """A number must not stand beside the name of something that has another value."""
    left, right = said.left_of(quantity), said.right_of(quantity)
    own = max(_near(pool, k.name, left, right) for k in found)
    others = pool.near(left | right) - {k.name for k in found}
    rival = max(others, key=lambda name: (_near(pool, name, left, right), name), default="")
    if (
        rival
        and _near(pool, rival, left, right) >= 1
        and own < _near(pool, rival, left, right) - 0.001
        and not _same_topic(rival, found)
    ):
        return _problem(
            said,
            "number_of_another",
            f'"{quantity.text}" is {_named(found, None)}, but the sentence gives it to {_plain(rival)}',
        )
    return None


def _same_topic(rival: str, found: list[Known]) -> bool:
    return any(k.name == rival for k in found)


def _near(pool: Pool, name: str, left: frozenset[str], right: frozenset[str]) -> float:
    return max(pool.named(name, left), pool.named(name, right) * 0.9)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _named(found: list[Known], role: Role | None) -> str:
    return next((_plain(k.name) for k in found if role is None or k.role is role), "")


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

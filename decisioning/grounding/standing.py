"""Where a value is said to stand must be where it stands: between two numbers, below zero."""

import re
from collections.abc import Iterator
from itertools import pairwise

from decisioning.comparison import compare
from decisioning.grounding.forms import form
from decisioning.grounding.pool import Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.topics import NAMED
from decisioning.model import Comparator, Effect, Problem
from decisioning.numbers import negated_at

_INSIDE = re.compile(
    r"\b(?:is|are|was|were|lies?|lying|falls?|stands?|sits?|ranges?|remains?|scored|in|within|inside)\s+(?:[\w-]+\s+){0,5}?"
    r"(?:between|from|of)\s+$",
    re.IGNORECASE,
)
_SCALE = re.compile(r"\b(?:scale|possible|lowest|highest)\b", re.IGNORECASE)
_SIGNED = 30
_WHICH_SIDE = re.compile(
    r"\s*(?:thousand\s+)?(?:points?\s+)?(?:(?P<above>higher|above|over(?=\s+(?:the|its|what)\b)|beyond)"
    r"|(?P<below>lower|below|under|short|shy))\b",
    re.IGNORECASE,
)


def check_standing(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a value is said to lie where it does not."""
    yield from _enough(said, pool)
    yield from _inside(said, pool)
    yield from _signs(said, pool)
    yield from _directions(said, pool)


def _enough(said: Said, pool: Pool) -> Iterator[Problem]:
    """What broke a limit is not enough, and what broke none is."""
    found = form("enough").search(said.text)
    if not found or is_general(said, pool):
        return
    told = {k.name for q in said.amounts for k in pool.meaning(q) if k.role is Role.VALUE}
    rules = [
        r
        for r in pool.rules
        if (pool.named(r.fact, said.stems) >= NAMED or r.fact in told)
        and r.effect in (Effect.DECLINE, Effect.REFER)
    ]
    fired = any(r.fired for r in rules)
    if rules and negated_at(said.text, found.start()) is not fired:
        name = rules[0].fact.replace("_", " ")
        yield said.problem("comparator", f'"{found.group()}" contradicts the rule that read {name}')


def value_of(name: str, pool: Pool) -> Known | None:
    """What the record has as the value of a fact."""
    return next((k for k in pool.numbers if k.name == name and k.role is Role.VALUE), None)


def _inside(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is said to lie between two numbers must."""
    if pool.outcome is None or is_general(said, pool):
        return
    for low, high in pairwise(said.amounts):
        opened = low.comparator is Comparator.GE and high.comparator is Comparator.LE
        if not opened or not _INSIDE.search(said.text[: low.start]) or _SCALE.search(said.text):
            continue
        names = {k.name for q in (low, high) for k in pool.meaning(q)}
        values = [v for n in sorted(names) if (v := value_of(n, pool)) is not None]
        bounds = [{k.value for k in pool.meaning(q)} for q in (low, high)]
        if values and all(bounds) and not any(min(bounds[0]) <= v.value <= max(bounds[1]) for v in values):
            name = values[0].name.replace("_", " ")
            yield said.problem("comparator", f'{name} does not lie between "{low.text}" and "{high.text}"')


def _signs(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is called negative must be below zero, in the record or in the rule that is told."""
    for found in re.finditer(r"\b(negative|positive)\b", said.text, re.IGNORECASE):
        comparator = Comparator.LT if found[1].lower() == "negative" else Comparator.GT
        for topic in pool.topics(said.ordered(found.end(), found.end() + _SIGNED)):
            values = [v for n in topic if (v := value_of(n, pool)) is not None]
            if values and not any(compare(v.value, comparator, 0) for v in values):
                yield said.problem("comparator", f"{values[0].name.replace('_', ' ')} is not {found[1]}")


def _directions(said: Said, pool: Pool) -> Iterator[Problem]:
    """ "20 points higher" and "20 points short" tell on which side of its limit a value lies."""
    if pool.outcome is None:
        return
    for quantity in said.amounts:
        side = _WHICH_SIDE.match(said.text, quantity.end)
        differences = [k for k in pool.meaning(quantity) if k.role is Role.DIFFERENCE]
        if side is None or not differences:
            continue
        comparator = Comparator.GE if side["above"] else Comparator.LE
        pairs = [(value_of(k.name, pool), x) for k in differences for x in _limits_at(k, pool)]
        if pairs and not any(v is not None and compare(v.value, comparator, x) for v, x in pairs):
            yield said.problem(
                "comparator", f'"{quantity.text}{side.group()}" is on the other side of the limit'
            )


def _limits_at(difference: Known, pool: Pool) -> Iterator[float]:
    """The limits of a fact that lie that far from its value."""
    value = value_of(difference.name, pool)
    limits = (k for k in pool.numbers if k.name == difference.name and k.role is Role.LIMIT)
    if value is not None:
        yield from (k.value for k in limits if round(abs(value.value - k.value), 6) == difference.value)

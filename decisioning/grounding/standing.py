"""Where a value is said to stand must be where it stands: between two numbers, below zero."""

import re
from collections.abc import Iterator
from itertools import pairwise

from decisioning.comparison import compare
from decisioning.grounding.pool import Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.model import Comparator, Problem

_INSIDE = re.compile(
    r"\b(?:is|are|was|were|lies?|lying|falls?|stands?|sits?|ranges?|remains?|scored|in|within|inside)\s+(?:[\w-]+\s+){0,5}?"
    r"(?:between|from|of)\s+$",
    re.IGNORECASE,
)
_SCALE = re.compile(r"\b(?:scale|possible|lowest|highest)\b", re.IGNORECASE)
_SIGNED = 30


def check_standing(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a value is said to lie where it does not."""
    yield from _inside(said, pool)
    yield from _signs(said, pool)


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

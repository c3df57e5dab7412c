"""A reason that is told by its rank must be the reason of that rank."""

import re
from collections.abc import Iterator

from decisioning.grounding.pool import Carrier, Pool
from decisioning.grounding.said import Said
from decisioning.model import Problem
from decisioning.numbers import Kind, Quantity

_BEFORE = re.compile(r"\b(?:reason|factor|ground)\s+(?:no\.\s*|number\s+)?$", re.IGNORECASE)
_BEHIND = re.compile(
    r"\s+(?:and\s+\w+\s+)?(?:(?:principal|main|other|key|stated|listed)\s+)?(?:reason|factor|ground)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r";|,\s+(?:and|then|while|but|followed)\b|\b(?:followed\s+by|ahead\s+of|came\s+after)\b", re.IGNORECASE
)
_OF_THE_SCORE = re.compile(r"\b(?:points|average|scored|scorecard)\b", re.IGNORECASE)


def is_rank(said: Said, quantity: Quantity) -> bool:
    """Whether a quantity is the rank of a reason: "reason 2", "the second principal reason"."""
    if quantity.kind is Kind.ORDINAL:
        return bool(_BEHIND.match(said.text[quantity.end :]))
    return quantity.kind is Kind.NUMBER and bool(_BEFORE.search(said.text[: quantity.start]))


def check_ranks(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each rank at which another reason of the decision stands, or none."""
    if pool.outcome is None:
        return
    for quantity in said.quantities:
        if is_rank(said, quantity):
            yield from _rank(said, quantity, pool)


def _rank(said: Said, quantity: Quantity, pool: Pool) -> Iterator[Problem]:
    ranked = [c for c in pool.carriers if c.rank is not None]
    own = next((c for c in ranked if c.rank == quantity.value), None)
    if own is None:
        yield said.problem("unknown_number", f"there is no principal reason {quantity.text}")
        return
    named = _named(said.sequence, ranked, pool)
    beside = _named(_beside(said, quantity), ranked, pool) or named
    if (named and own not in beside) or _is_a_twin(said, own, named):
        yield said.problem("wrong_rank", f"principal reason {quantity.text} is another one")


def _named(stems: tuple[str, ...], ranked: list[Carrier], pool: Pool) -> list[Carrier]:
    """The reasons that words name, by what was scored or by the fact of their rule."""
    topics = pool.topics(stems)
    return [c for c in ranked if any(set(c.names[:1]) & topic for topic in topics)]


def _beside(said: Said, quantity: Quantity) -> tuple[str, ...]:
    """The words of the rank's own part of the sentence, up to where another reason is told."""
    left = max([m.end() for m in _NEXT.finditer(said.text, 0, quantity.start)], default=0)
    right = _NEXT.search(said.text, quantity.end)
    return said.ordered(left, right.start() if right else len(said.text))


def _is_a_twin(said: Said, own: Carrier, named: list[Carrier]) -> bool:
    """Whether the sentence tells another reason on the same fact: by another clause, or by the score."""
    clauses = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    others = {c.rule.clause for c in named if c is not own and c.rule is not None}
    if own.rule is not None and clauses & others and own.rule.clause not in clauses:
        return True
    twins = [c for c in named if set(c.names) & set(own.names) and c.scored != own.scored]
    return bool(twins) and own.scored != bool(_OF_THE_SCORE.search(said.text))

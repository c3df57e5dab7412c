"""What a mutation starts from: a true sentence and the decision around it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from decisioning.model import Decision


@dataclass(frozen=True)
class Spoken:
    """A true sentence, the claim that it words, the clauses that the claim rests on and its facts."""

    text: str
    claim: str
    clauses: tuple[str, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What a mutation may draw on: the decision, other decisions' sentences, the manual's clause names."""

    decision: Decision
    others: Sequence[Spoken]
    clauses: Sequence[str]
    editions: Sequence[date]
    told: frozenset[frozenset[str]] = frozenset()


Mutation = Callable[[Spoken, Stage, Random], str | None]
"""A false sentence made from a true one; None where this mutation has nothing to break."""

"""Rules without their numbers, and values that are the same for many decisions kept as one."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

from decisioning.model import Comparator, Component, Effect, Rule, Unit

T = TypeVar("T")


class LookedError(Exception):
    """Somebody looked at a number that is hidden."""


class Hidden:
    """What has no more to show than it says."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker is to find out itself

        def __getattr__(self, name: str) -> NoReturn:
            """Whatever else is asked for is hidden."""
            raise LookedError(name)


@dataclass(frozen=True, slots=True)
class ComparisonShape(Hidden):
    """What is compared and how, without the value and the limit."""

    fact: str
    comparator: Comparator
    unit: Unit


_Also = tuple[ComparisonShape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RuleShape(Hidden):
    """What a rule compares and whether it fired, without the value and the limit."""

    id: str
    effect: Effect
    component: Component
    fired: bool
    fact: str
    comparator: Comparator
    unit: Unit
    clause: str
    also: _Also


def shape_of(rule: Rule) -> RuleShape:
    """That rule's shape; rules that differ in their numbers alone have the same one."""
    also = tuple(ComparisonShape(c.fact, c.comparator, c.unit) for c in rule.also)
    return _shape(
        rule.id,
        rule.effect,
        rule.component,
        rule.fired,
        rule.fact,
        rule.comparator,
        rule.unit,
        rule.clause,
        also,
    )


@lru_cache(maxsize=1024)
def _shape(
    name: str,
    effect: Effect,
    component: Component,
    fired: bool,
    fact: str,
    comparator: Comparator,
    unit: Unit,
    clause: str,
    also: _Also,
) -> RuleShape:
    return RuleShape(name, effect, component, fired, fact, comparator, unit, clause, also)


class Group(tuple[T, ...]):
    """Things that go together: equal to itself alone, so that two are compared at once."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@lru_cache(maxsize=2048)
def grouped(things: tuple[T, ...]) -> Group[T]:
    """These things as a group, the same one for the same things."""
    return Group(things)

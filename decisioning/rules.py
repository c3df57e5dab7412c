"""Rules: decision tables compiled once for an edition, run by the rule engine for each application.

The engine decides which rows fire. The same comparisons are read here for what a row shows (value,
limit, distance), and the two must agree: a table never fails to fire in silence.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from pydantic import TypeAdapter

from decisioning.engine import Engine
from decisioning.errors import InvalidProduct, RulesFailed
from decisioning.model import Comparator, Comparison, Effect, Rule, Unit, Value
from decisioning.parameters import Parameters
from decisioning.tables import PRICE_TIERS, Cell, Row, rows_of

NEAREST = 3
"""How many rows that did not fire are shown."""

_RULES = TypeAdapter(tuple[Rule, ...])
_COMPARE: Mapping[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.LT: operator.lt,
    Comparator.LE: operator.le,
    Comparator.GT: operator.gt,
    Comparator.GE: operator.ge,
    Comparator.EQ: operator.eq,
    Comparator.NE: operator.ne,
}


@dataclass(frozen=True, slots=True)
class BoundCell:
    """A cell with its limit in force."""

    fact: str
    unit: Unit
    comparator: Comparator
    limit: float | str
    compare: Callable[[Any, Any], bool]

    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether the fact stands to the limit as the comparator says."""
        return self.compare(facts[self.fact], self.limit)

    def shown(self, facts: Mapping[str, Value]) -> dict[str, Any]:
        """The comparison with the value it met, as the fields of a `Comparison`."""
        return {
            "fact": self.fact,
            "value": facts[self.fact],
            "comparator": self.comparator,
            "limit": self.limit,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A row with its limits in force; what declines or refers by a number can be near to firing."""

    row: Row
    principal: BoundCell
    also: tuple[BoundCell, ...]
    can_be_near: bool

    def else_holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether everything beside the principal comparison holds."""
        return all(cell.holds(facts) for cell in self.also)

    def distance(self, facts: Mapping[str, Value]) -> float:
        """How far the principal fact is from its limit, as a share of the limit (of 1 where that is 0)."""
        value, limit = cast("float", facts[self.principal.fact]), cast("float", self.principal.limit)
        return abs(value - limit) / (abs(limit) or 1.0)

    def shown(self, facts: Mapping[str, Value], *, fired: bool, edition: str) -> dict[str, Any]:
        """The row as it met these facts, as the fields of a `Rule`."""
        return {
            "id": self.row.id,
            "effect": self.row.effect,
            "component": self.row.component,
            "fired": fired,
            **self.principal.shown(facts),
            "also": [cell.shown(facts) for cell in self.also],
            "clause": self.row.clause,
            "edition": edition,
        }


@dataclass(frozen=True)
class Evaluation:
    """What the rules said of one application: the rows that fired, in rank order, and what to show."""

    fired: tuple[Row, ...]
    shown: tuple[Rule, ...]


@dataclass(frozen=True)
class TierRow:
    """A price tier as it met some facts; `unmet` is empty for the one that they fall into."""

    tier: str
    clause: str
    unmet: tuple[Comparison, ...]


class RuleSet:
    """The rules of one edition; evaluating costs tens of microseconds."""

    def __init__(
        self,
        content: Mapping[str, Any],
        file: str,
        units: Mapping[str, Unit],
        parameters: Parameters,
        edition: str,
    ) -> None:
        """`content` is the JDM, `units` the facts there are; raises InvalidProduct naming file and row."""
        self.rows = rows_of(content, file)
        self._edition = edition
        self._bound = tuple(_bound(row, units, parameters, file) for row in self.rows)
        self.facts = frozenset(cell.fact for row in self.rows for cell in row.cells)
        self._engine = Engine(content, {name: parameter.value for name, parameter in parameters.items()})
        _check_tiers([bound for bound in self._bound if bound.row.table == PRICE_TIERS], file)

    def evaluate(self, facts: Mapping[str, Value]) -> Evaluation:
        """The rows that fire on these facts and the nearest that do not.

        Raises RulesFailed where a fact that a rule reads is absent or the engine does not answer right:
        the engine itself would take either for "not fired".
        """
        if absent := self.facts - facts.keys():
            raise RulesFailed(
                f"the rules read {', '.join(sorted(absent))}, which this application does not have"
            )
        fired, near = self._read(facts)
        ids = [bound.row.id for bound in fired]
        if (engine := self._engine.fired({name: facts[name] for name in self.facts})) != ids:
            raise RulesFailed(f"the engine fired {engine}, the rows say {ids}")
        shown = [bound.shown(facts, fired=True, edition=self._edition) for bound in fired]
        shown += [bound.shown(facts, fired=False, edition=self._edition) for bound in near]
        # One call of the validator for all rows: one for each would cost three times as much.
        return Evaluation(tuple(bound.row for bound in fired), _RULES.validate_python(shown))

    def price_tiers(self, facts: Mapping[str, Value]) -> tuple[TierRow, ...]:
        """Every price tier in the table's order, each with the comparisons that keep it from these facts.

        Raises KeyError where the fact that the tiers share out is absent.
        """
        rows = [bound for bound in self._bound if bound.row.table == PRICE_TIERS]
        return tuple(
            TierRow(
                bound.row.code,
                bound.row.clause,
                tuple(
                    Comparison(**cell.shown(facts))
                    for cell in (bound.principal, *bound.also)
                    if not cell.holds(facts)
                ),
            )
            for bound in rows
        )

    def _read(self, facts: Mapping[str, Value]) -> tuple[list[BoundRow], list[BoundRow]]:
        """The rows that fire, and those nearest to it: only their principal comparison keeps them."""
        fired, near = [], []
        for place, bound in enumerate(self._bound):
            if not bound.else_holds(facts):
                continue
            if bound.principal.holds(facts):
                fired.append(bound)
            elif bound.can_be_near:
                near.append((bound.distance(facts), place))
        return fired, [self._bound[place] for _, place in sorted(near)[:NEAREST]]


def _bound(row: Row, units: Mapping[str, Unit], parameters: Parameters, file: str) -> BoundRow:
    where = f"{file}: {row.table} row {row.id}"
    principal, *also = [_bound_cell(cell, units, parameters, where) for cell in row.cells]
    can_be_near = row.effect in (Effect.DECLINE, Effect.REFER) and not isinstance(principal.limit, str)
    return BoundRow(row, principal, tuple(also), can_be_near)


def _bound_cell(cell: Cell, units: Mapping[str, Unit], parameters: Parameters, where: str) -> BoundCell:
    unit = units.get(cell.fact)
    if unit is None:
        raise InvalidProduct(f"{where}: there is no fact {cell.fact}")
    if cell.parameter is None:
        if unit is not Unit.CATEGORY or cell.comparator not in (Comparator.EQ, Comparator.NE):
            raise InvalidProduct(f"{where}: {cell.fact} is a {unit.value} and is compared with a category")
        return BoundCell(cell.fact, unit, cell.comparator, cell.text or "", _COMPARE[cell.comparator])
    parameter = parameters.get(cell.parameter)
    if parameter is None:
        raise InvalidProduct(f"{where}: parameter {cell.parameter} is not in force")
    if parameter.unit is not unit or unit is Unit.CATEGORY:
        raise InvalidProduct(
            f"{where}: {cell.fact} is a {unit.value}, parameter {cell.parameter} a {parameter.unit.value}"
        )
    return BoundCell(cell.fact, unit, cell.comparator, parameter.value, _COMPARE[cell.comparator])


def _check_tiers(rows: Sequence[BoundRow], file: str) -> None:
    """Exactly one tier for any value: tried at every limit and between limits, where nothing changes."""
    where = f"{file}: {PRICE_TIERS}"
    cells = [cell for bound in rows for cell in (bound.principal, *bound.also)]
    facts = {cell.fact for cell in cells}
    limits = sorted({cell.limit for cell in cells if isinstance(cell.limit, float | int)})
    if len(facts) != 1 or not limits:
        raise InvalidProduct(f"{where}: must share out one number among the tiers")
    between = [(low + high) / 2 for low, high in pairwise(limits)]
    (fact,) = facts
    for probe in sorted([limits[0] - 1, *limits, *between, limits[-1] + 1]):
        at = {fact: probe}
        tiers = [row.row.code for row in rows if row.principal.holds(at) and row.else_holds(at)]
        if len(tiers) != 1 or not tiers[0]:
            raise InvalidProduct(f"{where}: {fact} {probe:g} falls into {len(tiers)} tiers, not one")

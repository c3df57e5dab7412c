"""Decision tables: the rules as the GoRules editor writes them (JDM), read into rows that are checked.

Only what the checks understand may stand in a table, so that a row means what its columns say: an
input cell compares one fact with a named parameter or with a category; a literal number is refused,
since a threshold is a dated parameter with a clause.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field

from decisioning.errors import InvalidProduct
from decisioning.files import validated
from decisioning.model import Comparator, Component, Effect

KNOCK_OUTS, SCORE_BANDS, REFERRALS = "knock_outs", "score_bands", "referrals"
CONDITIONS, PRICE_TIERS = "conditions", "price_tiers"

_ALLOWED: Mapping[str, tuple[frozenset[Effect], Component]] = {
    KNOCK_OUTS: (frozenset({Effect.DECLINE}), Component.RULE),
    SCORE_BANDS: (frozenset({Effect.DECLINE, Effect.REFER}), Component.SCORE),
    REFERRALS: (frozenset({Effect.REFER}), Component.RULE),
    CONDITIONS: (frozenset({Effect.CONDITION}), Component.RULE),
    PRICE_TIERS: (frozenset({Effect.PRICE}), Component.RULE),
}
TABLES = tuple(_ALLOWED)
"""The five tables, in the order in which rows are ranked and shown."""

_OUTPUTS = frozenset({"id", "effect", "component", "fact", "comparator", "limit", "code", "clause"})
_CELL = re.compile(r"(<=|>=|==|!=|<|>)\s*(?:parameters\.(?P<parameter>[a-z][a-z0-9_]*)|'(?P<text>[^']*)')")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_CLAUSE = re.compile(r"[A-Z][A-Z0-9]*-[0-9]+(\.[0-9]+)*")

Member = TypeVar("Member", Effect, Component, Comparator)


@dataclass(frozen=True)
class Cell:
    """One comparison: a fact against a parameter by name, or against a category."""

    fact: str
    comparator: Comparator
    parameter: str | None
    text: str | None


@dataclass(frozen=True)
class Row:
    """A rule: its principal comparison and what else must hold.

    `code` names a reason, a condition or a price tier; '' for a score band.
    """

    id: str
    table: str
    effect: Effect
    component: Component
    principal: Cell
    also: tuple[Cell, ...]
    code: str
    clause: str

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All comparisons, the principal one first."""
        return (self.principal, *self.also)


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Column(_Read):
    id: str
    field: str


class _Table(_Read):
    hit_policy: Annotated[Literal["collect"], Field(alias="hitPolicy")]
    output_path: Annotated[str, Field(alias="outputPath")]
    inputs: tuple[_Column, ...]
    outputs: tuple[_Column, ...]
    rules: Annotated[tuple[dict[str, str], ...], Field(default=())]


_Kind = Literal["inputNode", "outputNode", "decisionTableNode"]


class _Node(_Read):
    id: str
    name: str
    type: _Kind
    content: dict[str, Any] | None = None


class _Edge(_Read):
    source: Annotated[str, Field(alias="sourceId")]
    target: Annotated[str, Field(alias="targetId")]


class _Graph(_Read):
    nodes: tuple[_Node, ...]
    edges: tuple[_Edge, ...]


def rows_of(content: Mapping[str, Any], file: str) -> tuple[Row, ...]:
    """The rows of a JDM graph in table order; raises InvalidProduct naming file, table and row."""
    graph = validated(_Graph, content, file)
    _check_shape(graph, file)
    tables = [
        validated(_Table, node.content, f"{file}: {node.name}")
        for node in graph.nodes
        if node.type == "decisionTableNode"
    ]
    by_path = {table.output_path: table for table in tables}
    if len(tables) != len(TABLES) or by_path.keys() != set(TABLES):
        raise InvalidProduct(f"{file}: its tables must be, by output path, {', '.join(TABLES)}")
    rows = [row for name in TABLES for row in _table_rows(name, by_path[name], f"{file}: {name}")]
    ids = [row.id for row in rows]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise InvalidProduct(f"{file}: rule {repeated[0]} stands twice")
    return tuple(rows)


def _check_shape(graph: _Graph, file: str) -> None:
    """One input, tables side by side, one output: nothing that a row would not show."""
    by_type = {kind: [node.id for node in graph.nodes if node.type == kind] for kind in get_args(_Kind)}
    sources, targets, tables = by_type["inputNode"], by_type["outputNode"], by_type["decisionTableNode"]
    if len(sources) != 1 or len(targets) != 1:
        raise InvalidProduct(f"{file}: must have one input and one output")
    wanted = {pair for table in tables for pair in ((sources[0], table), (table, targets[0]))}
    if {(edge.source, edge.target) for edge in graph.edges} != wanted:
        raise InvalidProduct(
            f"{file}: each table must be joined to the input and to the output, and to nothing else"
        )


def _table_rows(name: str, table: _Table, where: str) -> Iterator[Row]:
    if {column.field for column in table.outputs} != _OUTPUTS:
        raise InvalidProduct(f"{where}: its outputs must be {', '.join(sorted(_OUTPUTS))}")
    for number, cells in enumerate(table.rules, start=1):
        yield _row(name, table, cells, f"{where} row {number}")


def _row(name: str, table: _Table, cells: Mapping[str, str], where: str) -> Row:
    out = {
        column.field: _text(cells.get(column.id, ""), f"{where} {column.field}") for column in table.outputs
    }
    where = f"{where} ({out['id']})"
    effect, component = _one_of(Effect, out["effect"], where), _one_of(Component, out["component"], where)
    effects, expected = _ALLOWED[name]
    if effect not in effects or component is not expected:
        raise InvalidProduct(
            f"{where}: effect {effect.value!r} of component {component.value!r} has no place here"
        )
    if not out["id"] or not _CLAUSE.fullmatch(out["clause"]):
        raise InvalidProduct(f"{where}: must name its id and its clause")
    principal, also = _comparisons(table, cells, out, where)
    return Row(out["id"], name, effect, component, principal, also, out["code"], out["clause"])


def _comparisons(
    table: _Table, cells: Mapping[str, str], out: Mapping[str, str], where: str
) -> tuple[Cell, tuple[Cell, ...]]:
    """The cell that equals the row's fact, comparator and limit, and the others."""
    filled = [(column.field, cells.get(column.id, "").strip()) for column in table.inputs]
    read = [_cell(field, text, f"{where} {field}") for field, text in filled if text]
    comparator = _one_of(Comparator, out["comparator"], where)
    named = [
        cell
        for cell in read
        if (cell.fact, cell.comparator, cell.parameter or cell.text)
        == (out["fact"], comparator, out["limit"])
    ]
    if len(named) != 1:
        triple = f"{out['fact']} {comparator.value} {out['limit']}"
        raise InvalidProduct(f"{where}: says {triple}, which is not exactly one of its cells")
    return named[0], tuple(cell for cell in read if cell is not named[0])


def _cell(field: str, text: str, where: str) -> Cell:
    match = _CELL.fullmatch(text)
    if not field.startswith("facts.") or match is None:
        raise InvalidProduct(
            f"{where}: {text!r} must compare a fact with parameters.<name> or with a quoted category"
        )
    return Cell(field.removeprefix("facts."), Comparator(match[1]), match["parameter"], match["text"])


def _text(cell: str, where: str) -> str:
    match = _QUOTED.fullmatch(cell.strip())
    if match is None:
        raise InvalidProduct(f"{where}: {cell!r} must be a quoted text")
    return match[1] if match[1] is not None else match[2]


def _one_of(kind: type[Member], text: str, where: str) -> Member:
    try:
        return kind(text)
    except ValueError:
        raise InvalidProduct(f"{where}: {text!r} is no {kind.__name__.lower()}") from None

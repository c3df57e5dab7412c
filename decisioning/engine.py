"""The rule engine (GoRules zen), given every row as one expression that answers which of them fire.

An edition's five tables are joined when it is loaded: the cells as the editor wrote them, each
parameter by its value in force. The engine then reads compiled comparisons instead of walking tables:
a fifth of the time, and the same answer for every application (tests hold it against the tables).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import zen

from decisioning.errors import InvalidProduct, RulesFailed
from decisioning.model import Value
from decisioning.tables import TABLES

_ID = "id"
_AGAINST_PARAMETER = re.compile(r"\s*([<>=!]+)\s*parameters\.([a-z][a-z0-9_]*)\s*")


class Engine:
    """Says which rows fire on given facts."""

    def __init__(self, content: Mapping[str, Any], parameters: Mapping[str, float]) -> None:
        """`content` is a checked JDM of the five tables, `parameters` the values that its cells name."""
        rows = list(_rows(content, parameters))
        self._ids = [row_id for row_id, _ in rows]
        try:
            self._holds = zen.compile_expression(f"[{', '.join(condition for _, condition in rows)}]")
        except RuntimeError as error:
            raise InvalidProduct(f"the rule engine refuses the tables: {_first_line(error)}") from None

    def fired(self, facts: Mapping[str, Value]) -> list[str]:
        """The ids of the rows that fire, in rank order; raises RulesFailed where the engine fails.

        A fact that is absent would be "not fired" to the engine: the caller sees to it that none is.
        """
        try:
            held = self._holds.evaluate({"facts": facts})
        except RuntimeError as error:
            raise RulesFailed(f"the rule engine failed: {_first_line(error)}") from None
        if not isinstance(held, list) or len(held) != len(self._ids):
            raise RulesFailed("the rule engine failed: it did not answer for each row")
        return [row_id for row_id, holds in zip(self._ids, held, strict=True) if holds]


def _rows(content: Mapping[str, Any], parameters: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Each row's id and its cells as one condition, in the order of TABLES."""
    by_path = {
        node["content"]["outputPath"]: node["content"]
        for node in content["nodes"]
        if node["type"] == "decisionTableNode"
    }
    for table in (by_path[path] for path in TABLES):
        id_column = next(column["id"] for column in table["outputs"] if column["field"] == _ID)
        for row in table["rules"]:
            cells = [(column["field"], row.get(column["id"], "")) for column in table["inputs"]]
            held = [f"{field} {_in_force(cell, parameters)}" for field, cell in cells if cell.strip()]
            yield row[id_column].strip("'\""), f"({' and '.join(held)})"


def _in_force(cell: str, parameters: Mapping[str, float]) -> str:
    compared = _AGAINST_PARAMETER.fullmatch(cell)
    if compared is None:
        return cell
    comparator, name = compared.groups()
    return f"{comparator} {Decimal(repr(parameters[name])):f}"


def _first_line(error: RuntimeError) -> str:
    return str(error).splitlines()[0]

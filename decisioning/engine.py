"""The rule engine (GoRules zen), given one table that answers with the ids of the rows that fire.

An edition's five tables are joined when it is loaded: the cells as the editor wrote them, each
parameter by its value in force. The engine then walks one node instead of five and is handed nothing
but facts, which halves its share of a decision.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import zen

from decisioning.errors import RulesFailed
from decisioning.model import Value
from decisioning.tables import TABLES

_KEY = "rules"
_FIRED = "fired"
_ID = "id"
_AGAINST_PARAMETER = re.compile(r"\s*([<>=!]+)\s*parameters\.([a-z][a-z0-9_]*)\s*")


class Engine:
    """Says which rows fire on given facts."""

    def __init__(self, content: Mapping[str, Any], parameters: Mapping[str, float]) -> None:
        """`content` is a checked JDM of the five tables, `parameters` the values that its cells name."""
        compiled = zen.ZenDecisionContent(json.dumps(_joined(content, parameters)))
        self._engine = zen.ZenEngine({"loader": lambda _key: compiled})

    def fired(self, facts: Mapping[str, Value]) -> list[str]:
        """The ids of the rows that fire, in rank order; raises RulesFailed where the engine fails.

        A fact that is absent would be "not fired" to the engine: the caller sees to it that none is.
        """
        try:
            result = self._engine.evaluate(_KEY, {"facts": facts})["result"]
            return [row[_ID] for row in result[_FIRED]]
        except (RuntimeError, KeyError, TypeError) as error:
            raise RulesFailed(f"the rule engine failed: {str(error).splitlines()[0]}") from None


def _joined(content: Mapping[str, Any], parameters: Mapping[str, float]) -> dict[str, Any]:
    """A JDM of one table with every row of the five, in the order of TABLES."""
    by_path = {
        node["content"]["outputPath"]: node["content"]
        for node in content["nodes"]
        if node["type"] == "decisionTableNode"
    }
    tables = [(path, by_path[path]) for path in TABLES]
    table = {
        "hitPolicy": "collect",
        "outputPath": _FIRED,
        "inputs": [
            {**column, "id": path + column["id"]} for path, table in tables for column in table["inputs"]
        ],
        "outputs": [{"id": _ID, "name": _ID, "field": _ID}],
        "rules": [row for path, table in tables for row in _rows(path, table, parameters)],
    }
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "last", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def _rows(path: str, table: Mapping[str, Any], parameters: Mapping[str, float]) -> Iterator[dict[str, str]]:
    """The rows of one table: their cells with the values in force, and their ids for all output."""
    id_column = next(column["id"] for column in table["outputs"] if column["field"] == _ID)
    for number, row in enumerate(table["rules"]):
        cells = {
            path + column["id"]: _in_force(row.get(column["id"], ""), parameters)
            for column in table["inputs"]
        }
        yield {"_id": f"{path}-{number}", _ID: row[id_column], **cells}


def _in_force(cell: str, parameters: Mapping[str, float]) -> str:
    compared = _AGAINST_PARAMETER.fullmatch(cell)
    if compared is None:
        return cell
    comparator, name = compared.groups()
    return f"{comparator} {Decimal(repr(parameters[name])):f}"

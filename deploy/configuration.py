"""The table of settings in docs/configuration.md, from the settings' own code."""

from pathlib import Path
from typing import Any, Final

from app.settings import PREFIX, Settings

BEGIN: Final = "<!-- settings: written by `python -m deploy` -->\n"
END: Final = "<!-- end of settings -->\n"


def page(path: Path) -> str:
    """The page with its table as the code now has it."""
    before, _, rest = path.read_text().partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def table() -> str:
    """A row a setting: variable, type, default, meaning."""
    schema = Settings.model_json_schema()
    rows = [_row(name, schema["properties"][name]) for name in Settings.model_fields]
    return "\n".join(("| variable | type | default | meaning |", "| --- | --- | --- | --- |", *rows, ""))


def _row(name: str, schema: dict[str, Any]) -> str:
    default = schema.get("default")
    shown = "none" if default in (None, []) else f"`{default}`"
    return f"| `{PREFIX}{name.upper()}` | {_type(schema)} | {shown} | {schema['description']} |"


def _type(schema: dict[str, Any]) -> str:
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return " or ".join(map(_kind, kinds))


def _kind(kind: dict[str, Any]) -> str:
    if "enum" in kind:
        return ", ".join(f"`{each}`" for each in kind["enum"])
    if kind["type"] == "array":
        return "paths"
    named: str = {"password": "secret", "path": "path"}.get(kind.get("format", ""), kind["type"])
    return named + _range(kind)


def _range(kind: dict[str, Any]) -> str:
    low = kind.get("minimum", kind.get("exclusiveMinimum"))
    high = kind.get("maximum", kind.get("exclusiveMaximum"))
    if low is None or high is None:
        return ""
    return f", {'above ' if 'exclusiveMinimum' in kind else ''}{low} to {high}"

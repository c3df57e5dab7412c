"""Files of JSON lines, as the commands read them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

STANDARD_INPUT = Path("-")


class BadLine(ValueError):
    """A line that is no JSON object."""


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file, or of standard input for `-`, without the blank ones."""
    if path == STANDARD_INPUT:
        yield from (line for line in sys.stdin.buffer if line.strip())
        return
    with path.open("rb") as file:
        yield from (line for line in file if line.strip())


def object_of(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; raises BadLine."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        raise BadLine(f"not JSON: {problem}") from None
    if not isinstance(value, dict):
        raise BadLine("not a JSON object")
    return value


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; a line that is none comes as {"id": None, "line": its text}."""
    for line in lines_of(path):
        try:
            yield object_of(line)
        except BadLine:
            yield {"id": None, "line": line.decode(errors="replace").strip()}

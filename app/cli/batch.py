"""Files of JSON lines, as the commands read them."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from app.bodies import parse_json
from app.cli.terminal import err
from app.errors import InvalidBody, MalformedBody

STANDARD_INPUT = Path("-")
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some editors put before a text in UTF-8."""
_PLACE: Final = re.compile(r": line \d+ column (\d+) \(char \d+\)$")


class BadLine(ValueError):
    """A line that is no JSON object."""


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, or of standard input for `-`, numbered from 1, without blank ones."""
    if path == STANDARD_INPUT:
        yield from _told(sys.stdin.buffer)
        return
    with path.open("rb") as file:
        yield from _told(file)


def _told(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_MARK) if number == 1 else line
        if text.strip():
            yield number, text


def object_of(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; raises BadLine, also where a name is given twice."""
    try:
        value = parse_json(line)
    except MalformedBody as problem:
        raise BadLine(_PLACE.sub(r" (column \1)", str(problem).removeprefix("the body is "))) from None
    except InvalidBody as problem:
        raise BadLine(str(problem)) from None
    if not isinstance(value, dict):
        raise BadLine("not a JSON object")
    return value


def in_words(problem: ValueError) -> str:
    """What is wrong with a line, field by field where it is known."""
    if not isinstance(problem, ValidationError):
        return str(problem)
    told = [(".".join(map(str, each["loc"])), each["msg"]) for each in problem.errors()]
    return "; ".join(f"{field}: {message.removeprefix('Value error, ')}" for field, message in told)


def only(known: Iterable[str], value: dict[str, Any], ignored: set[str]) -> dict[str, Any]:
    """The fields that mean something; the names of the others are added to `ignored`."""
    wanted = set(known)
    ignored.update(value.keys() - wanted)
    return {name: each for name, each in value.items() if name in wanted}


def tell_ignored(ignored: set[str]) -> None:
    """Say on stderr which fields of the lines meant nothing: a misspelt one should not go unseen."""
    if ignored:
        err.print(f"credence: fields that mean nothing here were left out: {', '.join(sorted(ignored))}")

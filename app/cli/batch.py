"""Files of JSON lines, as the commands read them."""

import asyncio
import io
import re
import select
import sys
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from app.bodies import LIMIT_BYTES, parse_json
from app.cli.terminal import err
from app.errors import InvalidBody, MalformedBody

STANDARD_INPUT = Path("-")
LONGEST_LINE: Final = LIMIT_BYTES
"""An application in a file may be as long as one in a request's body."""
PIECE_BYTES: Final = 1 << 16
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some editors put before a text in UTF-8."""
_PLACE: Final = re.compile(r": line \d+ column (\d+) \(char \d+\)$")


class BadLine(ValueError):
    """A line that is no JSON object."""


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, or of standard input for `-`, numbered from 1, without blank ones."""
    if path == STANDARD_INPUT:
        yield from _told(enumerate(sys.stdin.buffer, 1))
        return
    with path.open("rb") as file:
        yield from _told(enumerate(file, 1))


async def lines_as_they_come(path: Path) -> AsyncGenerator[list[tuple[int, bytes]]]:
    """The same lines, those that came together in one list; while none comes, the loop goes on.

    However long the file, a piece of it is held and no more: a line longer than LONGEST_LINE lacks its
    middle, and is too long all the same.
    """
    with ExitStack() as stack:
        standard = path == STANDARD_INPUT
        stream: Any = sys.stdin.buffer if standard else stack.enter_context(path.open("rb"))
        count, begun = 0, b""
        while piece := await _piece(stream):
            *whole, begun = (begun + piece).split(b"\n")
            begun = begun[: LONGEST_LINE + 1]
            yield list(_told(enumerate(whole, count + 1)))
            count += len(whole)
        yield list(_told([(count + 1, begun)]))


async def _piece(stream: Any) -> bytes:
    """What can be read at once; nothing at the end."""
    with suppress(io.UnsupportedOperation):  # no descriptor: it is all in memory
        descriptor = stream.fileno()
        if not select.select([descriptor], [], [], 0)[0]:
            loop, came = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(descriptor, came.set)
            try:
                await came.wait()
            finally:
                loop.remove_reader(descriptor)
    piece: bytes = stream.read1(PIECE_BYTES)
    return piece


def _told(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    for number, line in lines:
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

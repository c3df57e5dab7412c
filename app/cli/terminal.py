"""What every command shares: its options, its output, and its errors on stderr with the right exit code."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console

from app.settings import Settings, load_settings

FAILED = 1
MISUSED = 2
INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text for a person.")]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Misuse(Exception):
    """The command was called in a way that it cannot follow; exit code 2."""


def settings_now(**overrides: Any) -> Settings:
    """The settings of this process; raises Misuse naming each variable that is refused."""
    try:
        return load_settings(**overrides)
    except ValidationError as refused:
        problems = (f"{_variable(e['loc'])}: {_plain(e['msg'])}" for e in refused.errors())
        raise Misuse("; ".join(problems)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    return "CREDENCE_" + str(location[0]).upper() if location else "settings"


def _plain(message: str) -> str:
    """A validator's own words, without the prefix that pydantic gives them."""
    return message.removeprefix("Value error, ")


def run(story: Coroutine[Any, Any, int | None]) -> None:
    """Run a command's story to its end; an exit code other than 0 ends the process with it."""
    code = asyncio.run(story)
    if code:
        raise typer.Exit(code)


def print_json(value: Any) -> None:
    """One line of JSON on stdout, at once."""
    line = value if isinstance(value, bytes) else orjson.dumps(value, option=orjson.OPT_UTC_Z)
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def complain(problem: object) -> None:
    """One line on stderr."""
    err.print(f"credence: {problem}", markup=False)

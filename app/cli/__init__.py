"""The command line. Each module holds the commands of one noun; this one puts them together.

Only the module of the command that is asked for is loaded: `serve` should not wait for the evals.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import typer

from app import __version__
from app.cli.terminal import FAILED, INTERRUPTED, MISUSED, Misuse, complain
from app.logs import configure_logs
from app.sandbox.postgres import EmbeddedPostgresFailed
from app.storage.errors import DatabaseUnavailable
from app.supervisor import CannotListen, ChildFailed
from decisioning.errors import CredenceError
from retrieval.errors import CorpusError

MODULES: Final[Mapping[str, str]] = {
    "serve": "serve",
    "sandbox": "serve",
    "decide": "decide",
    "demo": "demo",
    "explain": "records",
    "replay": "records",
    "notice": "records",
    "ask": "words",
    "verify": "words",
    "db": "db",
    "eval": "evals",
    "key": "key",
    "policy": "policy",
}
"""The module of `app.cli` that registers each command."""


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """The commands that these arguments may mean: the one that is named, or all of them."""
    cli = typer.Typer(
        name="credence",
        help="Explained credit decisions: models score and price, rules decide, every sentence is checked.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    cli.callback(invoke_without_command=True)(_version)
    named = next((each for each in arguments if not each.startswith("-")), "")
    wanted = [MODULES[named]] if named in MODULES else dict.fromkeys(MODULES.values())
    for module in wanted:
        import_module(f"app.cli.{module}").register(cli)
    return cli


def _version(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        typer.echo(f"credence {__version__}")
        raise typer.Exit


FAILURES = (CredenceError, CorpusError, EmbeddedPostgresFailed, CannotListen, ChildFailed, OSError)
"""What ends a command with a sentence rather than a traceback."""


def main() -> None:
    """The entry point: exit code 0, 1 for what failed, 2 for bad usage, 130 after Ctrl-C."""
    configure_logs("warning")
    try:
        command_line(sys.argv[1:])(prog_name="credence")
    except Misuse as misuse:
        complain(misuse)
        sys.exit(MISUSED)
    except FAILURES as failure:
        complain(_words(failure))
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _words(failure: Exception) -> str:
    """What went wrong, without the numbers that an operating system has for it."""
    if isinstance(failure, DatabaseUnavailable):
        return f"the database cannot be reached: {failure}"
    if isinstance(failure, OSError) and failure.strerror:
        return ": ".join(str(part) for part in (failure.filename, failure.strerror) if part)
    return str(failure)

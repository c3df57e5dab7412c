"""`credence policy ingest`: take documents in, or end a clause of one."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.opening import DAY, day_of, opened
from app.cli.terminal import FAILED, Json, Misuse, err, out, print_json, run, settings_now
from app.database import Database, database
from app.wiring import Services
from retrieval.errors import Refused
from retrieval.ingest import ingest_paths, withdraw
from retrieval.model import Report, Written


def register(commands: typer.Typer) -> None:
    """Add the command of this module."""
    commands.command()(ingest)


def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Files, or folders to walk.")
    ] = None,
    effective_from: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DATE", help="When it binds from.")
    ] = None,
    effective_to: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DATE", help="When it ends (exclusive).")
    ] = None,
    document: Annotated[str | None, typer.Option(metavar="NAME", help="The document's name.")] = None,
    supersede: Annotated[
        bool, typer.Option("--supersede", help="End an open-ended earlier edition.")
    ] = False,
    withdraw_clause: Annotated[
        str | None, typer.Option("--withdraw", metavar="CLAUSE", help="End this clause, with --on.")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DATE", help="The day a withdrawn clause ends.")
    ] = None,
    json: Json = False,
) -> None:
    """Take documents into the corpus, or end a clause of one; the same input again writes nothing."""
    if withdraw_clause is not None:
        _withdraw(withdraw_clause, document, on, paths, json)
        return
    if not paths:
        raise Misuse("name at least one file or folder")
    if missing := [str(path) for path in paths if not path.exists()]:
        raise Misuse(f"no such file or folder: {', '.join(missing)}")
    if on is not None:
        raise Misuse("--on belongs to --withdraw")

    async def story(base: Database) -> int:
        async with opened(base) as services:
            with progress_bar() as progress:
                task = progress.add_task("embedding", total=None)
                report = await ingest_paths(
                    services.engine,
                    paths,
                    services.embedder,
                    document=document,
                    effective_from=day_of(effective_from),
                    effective_to=day_of(effective_to),
                    supersede=supersede,
                    progress=lambda done, total: progress.update(task, completed=done, total=total),
                )
        return _tell_report(report, json)

    with database(settings_now()) as base:
        run(story(base))


def _withdraw(
    clause: str, document: str | None, on: datetime | None, paths: Sequence[Path] | None, json: bool
) -> None:
    if on is None or paths:
        raise Misuse("--withdraw CLAUSE goes with --on DATE and with no file")

    async def story(base: Database) -> int:
        async with opened(base) as services:
            named = document or await _only_document(services, clause, on.date())
            written = await withdraw(services.engine, named, clause, on.date())
        return _tell_report(Report((written,), {}), json)

    with database(settings_now()) as base:
        run(story(base))


async def _only_document(services: Services, clause: str, on: date) -> str:
    found = await services.clauses.corpus.show(clause, on)
    if len(found) != 1:
        documents = ", ".join(c.document for c in found) or "none"
        raise Refused(f"{clause} is in force on {on} in {documents}: name one with --document")
    return found[0].document


def _tell_report(report: Report, json: bool) -> int:
    if json:
        print_json({"written": [_written_out(w) for w in report.written], "refused": dict(report.refused)})
    else:
        for written in report.written:
            out.print(_sentence(written), markup=False)
    for source, reason in report.refused.items():
        err.print(f"credence: refused {source}: {reason}", markup=False)
    return FAILED if report.refused else 0


def _written_out(written: Written) -> dict[str, Any]:
    snapshot = written.snapshot.id if written.snapshot else None
    return {
        "document": written.document,
        "edition": written.edition,
        "opened": written.opened,
        "closed": written.closed,
        "ended": written.ended,
        "snapshot": snapshot,
    }


def _sentence(written: Written) -> str:
    name = f"{written.document} {written.edition}".strip()
    if written.unchanged:
        return f"{name}: nothing new"
    ended = f", ended edition {', '.join(written.ended)}" if written.ended else ""
    return f"{name}: {written.opened} clauses opened, {written.closed} closed{ended}"


def progress_bar() -> Progress:
    """A bar on stderr that is gone when it is done."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)

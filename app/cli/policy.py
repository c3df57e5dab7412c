"""`credence policy`: take documents in, find clauses, see what changed, check the manual against the rules."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.batch import read_lines
from app.cli.terminal import FAILED, Json, Misuse, err, out, print_json, run, settings_now
from app.policies import clause_out, hit_out
from app.service import Database, database, prepare
from app.wiring import Services, open_services
from decisioning.consistency import Finding, Manual, check, sides_of
from decisioning.product import PRODUCTS, Product, load_products
from retrieval.diff import difference
from retrieval.errors import CorpusError, Refused, Unreadable
from retrieval.ingest import ingest_paths, withdraw
from retrieval.model import Report, Written
from retrieval.parse import parse_file

commands = typer.Typer(no_args_is_help=True, help="The policy corpus: documents, clauses, and their dates.")

DAY = ["%Y-%m-%d"]
Day = Annotated[datetime | None, typer.Option(formats=DAY, help="As the policy stood on that day.")]
KnownAt = Annotated[
    str | None, typer.Option(help="As it was known at that instant (RFC 3339); all that is known by default.")
]
OneDocument = Annotated[str | None, typer.Option("--document", help="In this document only.")]


@asynccontextmanager
async def _services(base: Database) -> AsyncGenerator[Services]:
    await prepare(base)
    async with open_services(base.settings) as services:
        yield services


@commands.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, or folders to walk.")] = None,
    effective_from: Annotated[datetime | None, typer.Option(formats=DAY, help="When it binds from.")] = None,
    effective_to: Annotated[datetime | None, typer.Option(formats=DAY, help="When it ends (exclusive).")] = None,
    document: Annotated[str | None, typer.Option(help="The document's name.")] = None,
    supersede: Annotated[bool, typer.Option("--supersede", help="End an open-ended earlier edition.")] = False,
    withdraw_clause: Annotated[str | None, typer.Option("--withdraw", help="End this clause, with --on.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=DAY, help="The day a withdrawn clause ends.")] = None,
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
        async with _services(base) as services:
            with _progress() as progress:
                task = progress.add_task("embedding", total=None)
                report = await ingest_paths(
                    services.engine,
                    paths,
                    services.embedder,
                    document=document,
                    effective_from=_day(effective_from),
                    effective_to=_day(effective_to),
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
        async with _services(base) as services:
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
            err.print(f"refused {source}: {reason}", markup=False)
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


@commands.command()
def search(
    query: Annotated[str | None, typer.Argument(help="A question, words, or the number of a clause.")] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
    document: OneDocument = None,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="At most so many clauses.")] = 10,
    batch: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help='Lines {"id", "query", "as_of"?, "document"?}.')
    ] = None,
    json: Json = False,
) -> None:
    """Find the clauses in force on a day that answer a question, best first."""
    if (query is None) == (batch is None):
        raise Misuse("give a QUERY or --batch FILE, one of the two")
    instant = _instant(known_at)

    async def story(base: Database) -> int:
        async with _services(base) as services:
            day = _day(as_of) or services.now().date()
            if batch is not None:
                return await _search_batch(services, batch, day, instant, document, k)
            hits = await services.clauses.corpus.search(
                str(query), day, document=document, known_at=instant, k=k
            )
        if json:
            print_json({"items": [hit_out(hit) for hit in hits]})
        for place, hit in enumerate([] if json else hits, 1):
            clause = hit.clause
            out.print(f"{place:2}. {clause.document} {clause.clause} ({clause.edition}) {clause.heading or ''}")
            out.print(f"    {clause.text}", markup=False, style="dim")
        return 0

    with database(settings_now()) as base:
        run(story(base))


async def _search_batch(
    services: Services, batch: Path, day: date, known_at: datetime | None, document: str | None, k: int
) -> int:
    failed = 0
    for line in read_lines(batch):
        try:
            where = line.get("document", document)
            on = date.fromisoformat(line["as_of"]) if line.get("as_of") else day
            hits = await services.clauses.corpus.search(
                str(line["query"]), on, document=where, known_at=known_at, k=k
            )
        except (KeyError, TypeError, ValueError) as problem:
            print_json({"id": line.get("id"), "error": f"{type(problem).__name__}: {problem}"})
            failed = FAILED
            continue
        found = [
            {"document": h.clause.document, "clause": h.clause.clause, "edition": h.clause.edition, "score": h.score}
            for h in hits
        ]
        print_json({"id": line.get("id"), "clauses": found})
    return failed


@commands.command()
def show(clause: str, as_of: Day = None, document: OneDocument = None, json: Json = False) -> None:
    """Print one clause as it stood on a day."""

    async def story(base: Database) -> int:
        async with _services(base) as services:
            day = _day(as_of) or services.now().date()
            found = await services.clauses.corpus.show(clause, day, document=document)
        if not found:
            err.print(f"credence: {clause} is not in force on {day}", markup=False)
            return FAILED
        for each in found:
            if json:
                print_json(clause_out(each))
                continue
            until = f" to {each.effective_to}" if each.effective_to else ""
            out.print(f"{each.document} {each.clause} {each.heading or ''}", markup=False, style="bold")
            out.print(f"edition {each.edition}, in force from {each.effective_from}{until}", style="dim")
            out.print(each.text, markup=False)
        return 0

    with database(settings_now()) as base:
        run(story(base))


@commands.command()
def diff(
    before: Annotated[datetime, typer.Argument(formats=DAY)],
    after: Annotated[datetime, typer.Argument(formats=DAY)],
    document: OneDocument = None,
    json: Json = False,
) -> None:
    """Tell what changed in the policy between two days."""

    async def story(base: Database) -> int:
        async with _services(base) as services:
            corpus = services.clauses.corpus
            old = await corpus.in_force(before.date(), document=document)
            new = await corpus.in_force(after.date(), document=document)
        for change in difference(old, new):
            if json:
                what = {"change": change.change.value, "document": change.document, "clause": change.clause}
                print_json({**what, "words": change.words})
            else:
                out.print(change.words, markup=False)
        return 0

    with database(settings_now()) as base:
        run(story(base))


@commands.command("check")
def check_command(json: Json = False) -> None:
    """Compare each product's manual with its executable rules; exit code 1 and the list where they differ."""
    products = load_products([PRODUCTS, *settings_now().products])
    findings = {name: _findings(product) for name, product in products.items()}
    if json:
        print_json({"findings": [_finding_out(n, f) for n, found in findings.items() for f in found]})
    for name, found in findings.items():
        for finding in [] if json else found:
            out.print(f"{name}: {finding.sentence}", markup=False)
        if not json:
            verdict = "the manual and the rules say the same" if not found else f"{len(found)} disagreements"
            out.print(f"{name}: {verdict}")
    if any(findings.values()):
        raise typer.Exit(FAILED)


def _findings(product: Product) -> tuple[Finding, ...]:
    manuals = []
    for path in product.manuals().values():
        for edition in parse_file(path):
            starts = min(p.effective_from for p in edition.provisions)
            manuals.append(Manual(f"manual/{path.name}", starts, edition.provisions))
    return check(manuals, sides_of(product))


def _finding_out(product: str, finding: Finding) -> Mapping[str, str]:
    return {
        "product": product,
        "code": finding.code.value,
        "clause": finding.clause,
        "manual": finding.manual,
        "rules": finding.product,
        "problem": finding.sentence,
    }


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=err, transient=True)


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


def _instant(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as problem:
        raise Misuse(f"--known-at: {problem}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

"""`credence policy search`, `show` and `diff`: what the policy says, and said."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BeforeValidator, Field, ValidationError

from app.cli.batch import STANDARD_INPUT, BadLine, in_words, lines_of, object_of, only, tell_ignored
from app.cli.opening import DAY, Day, day_of, opened
from app.cli.terminal import FAILED, Json, Misuse, err, out, print_json, run, settings_now
from app.database import Database, database
from app.policies import around_out, clause_out, hit_out, today
from app.schemas import QuestionText, Text, parse_day
from app.wiring import Services
from decisioning.model import Frozen
from retrieval.diff import difference
from retrieval.model import Clause, Hit, Surroundings

KnownAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="As it was known at that instant (RFC 3339); all that is known by default."
    ),
]
OneDocument = Annotated[str | None, typer.Option("--document", metavar="NAME", help="In this document only.")]


_RELATIONS = {
    "parents": "Under",
    "definitions": "Defined by",
    "refers_to": "Refers to",
    "referred_by": "Referred to by",
}


def register(commands: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (search, show, diff):
        commands.command()(command)


def search(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="A question, words, or the number of a clause.")
    ] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
    document: OneDocument = None,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="At most so many clauses.")] = 10,
    batch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Lines {"id", "query", "as_of"?, "document"?}; - reads standard input.',
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Find the clauses in force on a day that answer a question, best first."""
    if (query is None) == (batch is None):
        raise Misuse("give a QUERY or --batch FILE, one of the two")
    if query is not None and not query.strip():
        raise Misuse("the QUERY is empty")
    if batch not in (None, STANDARD_INPUT) and not batch.is_file():
        raise Misuse(f"{batch}: no such file")
    instant = _instant(known_at)

    async def story(base: Database) -> int:
        async with opened(base) as services:
            day = day_of(as_of) or today(services, document)
            if batch is not None:
                return await _search_batch(services, batch, day, instant, document, k)
            hits = await services.clauses.corpus.search(
                str(query), day, document=document, known_at=instant, k=k
            )
        if json:
            print_json({"clauses": [hit_out(hit) for hit in hits], "as_of": day})
        for place, hit in enumerate([] if json else hits, 1):
            clause = hit.clause
            out.print(
                f"{place:2}. {clause.document} {clause.clause} ({clause.edition}) {clause.heading or ''}"
            )
            out.print(f"    {clause.text}", markup=False, style="dim")
        return 0

    with database(settings_now()) as base:
        run(story(base))


class Asked(Frozen):
    """One line of a batch; without a date or a document, those of the command."""

    query: QuestionText
    as_of: Annotated[date | None, BeforeValidator(lambda text: text and parse_day(text))] = None
    document: Annotated[Text, Field(min_length=1)] | None = None


async def _search_batch(
    services: Services, batch: Path, day: date, known_at: datetime | None, document: str | None, k: int
) -> int:
    failed, ignored = 0, set[str]()
    for number, line in lines_of(batch):
        line_id: Any = None
        try:
            value = only((*Asked.model_fields, "id"), object_of(line), ignored)
            line_id = value.pop("id", None)
            wanted = Asked.model_validate(value, strict=True)
        except (BadLine, ValidationError) as problem:
            print_json({"id": line_id, "line": number, "error": in_words(problem)})
            failed += 1
            continue
        hits = await services.clauses.corpus.search(
            wanted.query,
            wanted.as_of or day,
            document=wanted.document or document,
            known_at=known_at,
            k=k,
        )
        print_json({"id": line_id, "clauses": [_found(hit) for hit in hits]})
    tell_ignored(ignored)
    if failed:
        err.print(f"credence: {failed} of the lines could not be read; each says why")
    return FAILED if failed else 0


def _found(hit: Hit) -> dict[str, Any]:
    told = hit_out(hit)
    return {name: told[name] for name in ("document", "clause", "edition", "score")}


def show(
    clause: Annotated[str, typer.Argument(metavar="CLAUSE", help="Its number, such as CP-3.4.")],
    as_of: Day = None,
    known_at: KnownAt = None,
    document: OneDocument = None,
    around: Annotated[
        bool, typer.Option("--around", help="And its parents, its definitions, what it refers to.")
    ] = False,
    json: Json = False,
) -> None:
    """Print one clause as it stood on a day."""
    instant = _instant(known_at)

    async def story(base: Database) -> int:
        async with opened(base) as services:
            corpus = services.clauses.corpus
            day = day_of(as_of) or today(services, document)
            found = await corpus.show(clause, day, document=document, known_at=instant)
            if not found:
                where = f" in {document}" if document else ""
                err.print(f"credence: {clause} is not in force on {day}{where}", markup=False)
                return FAILED
            for each in found:
                read_with = await corpus.around(each, day, known_at=instant) if around else None
                _tell_clause(each, read_with, json)
        return 0

    with database(settings_now()) as base:
        run(story(base))


def _tell_clause(clause: Clause, around: Surroundings | None, json: bool) -> None:
    if json:
        print_json(clause_out(clause) | ({"around": around_out(around)} if around else {}))
        return
    until = f" to {clause.effective_to}" if clause.effective_to else ""
    out.print(f"{clause.document} {clause.clause} {clause.heading or ''}", markup=False, style="bold")
    out.print(f"edition {clause.edition}, in force from {clause.effective_from}{until}", style="dim")
    out.print(clause.text, markup=False)
    for relation, clauses in around_out(around).items() if around else ():
        for each in clauses:
            head = f"{each['clause']} {each['heading'] or ''}".strip()
            out.print(f"\n{_RELATIONS[relation]} {head}", markup=False, style="bold")
            out.print(each["text"], markup=False, style="dim")


def diff(
    before: Annotated[datetime, typer.Argument(formats=DAY, metavar="DATE", help="The earlier day.")],
    after: Annotated[datetime, typer.Argument(formats=DAY, metavar="DATE", help="The later day.")],
    document: OneDocument = None,
    json: Json = False,
) -> None:
    """Tell what changed in the policy between two days, given in either order."""
    first, last = sorted((before.date(), after.date()))

    async def story(base: Database) -> int:
        async with opened(base) as services:
            corpus = services.clauses.corpus
            old = await corpus.in_force(first, document=document)
            new = await corpus.in_force(last, document=document)
            between = await corpus.between(first, last, document=document)
        for change in difference(old, new, between):
            if json:
                what = {"change": change.change.value, "document": change.document, "clause": change.clause}
                print_json({**what, "on": change.on, "words": change.words})
            else:
                out.print(change.words, markup=False)
        return 0

    with database(settings_now()) as base:
        run(story(base))


def _instant(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as problem:
        raise Misuse(f"--known-at: {problem}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

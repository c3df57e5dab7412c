"""`credence explain`, `replay` and `notice`: what was decided and said, whether both follow, the letter."""

import sys
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import typer

from app.cli.opening import opened
from app.cli.terminal import FAILED, Json, Misuse, out, print_json, run, settings_now
from app.database import Database, database
from app.explaining import explanation_of
from app.notices import letter_of
from app.replaying import replay_stored
from app.storage.decisions import iterate_all, load_stored
from app.storage.rows import StoredDecision
from app.wiring import Services
from decisioning.model import Explanation, Reader


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(explain)
    cli.command()(replay)
    cli.command()(notice)


def explain(
    decision_id: Annotated[UUID, typer.Argument(metavar="ID", help="The decision's id.")],
    reader: Annotated[Reader, typer.Option(help="For whom it is written.")] = Reader.ANALYST,
    json: Json = False,
) -> None:
    """Print the explanation of a decision; one that is not written yet is written now and kept."""

    async def story(base: Database) -> None:
        async with opened(base) as services:
            explanation = await explanation_of(services, decision_id, reader)
        if json:
            print_json(explanation.model_dump_json().encode())
        else:
            show(explanation)

    with database(settings_now()) as base:
        run(story(base))


def show(explanation: Explanation) -> None:
    """The sentences, each with its quotes."""
    for sentence in explanation.sentences:
        out.print(sentence.text, markup=False)
        for cited in sentence.citations:
            out.print(f"    {cited.clause} ({cited.edition}): “{cited.quote}”", markup=False, style="dim")
    out.print(f"{explanation.status}, {explanation.writer} writer, for the {explanation.reader}", style="dim")


class Form(StrEnum):
    """What a letter is printed as."""

    HTML = "html"
    MARKDOWN = "markdown"
    PDF = "pdf"


MEDIA_TYPES: Final = {
    Form.HTML: "text/html",
    Form.MARKDOWN: "text/markdown",
    Form.PDF: "application/pdf",
}


def notice(
    decision_id: Annotated[UUID, typer.Argument(metavar="ID", help="The decision's id.")],
    form: Annotated[Form, typer.Option("--format", help="As what it is written.")] = Form.MARKDOWN,
    json: Json = False,
) -> None:
    """Print the notice to the applicant, the very bytes that are kept; written now if it was not yet."""

    async def story(base: Database) -> None:
        async with opened(base) as services:
            document = await letter_of(services, decision_id, MEDIA_TYPES[form], None)
            content = document.content or b""
        if json:
            state = {"decision_id": str(decision_id), "media_type": document.media_type}
            state |= {"sha256": document.sha256.hex(), "written_at": document.written_at.isoformat()}
            print_json(state)
        else:
            sys.stdout.buffer.write(content)

    with database(settings_now()) as base:
        run(story(base))


def replay(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="Decisions.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every decision that is stored.")] = False,
    json: Json = False,
) -> None:
    """Make decisions and explanations again from what was stored; exit code 1 where one differs."""
    if bool(ids) == everything:
        raise Misuse("give the ids of decisions, or --all")

    async def story(base: Database) -> int:
        replayed = differing = 0
        async with opened(base) as services:
            async for stored in _wanted(services, ids or ()):
                difference = await replay_stored(services, stored)
                replayed += 1
                differing += difference is not None
                _tell(stored, str(difference) if difference else None, json)
        if not json:
            out.print(f"{replayed} decisions replayed, {differing} differences")
        return FAILED if differing else 0

    with database(settings_now()) as base:
        run(story(base))


async def _wanted(services: Services, ids: Sequence[UUID]) -> AsyncIterator[StoredDecision]:
    if not ids:
        async for stored in iterate_all(services.engine):
            yield stored
    for decision_id in ids:
        yield await load_stored(services.engine, decision_id)


def _tell(stored: StoredDecision, difference: str | None, json: bool) -> None:
    if json:
        same = difference is None
        print_json({"id": str(stored.id), "identical": same, "first_difference": difference})
    elif difference is not None:
        out.print(f"{stored.id}: {difference}", markup=False)

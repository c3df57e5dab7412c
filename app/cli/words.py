"""`credence ask` and `credence verify`: a question to the policy, and a check of anybody's words."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.answering import Turn, answer_turn, scene_of
from app.cli.batch import STANDARD_INPUT, BadLine, in_words, lines_of, object_of, only, tell_ignored
from app.cli.opening import DAY, day_of, opened_to_ask, opened_to_decide
from app.cli.terminal import FAILED, Json, Misuse, err, out, print_json, run, settings_now
from app.database import Database, database
from app.schemas import ChatRequest
from decisioning.grounding import Verdict, verify
from decisioning.lender_time import UTC
from decisioning.model import Frozen
from decisioning.product import PRODUCTS, Product, load_products


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(ask)
    cli.command("verify")(verify_command)


def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="A question about the policy, or about a decision.")
    ],
    decision: Annotated[
        UUID | None, typer.Option(metavar="ID", help="The decision that it is about.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DATE", help="The day whose policy answers.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask the analyst's assistant one question; it answers from clauses in force, or says that it cannot."""
    if not question.strip():
        raise Misuse("the question is empty")
    try:
        asked = ChatRequest(message=question, decision_id=decision, as_of=day_of(as_of))
    except ValidationError as refused:
        raise Misuse("; ".join(f"{e['loc'][0]}: {e['msg']}" for e in refused.errors())) from None

    async def story(base: Database) -> None:
        opening = opened_to_ask if decision is None else opened_to_decide  # a what-if asks the models
        async with opening(base) as services:
            turn = await answer_turn(services, asked, await scene_of(services, asked, None))
        print_json(turn.as_json()) if json else _show(turn)

    with database(settings_now()) as base:
        run(story(base))


def _show(turn: Turn) -> None:
    out.print(turn.answer.answer, markup=False)
    for sentence in turn.answer.sentences:
        for cited in sentence.citations:
            out.print(f"    {cited.clause} ({cited.edition}): “{cited.quote}”", markup=False, style="dim")
    out.print(f"as of {turn.answer.as_of}", style="dim")


class Source(Frozen):
    """A clause that a text may rest on; it may come with all that the service tells of a clause."""

    model_config = ConfigDict(extra="ignore")

    clause: str
    text: str


class Statement(Frozen):
    """One line of `credence verify`."""

    id: Any = None
    sources: list[Source]
    facts: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    text: str


_STATEMENT = TypeAdapter(Statement)


def verify_command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='Lines {"id", "sources", "facts"?, "decision"?, "text"}; - reads standard input.',
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="The output is JSON lines in any case.")] = False,
) -> None:
    """Check texts, in anybody's words, against their sources, facts and decisions: a verdict a line.

    A line that cannot be read becomes {"id", "supported": false, "line", "error"}; the rest go on, exit
    code 1. Fields beyond those are left out, and told on stderr.
    """
    del json
    if file != STANDARD_INPUT and not file.is_file():
        raise Misuse(f"{file}: no such file")
    bad, ignored = 0, set[str]()
    for number, line in lines_of(file):
        try:
            value = only(Statement.model_fields, object_of(line), ignored)
            print_json({"id": value.get("id")} | _verdict(value).model_dump(mode="json"))
        except (BadLine, ValueError) as problem:
            told = {"id": _id_of(line), "supported": False, "sentences": []}
            print_json({**told, "line": number, "error": in_words(problem)})
            bad += 1
    tell_ignored(ignored)
    if bad:
        err.print(f"credence: {bad} of the lines could not be read; each says why")
        raise typer.Exit(FAILED)


def _verdict(value: Mapping[str, Any]) -> Verdict:
    statement = _STATEMENT.validate_python(value)
    sources: dict[str, str] = {}
    for source in statement.sources:
        earlier = sources.get(source.clause)
        sources[source.clause] = source.text if earlier is None else f"{earlier}\n{source.text}"
    return verify(sources, statement.facts or {}, statement.decision, statement.text, _zone(statement))


def _zone(statement: Statement) -> str:
    """The time zone of the lender whose decision it is; UTC for a product that is not here."""
    name = (statement.decision or {}).get("product")
    product = _products().get(name) if isinstance(name, str) else None
    return product.editions[-1].product.timezone if product else UTC


@cache
def _products() -> Mapping[str, Product]:
    return load_products([PRODUCTS, *settings_now().products])


def _id_of(line: bytes) -> Any:
    try:
        return object_of(line).get("id")
    except BadLine:
        return None

"""`credence decide`: a file of applications, a decision a line.

Each line is claimed by an idempotency key made of the file up to it, so a run that was interrupted, or is
started again within a day, answers what it decided already with the same bytes and goes on from there.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from app.bodies import check
from app.cli.batch import STANDARD_INPUT, BadLine, lines_of, object_of
from app.cli.opening import opened_to_decide
from app.cli.terminal import FAILED, Misuse, err, print_json, run, settings_now
from app.database import Database, database
from app.deciding import Order, take
from app.errors import problems_of
from app.schemas import DecisionRequest
from app.storage import idempotency
from app.storage.errors import StorageError
from app.wiring import Services
from decisioning.errors import CredenceError, UnknownProduct
from decisioning.product import PRODUCTS, load_products, named

AT_ONCE = 16
WAIT_FOR_KEY_S = 0.25

Explain = Literal["sync", "none"]


def register(cli: typer.Typer) -> None:
    """Add the command of this module."""
    cli.command()(decide)


def decide(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON lines, an application each; - reads standard input.")
    ],
    product: Annotated[
        str, typer.Option(metavar="NAME", help="The product that they apply for.")
    ] = "consumer-loan",
    explain: Annotated[Explain, typer.Option(help="Whether each decision is explained.")] = "sync",
    again: Annotated[
        bool, typer.Option("--again", help="Decide lines anew that a run decided before.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The output is JSON lines in any case.")] = False,
) -> None:
    """Decide a file of applications: one a line in, one decision a line out, in the same order.

    A line is an application, or a whole request with `application` in it. A bad line becomes
    {"line", "error", "errors"}, the rest go on; exit code 1 where there was one. Run again, a file is gone on
    with where it stopped: the lines that were decided give the same bytes.
    """
    if file != STANDARD_INPUT and not file.is_file():
        raise Misuse(f"{file}: no such file")
    del json
    settings = settings_now()
    try:
        named(load_products([PRODUCTS, *settings.products]), product)
    except UnknownProduct as unknown:
        raise Misuse(f"--product: {unknown}") from None

    async def story(base: Database) -> int:
        async with opened_to_decide(base) as services:
            lines = _keyed(file, product, explain, again)
            bad = 0
            async with aclosing(_in_order(services, lines, product, explain)) as answers:
                async for answer in answers:
                    print_json(answer)
                    bad += answer.startswith(b'{"line":')
        if bad:
            err.print(f"credence: {bad} of the lines could not be decided; each says why")
        return FAILED if bad else 0

    with database(settings) as base:
        run(story(base))


class _Line:
    """A line, its number in the file, and the key that stands for it and for all before it."""

    def __init__(self, number: int, text: bytes, key: str | None) -> None:
        self.number = number
        self.text = text
        self.key = key


def _keyed(file: Path, product: str, explain: Explain, again: bool) -> Iterator[_Line]:
    so_far = hashlib.sha256(f"{product}\0{explain}\n".encode())
    for number, text in lines_of(file):
        so_far.update(text.strip() + b"\n")
        yield _Line(number, text, None if again else f"decide-{so_far.hexdigest()}")


async def _in_order(
    services: Services, lines: Iterator[_Line], product: str, explain: Explain
) -> AsyncGenerator[bytes]:
    """The answers in the order of the lines, AT_ONCE of them in the making; memory does not grow.

    Where one ends in an error, or nobody takes any more, those in the making end too.
    """
    running: list[asyncio.Task[bytes]] = []
    try:
        for line in lines:
            running.append(asyncio.create_task(_answer(services, line, product, explain)))
            if len(running) == AT_ONCE:
                yield await running[0]
                del running[0]
        while running:
            yield await running[0]
            del running[0]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _answer(services: Services, line: _Line, product: str, explain: Explain) -> bytes:
    try:
        value = object_of(line.text)
        body = value if "application" in value else {"application": value}
        wanted = check(DecisionRequest, {"product": product, "explain": explain, **body})
        return await _once(services, line, wanted)
    except StorageError:
        raise
    except (BadLine, CredenceError) as problem:
        return orjson.dumps({"line": line.number, "error": str(problem), "errors": _fields(problem)})


async def _once(services: Services, line: _Line, wanted: DecisionRequest) -> bytes:
    """The decision of a line, or the answer of the run that decided it before."""
    order = Order(wanted, may_simulate=True)
    if line.key is None:
        return (await take(services, order)).body
    fingerprint = hashlib.sha256(line.text.strip()).digest()
    while True:
        claim = await idempotency.claim(services.engine, None, wanted.product, line.key, fingerprint)
        if isinstance(claim, idempotency.Finished):
            return claim.response
        if isinstance(claim, idempotency.Claimed):
            break
        await asyncio.sleep(WAIT_FOR_KEY_S)
    try:
        return (await take(services, Order(wanted, may_simulate=True, claimed=claim))).body
    except BaseException:
        await idempotency.release(services.engine, claim)
        raise


def _fields(problem: Exception) -> list[dict[str, Any]]:
    return [{"field": each.field, "problem": each.problem} for each in problems_of(problem)]

"""`credence decide`: a file of applications, a decision a line.

Each line is claimed by an idempotency key made of the file up to it, so a run that was interrupted, or is
started again within a day, answers what it decided already with the same bytes and goes on from there.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import orjson
import typer

from app.bodies import check
from app.cli.batch import LONGEST_LINE, STANDARD_INPUT, BadLine, lines_as_they_come, object_of
from app.cli.opening import opened_to_decide
from app.cli.terminal import FAILED, Misuse, err, print_json, run, settings_now
from app.collector import spare_the_collector
from app.database import Database, database
from app.deciding import Order, take
from app.errors import problems_of
from app.schemas import DecisionRequest
from app.storage import idempotency
from app.storage.errors import StorageError
from app.wiring import Services
from decisioning.errors import CredenceError, UnknownProduct
from decisioning.product import PRODUCTS, load_products, named

Explain = Literal["sync", "none"]
AT_ONCE: Final[Mapping[Explain, int]] = {"sync": 16, "none": 128}
"""Lines in the making: without words two commits full of them, with words no more than an LLM likes."""
WAIT_FOR_KEY_S = 0.25


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
    if file != STANDARD_INPUT and (file.is_dir() or not file.exists()):
        raise Misuse(f"{file}: no such file")
    del json
    settings = settings_now()
    try:
        named(load_products([PRODUCTS, *settings.products]), product)
    except UnknownProduct as unknown:
        raise Misuse(f"--product: {unknown}") from None

    async def story(base: Database) -> int:
        async with opened_to_decide(base) as services:
            spare_the_collector()
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


async def _keyed(file: Path, product: str, explain: Explain, again: bool) -> AsyncGenerator[list[_Line]]:
    so_far = hashlib.sha256(f"{product}\0{explain}\n".encode())
    async with aclosing(lines_as_they_come(file)) as together:
        async for lines in together:
            keyed = []
            for number, text in lines:
                so_far.update(text.strip() + b"\n")
                keyed.append(_Line(number, text, None if again else f"decide-{so_far.hexdigest()}"))
            yield keyed


async def _in_order(
    services: Services, lines: AsyncGenerator[list[_Line]], product: str, explain: Explain
) -> AsyncGenerator[bytes]:
    """The answers in the order of the lines, AT_ONCE of them in the making; memory does not grow.

    An answer that is there does not wait for the next line to come. Where one ends in an error, or nobody
    takes any more, those in the making end too.
    """
    running: deque[asyncio.Task[bytes]] = deque()
    coming = asyncio.ensure_future(anext(lines, None))
    try:
        while True:
            while running and not coming.done():
                await asyncio.wait({coming, running[0]}, return_when=asyncio.FIRST_COMPLETED)
                if running[0].done():
                    yield running.popleft().result()
            if (together := await coming) is None:
                break
            for line in together:
                running.append(asyncio.create_task(_answer(services, line, product, explain)))
                if len(running) == AT_ONCE[explain]:
                    yield await running.popleft()
            coming = asyncio.ensure_future(anext(lines, None))
        while running:
            yield await running.popleft()
    finally:
        for task in (coming, *running):
            task.cancel()
        await asyncio.gather(coming, *running, return_exceptions=True)
        await lines.aclose()


async def _answer(services: Services, line: _Line, product: str, explain: Explain) -> bytes:
    try:
        value = _object_of(line)
        body = value if "application" in value else {"application": value}
        wanted = check(DecisionRequest, {"product": product, "explain": explain, **body})
        return await _once(services, line, wanted)
    except StorageError:
        raise
    except (BadLine, CredenceError) as problem:
        return orjson.dumps({"line": line.number, "error": str(problem), "errors": _fields(problem)})


def _object_of(line: _Line) -> dict[str, Any]:
    if len(line.text) > LONGEST_LINE:
        raise BadLine(f"longer than {LONGEST_LINE} bytes")
    return object_of(line.text)


async def _once(services: Services, line: _Line, wanted: DecisionRequest) -> bytes:
    """The decision of a line, or the answer of the run that decided it before."""
    order = Order(wanted, may_simulate=True)
    if line.key is None:
        return (await take(services, order)).body
    fingerprint = hashlib.sha256(line.text.strip()).digest()
    while True:
        asked = idempotency.Wanted(None, wanted.product, line.key, fingerprint)
        claim = await services.batches.claim(asked)
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

"""`credence serve` and `credence sandbox`: what runs in the foreground until it is told to end."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from app.cli.terminal import Json, err, out, print_json, run, settings_now
from app.service import running_service
from app.settings import Settings
from app.supervisor import listening_socket

LOOPBACK = "127.0.0.1"
MOST_WORKERS = 4
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(serve)
    cli.command()(sandbox)


def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on; CREDENCE_HOST by default.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; CREDENCE_PORT by default, 0 a free one.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that answer requests; by default one a core, at most 4."),
    ] = None,
    json: Json = False,
) -> None:
    """Serve decisions over HTTP until Ctrl-C or SIGTERM, with everything embedded that no setting names.

    Prints one line once it can decide, {"url"} with --json, and logs on stderr.
    """
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    run(_serve(settings_now(**given), workers or usual_workers(), json))


def usual_workers() -> int:
    """One for each core that this process may use, at most MOST_WORKERS: each holds some 300 MB."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_WORKERS)


async def _serve(settings: Settings, workers: int, json: bool) -> None:
    stopping = _asked_to_stop()
    async with running_service(settings, workers) as service:
        ready = f"Credence {service.url} is ready. Ctrl-C ends it."
        print_json({"url": service.url}) if json else out.print(ready)
        await _first_of(stopping.wait(), service.failure)
        err.print("Ending: requests that run are answered first.")


def sandbox(scoring_port: Port = 9001, pricing_port: Port = 9002, json: Json = False) -> None:
    """Serve the reference scoring and pricing APIs alone, on loopback, until Ctrl-C or SIGTERM."""
    from app.sandbox.model_server import address_of  # `serve` starts it elsewhere and need not load it
    from app.sandbox.model_server import serve as serve_models

    with (
        listening_socket(LOOPBACK, scoring_port) as scoring,
        listening_socket(LOOPBACK, pricing_port) as pricing,
    ):
        urls = {"scoring": address_of(scoring), "pricing": address_of(pricing)}

        def tell() -> None:
            if json:
                print_json(urls)
            else:
                out.print("\n".join(f"{name} {url}" for name, url in urls.items()))

        run(serve_models(scoring, pricing, tell))


def _asked_to_stop() -> asyncio.Event:
    stopping = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)
    return stopping


async def _first_of(stopping: Coroutine[Any, Any, Any], failure: asyncio.Future[None]) -> None:
    stop = asyncio.ensure_future(stopping)
    await asyncio.wait({stop, failure}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if failure.done():
        failure.result()

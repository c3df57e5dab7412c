"""Everything that `credence serve` runs, from the database to the workers; the demo runs the same.

What starts last ends first: workers, then the reference model APIs, then the embedded database. The
workers' processes are started before the database is up, since Python takes longer to load them than
PostgreSQL to start; they wait at a gate until it is up and prepared.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import httpx

from app.database import Database, database
from app.sandbox.postgres import EmbeddedPostgres, address
from app.settings import MULTIPROCESS, Settings
from app.supervisor import ChildFailed, Program, kept_running, listening_socket

READY_WITHIN_S = 60.0


@dataclass(frozen=True)
class RunningService:
    """A service that answers at `url`; `failure` fails with ChildFailed when it cannot go on."""

    url: str
    settings: Settings
    failure: asyncio.Future[None]


@asynccontextmanager
async def model_apis(settings: Settings) -> AsyncGenerator[Settings]:
    """Settings with both model APIs: the ones given, the reference ones for those that are not."""
    if settings.scoring_url and settings.pricing_url:
        yield settings
        return
    with ExitStack() as sockets:
        scoring = sockets.enter_context(listening_socket("127.0.0.1", 0))
        pricing = sockets.enter_context(listening_socket("127.0.0.1", 0))
        arguments = [str(s.fileno()) for s in (scoring, pricing)]
        async with kept_running(Program("app.sandbox.model_server", arguments, (scoring, pricing))):
            yield settings.model_copy(
                update={
                    "scoring_url": settings.scoring_url or _address(scoring),
                    "pricing_url": settings.pricing_url or _address(pricing),
                }
            )


@asynccontextmanager
async def running_service(settings: Settings, workers: int = 1) -> AsyncGenerator[RunningService]:
    """The service on the settings' host and port, ready when the block is entered.

    An embedded database is migrated and takes the products' manuals in first; one given by URL must be
    migrated (NotMigrated). Raises CannotListen when the port is taken, EmbeddedPostgresFailed, and
    ChildFailed when a worker cannot start.
    """
    async with AsyncExitStack() as last, AsyncExitStack() as stack:
        listening = stack.enter_context(listening_socket(settings.host, settings.port))
        gate, behind = stack.enter_context(_socket_pair())
        url = settings.database_url or address(settings.home)
        known = settings.model_copy(update={"database_url": url})
        known = await stack.enter_async_context(model_apis(known))
        arguments = [str(listening.fileno()), str(behind.fileno())]
        variables = {**known.environment(), **stack.enter_context(_shared_metrics(workers))}
        worker = Program("app.worker", arguments, (listening, behind), variables)
        # One worker first: side by side they would all be ready later than it is alone.
        others, ready = [worker] * (workers - 1), asyncio.Event()
        failure = await stack.enter_async_context(kept_running(worker, later=others, once=ready))
        # Closed before the workers end: as long as anybody holds it, new connections would be taken and hang.
        stack.callback(listening.close)
        base = await asyncio.to_thread(last.enter_context, database(settings))
        await _prepare(base)
        if base.embedded is not None:
            await stack.enter_async_context(_in_background(base.embedded))
        gate.close()
        url = _address(listening)
        await _until_ready(url, failure)
        ready.set()
        yield RunningService(url, known, failure)


async def _prepare(base: Database) -> None:
    # Imported only here, while the workers load: the parent itself needs none of what this needs.
    from app.preparing import prepare

    await prepare(base, ingest=True)


@contextmanager
def _socket_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@contextmanager
def _shared_metrics(workers: int) -> Iterator[Mapping[str, str]]:
    """How several workers tell one page of metrics; nothing for a single one, or where it is set already."""
    if workers == 1 or MULTIPROCESS in os.environ:
        yield {}
        return
    with TemporaryDirectory(prefix="credence-metrics-", ignore_cleanup_errors=True) as folder:
        yield {MULTIPROCESS: folder}


@asynccontextmanager
async def _in_background(server: EmbeddedPostgres) -> AsyncGenerator[None]:
    watching = asyncio.create_task(server.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


async def _until_ready(url: str, failure: asyncio.Future[None]) -> None:
    async with asyncio.timeout(READY_WITHIN_S), httpx.AsyncClient(base_url=url, trust_env=False) as client:
        while True:
            if failure.done():
                failure.result()
                raise ChildFailed("the workers ended before the service was ready")
            with suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)

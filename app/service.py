"""Everything that `credence serve` runs, from the database to the workers; the demo runs the same.

What starts last ends first: workers, then the reference model APIs, then the embedded database.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import httpx

from app.metrics import MULTIPROCESS
from app.sandbox.postgres import EmbeddedPostgres, embedded_postgres
from app.settings import Settings
from app.storage.engine import open_engine
from app.storage.migrate import require_current, upgrade
from app.supervisor import ChildFailed, Program, kept_running, listening_socket
from app.wiring import Services, open_services
from decisioning.errors import InvalidProduct
from decisioning.product import PRODUCTS, Product, load_products
from retrieval.ingest import documents, ingest_paths

READY_WITHIN_S = 60.0
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True)
class RunningService:
    """A service that answers at `url`; `failure` fails with ChildFailed when it cannot go on."""

    url: str
    settings: Settings
    failure: asyncio.Future[None]


@dataclass(frozen=True)
class Database:
    """Settings whose database runs, and the embedded server if it is ours to watch."""

    settings: Settings
    embedded: EmbeddedPostgres | None


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database given by URL as it is, or the embedded one for as long as the block runs."""
    if settings.database_url is not None:
        yield Database(settings, None)
        return
    with embedded_postgres(settings.home) as server:
        yield Database(settings.model_copy(update={"database_url": server.url}), server)


async def prepare(base: Database, *, ingest: bool = False) -> None:
    """Bring an embedded database up to date; raise NotMigrated for one given by URL that is not.

    With `ingest`, an embedded corpus that lacks a product's manual takes all of its editions in, once:
    later changes of the manual are the lender's to ingest.
    """
    engine = open_engine(str(base.settings.database_url), pool_size=2)
    try:
        if base.embedded is None:
            await require_current(engine)
            return
        await upgrade(engine)
        held = await documents(engine) if ingest else frozenset()
    finally:
        await engine.dispose()
    if ingest:
        await _ingest_manuals(base.settings, held)


async def _ingest_manuals(settings: Settings, held: frozenset[str]) -> None:
    products = load_products([PRODUCTS, *settings.products]).values()
    if lacking := [p for p in products if p.editions[-1].product.document not in held]:
        async with open_services(settings) as services:
            for product in lacking:
                await _ingest_manual(services, product)


async def _ingest_manual(services: Services, product: Product) -> None:
    paths = list(product.manuals().values())
    report = await ingest_paths(services.engine, paths, services.embedder, supersede=True)
    if report.refused:
        reasons = "; ".join(f"{source}: {reason}" for source, reason in report.refused.items())
        raise InvalidProduct(f"{product.name}: the manual cannot be taken in: {reasons}")


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
async def running_service(base: Database, workers: int = 1) -> AsyncGenerator[RunningService]:
    """The service on the settings' host and port, ready when the block is entered.

    Raises CannotListen when the port is taken and ChildFailed when a worker cannot start.
    """
    async with AsyncExitStack() as stack:
        if base.embedded is not None:
            await stack.enter_async_context(_in_background(base.embedded))
        listening = stack.enter_context(listening_socket(base.settings.host, base.settings.port))
        settings = await stack.enter_async_context(model_apis(base.settings))
        variables = {**settings.environment(), **stack.enter_context(_shared_metrics(workers))}
        worker = Program("app.worker", [str(listening.fileno())], (listening,), variables)
        failure = await stack.enter_async_context(kept_running(*[worker] * workers))
        # Closed before the workers end: as long as anybody holds it, new connections would be taken and hang.
        stack.callback(listening.close)
        url = _address(listening)
        await _until_ready(url, failure)
        yield RunningService(url, settings, failure)


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

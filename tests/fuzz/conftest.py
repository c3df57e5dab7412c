"""The application on a real port of a thread of its own, with a decision and a manual in it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from app.main import create_app
from app.settings import Settings
from decisioning.product import PRODUCTS
from retrieval.ingest import ingest
from retrieval.parse import parse_file
from tests.app.conftest import Edge, FakeEmbedder
from tests.conftest import fresh_database
from tests.fakes.models import GOOD_SCORE, FakeScoringModel

MANUAL = PRODUCTS / "consumer_loan" / "manual" / "2026-06-01.md"


@dataclass
class Fuzzed:
    """A service in a thread; `run` runs a coroutine in its loop."""

    edge: Edge
    url: str = ""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the coroutine returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


async def _serve(
    fuzzed: Fuzzed, ready: Callable[[], None], over: asyncio.Event, server_url: Callable[..., Any]
) -> None:
    async with server_url() as url:
        fuzzed.edge.settings = Settings(_env_file=None, database_url=url, monitoring="on")
        app = create_app(fuzzed.edge.settings, fuzzed.edge.opening)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        for document in parse_file(MANUAL):
            await ingest(fuzzed.edge.services.engine, document, fuzzed.edge.services.embedder)
        fuzzed.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        ready()
        await over.wait()
        server.should_exit = True
        await serving


@pytest.fixture(scope="module")
def fuzzed(postgres_server, template_database) -> Iterator[Fuzzed]:
    """The service that every example of a module asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.clients.embeddings.LocalMiniLM", FakeEmbedder)
        # Below the cut-off, between the cut-offs, above: all outcomes occur.
        fuzzed = Fuzzed(Edge(Settings(_env_file=None), FakeScoringModel(GOOD_SCORE)))
        ready, over = threading.Event(), asyncio.Event()
        work = _serve(fuzzed, ready.set, over, lambda: fresh_database(postgres_server, template_database))
        thread = threading.Thread(target=fuzzed.loop.run_until_complete, args=(work,), daemon=True)
        thread.start()
        assert ready.wait(60)
        yield fuzzed
        fuzzed.loop.call_soon_threadsafe(over.set)
        thread.join(30)
        fuzzed.loop.close()

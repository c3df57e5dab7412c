"""The surroundings of a run, for tests that run suites."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from app.logs import configure_logs
from app.sandbox.postgres import EmbeddedPostgres
from app.settings import Settings
from evals.bench import surroundings
from evals.faults.of_lived import live
from evals.frame import Options


@pytest.fixture(scope="session")
def options(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedPostgres, worker_id: str
) -> Iterator[Options]:
    """A database with the manual in it, the model APIs, and the cases of a service that lived a little.

    The embedded server is everybody's; the folder with journals, cache and cases is this process's alone.
    All is held open by a thread of its own.
    """
    del postgres_server
    configure_logs("critical")
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "home"
    settings = Settings(_env_file=None, home=shared)
    ready: SimpleQueue[Options | BaseException] = SimpleQueue()
    done = threading.Event()
    own = base / "own" / "evals"
    holding = threading.Thread(target=lambda: asyncio.run(_hold(own, settings, ready, done)))
    holding.start()
    try:
        made = ready.get(timeout=300)
        if isinstance(made, BaseException):
            raise made
        yield made
    finally:
        done.set()
        holding.join()


async def _hold(
    own: Path, settings: Settings, ready: "SimpleQueue[Options | BaseException]", done: threading.Event
) -> None:
    try:
        async with surroundings(Options(own), settings) as made:
            await live(made)
            ready.put(made)
            await asyncio.to_thread(done.wait)
    except Exception as error:  # noqa: BLE001 - raised again where the fixture waits for it
        ready.put(error)

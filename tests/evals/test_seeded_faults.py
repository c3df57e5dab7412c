"""Each gate fails when it should: production is broken on purpose, and the gate notices."""

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
from evals.faults import FAULTS, Fault
from evals.faults.model import COMPLETE, grouped, run_fault, seeded, table
from evals.frame import CaseSuite, Options
from evals.gates import Result
from evals.suites import SUITES

GROUPS = {f"{key[0]}-{n}": faults for n, (key, faults) in enumerate(grouped(FAULTS).items())}


@pytest.fixture(scope="module")
def options(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedPostgres, worker_id: str
) -> Iterator[Options]:
    """A database with the manual in it and the model APIs, held open by a thread of their own."""
    configure_logs("critical")
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "home"
    ready: SimpleQueue[Options] = SimpleQueue()
    done = threading.Event()
    holding = threading.Thread(target=lambda: asyncio.run(_hold(home, ready, done)))
    holding.start()
    try:
        yield ready.get(timeout=100)
    finally:
        done.set()
        holding.join()


async def _hold(home: Path, ready: "SimpleQueue[Options]", done: threading.Event) -> None:
    async with surroundings(Options(home / "evals"), Settings(_env_file=None, home=home)) as made:
        ready.put(made)
        await asyncio.to_thread(done.wait)


@pytest.fixture(scope="module")
def sound(options: Options) -> dict[str, Result]:
    """The results without a fault, by group of faults, made when they are first asked for."""
    del options
    return {}


@pytest.mark.parametrize(
    ("group", "fault"),
    [(name, fault) for name, faults in GROUPS.items() for fault in faults],
    ids=[fault.says for faults in GROUPS.values() for fault in faults],
)
def test_a_fault_is_noticed(options: Options, sound: dict[str, Result], group: str, fault: Fault):
    """The gates named with a fault hold without it and fail with it."""
    if group not in sound:
        sound[group] = run_fault(fault, options, seed=False)
    if sound[group].not_run:
        pytest.skip(str(sound[group].not_run))
    found = seeded(fault, options, sound[group])
    assert found.noticed, table([found])


def test_every_suite_of_cases_has_its_faults():
    """No suite of cases is without a seeded fault, and the frame's own gate has one."""
    assert {name for name, suite in SUITES.items() if isinstance(suite, CaseSuite)} == {
        fault.suite for fault in FAULTS if fault.suite != "policy"
    }
    assert any(COMPLETE in fault.gates for fault in FAULTS)

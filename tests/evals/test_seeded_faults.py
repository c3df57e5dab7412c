"""Each gate fails when it should: production is broken on purpose, and the gate notices."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from unittest.mock import patch

import pytest

from app.answering import answer_turn, scene_of
from app.logs import configure_logs
from app.sandbox.postgres import EmbeddedPostgres
from app.schemas import ChatRequest
from app.settings import Settings
from app.storage.chats import Feedback, put_feedback
from decisioning.model import Outcome
from evals.asking import ask
from evals.bench import cache_of, opened, surroundings
from evals.faults import FAULTS, Fault
from evals.faults.model import COMPLETE, grouped, run_fault, seeded, table
from evals.frame import CaseSuite, Options
from evals.gates import Result
from evals.lived import FEEDBACK, STORED, write_cases
from evals.relations.pool import COMPLETE as APPLICATIONS
from evals.runner import run_suite
from evals.suites import SUITES
from evals.taking import taken

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


@pytest.fixture
def lived(tmp_path: Path, options: Options) -> Options:
    """The same with a folder of its own, and two decisions and a judged answer in a database of their own."""
    made = replace(options, home=tmp_path)
    asyncio.run(_live(made))
    return made


@pytest.fixture(scope="module")
def sound(options: Options) -> dict[str, Result]:
    """The results without a fault, by group of faults, made when they are first asked for."""
    del options
    return {}


async def _live(options: Options) -> None:
    """Two decisions and a judged answer, written as cases."""
    answers = cache_of(options)
    async with opened(options, answers) as services:
        for each in APPLICATIONS[:20:18]:
            await taken(services, each.application)
        asked = ChatRequest(message="What does CP-3.4 say?")
        turn = await answer_turn(services, asked, await scene_of(services, asked, None))
        judged = Feedback(services.new_id(), turn.conversation_id, True, None, None, services.now())
        await put_feedback(services.engine, judged)
        assert await write_cases(services.engine, options.home) == {"stored": 2, "feedback": 1}
    answers.close()


def test_what_the_service_lived_through_becomes_cases(lived: Options):
    """Stored decisions and judged answers are cases that hold, and fail where the service has changed."""
    for suite in (STORED, FEEDBACK):
        assert run_suite(suite, replace(lived, home=lived.home / "nowhere")).status == "not run"
        assert run_suite(suite, lived).status == "passed"
    with patch("evals.lived.taken", _otherwise):
        broken = run_suite(STORED, lived)
    with patch("evals.lived.ask", _about_nothing):
        silent = run_suite(FEEDBACK, lived)
    failed = {gate.name for gate in (*broken.gates, *silent.gates) if not gate.passed}
    assert failed == {"decided as it was", "for the same reasons", "still quotes what helped"}


async def _otherwise(*given: Any, **named: Any) -> Any:
    made = await taken(*given, **named)
    return made.model_copy(update={"outcome": Outcome.COUNTER_OFFER, "reasons": made.reasons[:0]})


async def _about_nothing(*given: Any, **named: Any) -> Any:
    return replace(await ask(*given, **named), citations=())


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
        *(fault.suite for fault in FAULTS if fault.suite != "policy"),
        STORED.name,
        FEEDBACK.name,
    }
    assert any(COMPLETE in fault.gates for fault in FAULTS)

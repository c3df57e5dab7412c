"""Runs suites side by side, each in a process of its own, on surroundings that they share."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from multiprocessing import get_context
from os import cpu_count

from app.logs import configure_logs
from app.settings import Settings
from evals.bench import surroundings
from evals.frame import CaseSuite, Options
from evals.gates import Result
from evals.runner import journal_of, run_suite
from evals.suites import SUITES

Progress = Mapping[str, tuple[int, int]]
"""Cases measured and cases there are, by suite; (0, 0) where a suite has not begun or does not count."""
Watch = Callable[[Progress, Sequence[Result]], None]
POLL_S = 0.2


def about(name: str) -> str:
    """One line on a suite."""
    return SUITES[name].about


async def run_all(
    names: Sequence[str], options: Options, settings: Settings, watch: Watch, jobs: int | None = None
) -> list[Result]:
    """The results in the order of the names; `watch` is told how far they are."""
    found: dict[str, Result] = {}
    async with AsyncExitStack() as stack:
        if any(isinstance(suite := SUITES[name], CaseSuite) and suite.services for name in names):
            options = await stack.enter_async_context(surroundings(options, settings))
        pool = ProcessPoolExecutor(min(jobs or cpu_count() or 1, len(names)), get_context("spawn"))
        stack.callback(pool.shutdown, cancel_futures=True)
        loop = asyncio.get_running_loop()
        going = {loop.run_in_executor(pool, run_one, name, options): name for name in names}
        while going:
            ended, _ = await asyncio.wait(going, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                found[going.pop(task)] = task.result()
            watch({name: _progress(name, options) for name in going.values()}, list(found.values()))
    return [found[name] for name in names]


def run_one(name: str, options: Options) -> Result:
    """One suite, in the process that this is called in."""
    configure_logs("error")
    return run_suite(SUITES[name], options)


def _progress(name: str, options: Options) -> tuple[int, int]:
    try:
        header, *lines = journal_of(name, options).read_bytes().split(b"\n")[:-1]
    except (OSError, ValueError):
        return 0, 0
    return len(lines), int(json.loads(header)["cases"])

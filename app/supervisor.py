"""Keeps child processes running: starts them, restarts one that dies, ends them in good order.

Children are Python modules run as `python -m module`. They get listening sockets by inheritance, so the
parent knows every port before a child starts, and a port in use is the parent's error to tell. A child runs
in a session of its own: a terminal's Ctrl-C reaches the parent alone, which decides the order of the end.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from app import lifeline

log = structlog.get_logger(__name__)

GRACE_S = 15.0
STARTED_AFTER_S = 10.0
"""A child that lived this long had started: its death is an accident, not a wrong configuration."""
LONGEST_PAUSE_S = 5.0


class ChildFailed(Exception):
    """A child could not start: it gave up with an error of its own, several times in a row."""


class CannotListen(Exception):
    """The address is taken, or is none of this machine's."""


@dataclass(frozen=True)
class Program:
    """What to run: `python -m module arguments`, with these sockets and variables beside the parent's own."""

    module: str
    arguments: Sequence[str] = ()
    sockets: Sequence[socket.socket] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    most_false_starts: int = 3


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound, listening TCP socket; port 0 takes a free one. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(2048)
    except OSError as refused:
        bound.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {refused.strerror}") from refused
    return bound


@asynccontextmanager
async def kept_running(
    *programs: Program, later: Sequence[Program] = (), once: asyncio.Event | None = None
) -> AsyncGenerator[asyncio.Future[None]]:
    """Run the programs until the block is left, then end them: SIGTERM, GRACE_S, SIGKILL.

    Those of `later` are started when `once` is set; all are ended together.
    Yields a future that fails with ChildFailed when one of them cannot be started; await it beside whatever
    else the block waits for.
    """
    stopping = asyncio.Event()
    read_end, write_end = os.pipe()
    keepers = [asyncio.create_task(_keep(program, read_end, stopping)) for program in programs]
    if once is not None:
        keepers += [asyncio.create_task(_keep_later(program, read_end, stopping, once)) for program in later]
    try:
        yield asyncio.ensure_future(_first_failure(keepers))
    finally:
        stopping.set()
        await asyncio.gather(*keepers, return_exceptions=True)
        os.close(write_end)
        os.close(read_end)


async def _first_failure(keepers: Sequence[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(keepers, return_when=asyncio.FIRST_EXCEPTION)
    for keeper in done:
        keeper.result()


async def _keep_later(
    program: Program, lifeline_fd: int, stopping: asyncio.Event, once: asyncio.Event
) -> None:
    waits = {asyncio.create_task(event.wait()) for event in (once, stopping)}
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await _keep(program, lifeline_fd, stopping)


async def _keep(program: Program, lifeline_fd: int, stopping: asyncio.Event) -> None:
    false_starts = 0
    while not stopping.is_set():
        started = time.monotonic()
        process = await _start(program, lifeline_fd)
        await _until_ended_or(stopping, process)
        if stopping.is_set():
            await _end(process)
            return
        code = process.returncode or 0
        refused_to_start = code >= 0 and time.monotonic() - started < STARTED_AFTER_S
        false_starts = false_starts + 1 if refused_to_start else 0
        if false_starts > program.most_false_starts:
            raise ChildFailed(f"{program.module} ended with code {code} each time it was started")
        log.warning("child ended", module=program.module, code=code)
        await _sleep_unless(stopping, min(0.2 * 2**false_starts, LONGEST_PAUSE_S))


async def _start(program: Program, lifeline_fd: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program.module,
        *program.arguments,
        stdin=asyncio.subprocess.DEVNULL,
        env={**os.environ, **program.environment, lifeline.VARIABLE: str(lifeline_fd)},
        pass_fds=(lifeline_fd, *(s.fileno() for s in program.sockets)),
        start_new_session=True,
    )


async def _until_ended_or(stopping: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    waits = {asyncio.create_task(process.wait()), asyncio.create_task(stopping.wait())}
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()


async def _sleep_unless(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

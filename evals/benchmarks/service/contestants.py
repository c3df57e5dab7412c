"""What is measured: the obvious app, the floor and Credence, each a process of its own on a free port."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.sandbox.applications import sample_applications
from app.service import running_service
from app.settings import Settings
from decisioning.model import Value

APPLICATIONS = 500
START_S = 30.0
PLAIN = ("amount", "term_months", "income", "expenses", "seniority_years", "home", "job", "records")
"""The fields that the peers read."""


@dataclass(frozen=True)
class Contestant:
    """A running service: where, what it is sent, the table it stores decisions in, its processes."""

    name: str
    host: str
    port: int
    bodies: Path
    table: str
    pids: tuple[int, ...]


@contextmanager
def uvicorn(module: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """One of our ASGI modules under uvicorn, as (port, process id); ended at the exit."""
    port = _free_port()
    options = ["--log-level", "warning", "--no-access-log", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        [sys.executable, "-m", "uvicorn", f"evals.benchmarks.peers.{module}:app", *options],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def credence(
    settings: Settings, models_url: str, workers: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, tuple[int, ...]]]:
    """The service as `credence serve` runs it, on those model APIs; its URL and its workers."""
    given = {"scoring_url": models_url, "pricing_url": models_url, "port": 0, "log_level": "warning"}
    before = set(_children("app.worker"))
    with _variables(environment or {}):
        async with running_service(settings.model_copy(update=given), workers) as service:
            yield service.url, await _started(workers, before)


async def _started(workers: int, before: set[int]) -> tuple[int, ...]:
    """The processes of all workers: those after the first are started once it is ready."""
    async with asyncio.timeout(START_S):
        while True:
            found = tuple(pid for pid in _children("app.worker") if pid not in before)
            if len(found) == workers:
                return found
            await asyncio.sleep(0.05)


def traced(collector: int, share: float) -> dict[str, str]:
    """The variables under which that share of the traces goes to the collector on that port."""
    return {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{collector}/v1/traces",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(share),
    }


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Variables for the processes that are started inside."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)


def seconds_to_start(home: Path) -> float:
    """Seconds until `credence serve` says that it is ready, on the embedded database of that home."""
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        env=os.environ | {"CREDENCE_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            said = process.stdout.readline() if process.stdout else b""
            taken_s = time.perf_counter() - start
            if b"url" not in said:
                raise RuntimeError("credence serve did not start")
            return taken_s
        finally:
            process.send_signal(signal.SIGTERM)


def peer(name: str, port: int, pid: int, folder: Path) -> Contestant:
    """The obvious app or the floor."""
    bodies = folder / "plain.jsonl"
    lines = ({field: row[field] for field in PLAIN} for row in _applications())
    bodies.write_text("\n".join(map(json.dumps, lines)))
    return Contestant(name, "127.0.0.1", port, bodies, f"{name}_decision", (pid,))


def ours(name: str, url: str, pids: tuple[int, ...], folder: Path, explain: str) -> Contestant:
    """Credence, asked for that kind of explanation."""
    bodies = folder / f"{explain}.jsonl"
    lines = ({"product": "consumer-loan", "application": row, "explain": explain} for row in _applications())
    bodies.write_text("\n".join(map(json.dumps, lines)))
    parts = urlsplit(url)
    return Contestant(name, str(parts.hostname), int(parts.port or 0), bodies, "decision", pids)


async def until_up(port: int) -> None:
    """Return when something listens there."""
    async with asyncio.timeout(START_S):
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            await asyncio.sleep(0.05)


def _applications() -> list[dict[str, Value]]:
    """Applications that both peers can decide too: nothing missing that they divide by."""
    rows = [dict(sample.application) for sample in sample_applications()]
    whole = [row for row in rows if row["income"] and None not in row.values()]
    return whole[:: max(1, len(whole) // APPLICATIONS)][:APPLICATIONS]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _children(module: str) -> tuple[int, ...]:
    """Our own child processes that run that module."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and module in (folder / "cmdline").read_text().split("\0"):
                found.append(int(folder.name))
    return tuple(found)

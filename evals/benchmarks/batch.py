"""`credence decide` on a file beside the same decisions over HTTP: the same model APIs, Postgres and run.

Both paths take turns, without words. A file counts from its first answer to its last; starting the command is
told apart. Every answer must be stored once.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import make_url

from app.database import Database
from app.preparing import prepare
from app.sandbox.postgres import embedded_postgres
from app.settings import Settings
from evals.benchmarks.report import Outcome
from evals.benchmarks.service import CLIENTS, ROUNDS, SECONDS, meters
from evals.benchmarks.service.contestants import Contestant, credence, ours, until_up, uvicorn
from evals.benchmarks.service.runs import RunFailed, Site, run

APPLICATIONS = int(os.environ.get("BENCH_APPLICATIONS", "5000"))
LOOK_S = 0.02


@dataclass(frozen=True)
class FileRun:
    """`a_second` from the first answer to the last, CPU µs a decision, resident memory in MB, start in s."""

    a_second: float
    cpu_us: int
    early_mb: float
    last_mb: float
    start_s: float


async def measure(_data: Path, out: Path) -> Outcome:
    """Rounds of the file, then HTTP by one worker at 32 and 256 clients."""
    folder = out / "batch"
    folder.mkdir(parents=True, exist_ok=True)
    files: list[FileRun] = []
    http: dict[int, list[Any]] = {clients: [] for clients in CLIENTS}
    async with _site(folder) as (site, worker, variables):
        for _ in range(ROUNDS):
            files.append(await _file(site, worker, variables, folder))
            for clients, found in http.items():
                found.append(await run(site, worker, clients, SECONDS))
    return _outcome(files, http)


@asynccontextmanager
async def _site(folder: Path) -> AsyncIterator[tuple[Site, Contestant, dict[str, str]]]:
    """Postgres, the model APIs, one worker, and the variables that point the command to the first two."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(embedded_postgres(folder))
        settings = Settings(_env_file=None, home=folder, database_url=server.url)
        await prepare(Database(settings, server), ingest=True)
        dsn = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await meters.connect(dsn)
        stack.push_async_callback(connection.close)
        port, models = stack.enter_context(uvicorn("model_apis", {}))
        await until_up(port)
        url = f"http://127.0.0.1:{port}"
        service, pids = await stack.enter_async_context(credence(settings, url, 1))
        variables = {
            "CREDENCE_HOME": str(folder),
            "CREDENCE_DATABASE_URL": server.url,
            "CREDENCE_SCORING_URL": url,
            "CREDENCE_PRICING_URL": url,
        }
        site = Site(connection, models, await meters.postmaster_pid(connection))
        yield site, ours("http", service, pids, folder, "none"), variables


async def _file(site: Site, worker: Contestant, variables: dict[str, str], folder: Path) -> FileRun:
    """APPLICATIONS lines that no run has seen, decided by the command."""
    lines, answers, name = folder / "in.jsonl", folder / "out.jsonl", uuid4().hex
    bodies = [json.loads(line) for line in worker.bodies.read_text().splitlines()]
    asked = (bodies[n % len(bodies)] | {"external_id": f"{name}-{n}"} for n in range(APPLICATIONS))
    lines.write_text("".join(json.dumps(each) + "\n" for each in asked))
    command = [sys.executable, "-m", "app.cli", "decide", str(lines), "--explain", "none"]
    begun = time.perf_counter()
    with answers.open("wb") as told:
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | variables, stdout=told)
    found = await _watched(process, answers, begun)
    ids = [json.loads(line).get("id") for line in answers.read_bytes().splitlines()]
    if None in ids or len(ids) != APPLICATIONS:
        raise RunFailed(f"credence decide answered {len(ids)} of {APPLICATIONS} lines, or refused some")
    if await meters.stored_once(site.connection, "decision", ids) != APPLICATIONS:
        raise RunFailed("credence decide: not every decision is stored once")
    return found


async def _watched(process: asyncio.subprocess.Process, answers: Path, begun: float) -> FileRun:
    first, cpu_at_first, early_mb, last_mb, cpu_s = 0.0, 0.0, 0.0, 0.0, 0.0
    ended = asyncio.ensure_future(process.wait())
    while not ended.done():
        cpu_s = meters.cpu_s(process.pid) or cpu_s
        if not first and _begun(answers):
            first, cpu_at_first = time.perf_counter(), cpu_s
        if first:
            last_mb = _memory_mb(process.pid) or last_mb
            early_mb = early_mb or last_mb
        await asyncio.wait({ended}, timeout=LOOK_S)
    if ended.result():
        raise RunFailed(f"credence decide ended with code {ended.result()}")
    taken_s = time.perf_counter() - first
    cpu_us = round((cpu_s - cpu_at_first) / APPLICATIONS * 1e6)
    return FileRun(round(APPLICATIONS / taken_s, 1), cpu_us, early_mb, last_mb, round(first - begun, 2))


def _begun(answers: Path) -> bool:
    return answers.stat().st_size > 0


def _memory_mb(pid: int) -> float:
    try:
        return meters.memory_mb([pid])
    except OSError:  # it has just ended
        return 0.0


def _outcome(files: list[FileRun], http: dict[int, list[Any]]) -> Outcome:
    rows = [("path", "a second", "CPU us", "MB"), _file_row(files)]
    notes = [
        f"medians of {len(files)} rounds in turns; {APPLICATIONS} lines a file, no words, one process each"
    ]
    for clients, runs in http.items():
        ratio = median(a.a_second / b.a_second for a, b in zip(files, runs, strict=True))
        cpu_us = median(one.cpu_us["service"] for one in runs)
        speed = median(one.a_second for one in runs)
        rows.append(
            (f"HTTP, {clients} clients", f"{speed:.0f}", f"{cpu_us:.0f}", f"{runs[-1].memory_mb:.0f}")
        )
        notes.append(f"the file is {ratio:.2f} x HTTP at {clients} clients")
    grown = median(one.last_mb - one.early_mb for one in files)
    notes.append(f"memory from a file's first answer to its last: {grown:+.1f} MB")
    notes.append(f"first answer {median(one.start_s for one in files):.1f} s after the command")
    figures = {
        "file": [asdict(one) for one in files],
        "http": {n: list(map(vars, r)) for n, r in http.items()},
    }
    return Outcome("batch", "measured", rows=rows, notes=notes, figures=figures)


def _file_row(files: list[FileRun]) -> tuple[str, str, str, str]:
    speed, cpu_us = median(one.a_second for one in files), median(one.cpu_us for one in files)
    return "credence decide FILE", f"{speed:.0f}", f"{cpu_us:.0f}", f"{files[-1].last_mb:.0f}"

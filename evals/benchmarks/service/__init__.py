"""The service under load, beside the obvious app and the floor on the same model APIs and the same Postgres.

Everything runs on one machine in one run; the contestants take turns, and a ratio is the median over the
rounds of what was measured side by side. After each run every acknowledged decision must be stored once.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.engine import make_url

from app.database import Database
from app.preparing import prepare
from app.sandbox.postgres import embedded_postgres
from app.settings import Settings
from evals.benchmarks.report import Outcome
from evals.benchmarks.service import meters
from evals.benchmarks.service.contestants import (
    Contestant,
    credence,
    ours,
    peer,
    seconds_to_start,
    traced,
    until_up,
    uvicorn,
)
from evals.benchmarks.service.runs import Run, Site, run
from evals.benchmarks.service.stages import stages

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
WORKERS = int(os.environ.get("BENCH_WORKERS", "1"))
CLIENTS = (32, 256)
FLOOR = "floor"
UNTRACED, TRACED, SAMPLED = "credence, none", "none, traced", "none, 5 % traced"


async def measure(_data: Path, out: Path) -> Outcome:
    """The whole benchmark; its scratch database lies in `out`."""
    folder = out / "service"
    folder.mkdir(parents=True, exist_ok=True)
    async with contest(folder) as (site, contestants):
        settings = await meters.durable(site.connection)
        if set(settings.values()) != {"on"}:
            return Outcome.not_run("service", f"the database is not durable: {settings}")
        closed, half = await _turns(site, contestants)
        costs = stages(contestants[-1].bodies)
    ready_s = [await asyncio.to_thread(seconds_to_start, folder) for _ in range(ROUNDS)]
    return _outcome(settings, closed, half, costs, ready_s)


@asynccontextmanager
async def contest(folder: Path) -> AsyncIterator[tuple[Site, Sequence[Contestant]]]:
    """Everything up: Postgres, the model APIs, the peers and Credence."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(embedded_postgres(folder))
        settings = Settings(_env_file=None, home=folder, database_url=None)
        base = Database(settings.model_copy(update={"database_url": server.url}), server)
        await prepare(base, ingest=True)
        dsn = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await meters.connect(dsn)
        stack.push_async_callback(connection.close)
        models_port, models = stack.enter_context(uvicorn("model_apis", {}))
        environment = {"DSN": dsn, "MODELS": f"http://127.0.0.1:{models_port}"}
        peers = {name: stack.enter_context(uvicorn(name, environment)) for name in ("obvious", FLOOR)}
        for port in (models_port, *(port for port, _ in peers.values())):
            await until_up(port)
        collector, _ = stack.enter_context(uvicorn("collector", {}))
        await until_up(collector)
        contestants = [peer(name, port, pid, folder) for name, (port, pid) in peers.items()]
        for name, how, variables in (
            (TRACED, "none", traced(collector, 1.0)),
            (SAMPLED, "none", traced(collector, 0.05)),
            (UNTRACED, "none", {}),
        ):
            service = credence(base.settings, environment["MODELS"], WORKERS, variables)
            url, pids = await stack.enter_async_context(service)
            contestants.append(ours(name, url, pids, folder, how))
        contestants.append(ours("credence, sync", url, pids, folder, "sync"))
        yield Site(connection, models, await meters.postmaster_pid(connection)), contestants


Runs = dict[tuple[str, int], list[Run]]


async def _turns(site: Site, contestants: Sequence[Contestant]) -> tuple[Runs, dict[str, Run]]:
    """Rounds of closed loops, each contestant in turn, then an open loop at half of what each could do."""
    closed: Runs = {}
    for contestant in contestants:
        await run(site, contestant, 32, 1.0)
    for _ in range(ROUNDS):
        for clients in CLIENTS:
            for contestant in contestants:
                found = await run(site, contestant, clients, SECONDS)
                closed.setdefault((contestant.name, clients), []).append(found)
    half = {}
    for contestant in contestants:
        capacity = median(one.a_second for one in closed[contestant.name, CLIENTS[0]])
        half[contestant.name] = await run(site, contestant, 64, SECONDS, rate=capacity / 2)
    return closed, half


def _outcome(
    settings: Mapping[str, str],
    closed: Runs,
    half: Mapping[str, Run],
    costs: Mapping[str, float],
    ready_s: Sequence[float],
) -> Outcome:
    rows: list[Sequence[str]] = [HEADER]
    figures: dict[str, Any] = {}
    for name, open_loop in half.items():
        by_clients = {clients: _closed(closed, name, clients) for clients in CLIENTS}
        figures[name] = {"closed": by_clients, "half_load": vars(open_loop)}
        rows.append(_row(name, by_clients, open_loop))
    notes = [
        f"medians of {ROUNDS} interleaved rounds of {SECONDS:g} s; p50 and p99 at half of each capacity;",
        "CPU is the service's own; every acknowledged decision was found stored once; "
        + ", ".join(f"{name} {value}" for name, value in settings.items()),
        "CPU us by stage: " + ", ".join(f"{name} {cost}" for name, cost in costs.items()),
        _tracing(closed),
        f"`credence serve` was ready after {median(ready_s):.1f} s (median of {len(ready_s)} starts)",
    ]
    size = {"rounds": ROUNDS, "seconds": SECONDS, "workers": WORKERS}
    found = {"settings": settings, "size": size, "services": figures, "ready_s": ready_s}
    return Outcome("service", "measured", rows=rows, notes=notes, figures=found)


def _tracing(closed: Runs) -> str:
    """What tracing costs, from the runs that stood side by side."""
    bare, every, some = (closed[name, CLIENTS[0]] for name in (UNTRACED, TRACED, SAMPLED))
    cpu_us = median(b.cpu_us["service"] - a.cpu_us["service"] for a, b in zip(bare, every, strict=True))
    kept = median(b.a_second / a.a_second for a, b in zip(bare, some, strict=True))
    return f"tracing: {cpu_us:.0f} us of CPU a decision at full sampling; at 5 % {kept:.2f} x the throughput"


HEADER = (
    "service", "at 32/s", "at 256/s", "x floor 32", "x floor 256", "p50 ms", "p99 ms",
    "CPU us", "db CPU us", "statements", "commits", "MB",
)  # fmt: skip


def _closed(closed: Runs, name: str, clients: int) -> dict[str, Any]:
    runs = closed[name, clients]
    floors = closed[FLOOR, clients]
    ratios = [ours.a_second / floor.a_second for ours, floor in zip(runs, floors, strict=True)]
    return {
        "a_second": median(one.a_second for one in runs),
        "times_floor": round(median(ratios), 3),
        "times_floor_by_round": [round(ratio, 3) for ratio in ratios],
        "runs": [vars(one) for one in runs],
    }


def _row(name: str, by_clients: Mapping[int, Mapping[str, Any]], half: Run) -> Sequence[str]:
    few, many = (by_clients[clients] for clients in CLIENTS)
    last = few["runs"][-1]
    return (
        name,
        f"{few['a_second']:.0f}",
        f"{many['a_second']:.0f}",
        f"{few['times_floor']:.2f}",
        f"{many['times_floor']:.2f}",
        f"{half.p50_ms:.1f}",
        f"{half.p99_ms:.1f}",
        str(last["cpu_us"]["service"]),
        str(last["cpu_us"]["database"]),
        f"{last['statements']:.2f}",
        f"{last['commits']:.2f}",
        f"{last['memory_mb']:.0f}",
    )

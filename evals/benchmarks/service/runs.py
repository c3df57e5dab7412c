"""One run of load on one contestant, and what it showed."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from evals.benchmarks.service.contestants import Contestant
from evals.benchmarks.service.meters import Reading, memory_mb, read, stored_once

COUNTED_AFTER_S = 1.2
"""Backends add up their counters once a second."""


class RunFailed(Exception):
    """A run whose figures mean nothing: it says why."""


@dataclass(frozen=True)
class Site:
    """Where runs happen: a connection for counters, the model APIs' process, the postmaster."""

    connection: Any
    models: int
    postmaster: int


@dataclass(frozen=True)
class Run:
    """`a_second` decisions, their latency in ms, CPU µs, statements and commits a decision, memory in MB."""

    a_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: dict[str, float]
    statements: float
    commits: float
    memory_mb: float
    decisions: int
    late: int


async def run(
    site: Site, contestant: Contestant, connections: int, seconds: float, rate: float | None = None
) -> Run:
    """Load it for some seconds; raises RunFailed where an acknowledged decision is not stored once."""
    before = await read(site.connection, contestant.pids, site.models, site.postmaster)
    result = await _load(contestant, connections, seconds, rate)
    ids: list[str] = result["ids"]
    if result["refused"] or not ids:
        raise RunFailed(f"{contestant.name} refused: {result['refused']}")
    if await stored_once(site.connection, contestant.table, ids) != len(ids):
        raise RunFailed(f"{contestant.name}: not every acknowledged decision is stored once")
    await asyncio.sleep(COUNTED_AFTER_S)
    after = await read(site.connection, contestant.pids, site.models, site.postmaster)
    return _summary(result, after.since(before), memory_mb(contestant.pids))


async def _load(
    contestant: Contestant, connections: int, seconds: float, rate: float | None
) -> dict[str, Any]:
    wanted = {
        "host": contestant.host,
        "port": contestant.port,
        "bodies": str(contestant.bodies),
        "connections": connections,
        "seconds": seconds,
        "run": uuid4().hex,
        "rate": rate,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "evals.benchmarks.service.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(wanted).encode())
    if process.returncode:
        raise RunFailed(f"the load on {contestant.name} ended with code {process.returncode}")
    result: dict[str, Any] = json.loads(said)
    return result


def _summary(result: dict[str, Any], spent: Reading, memory: float) -> Run:
    count = len(result["ids"])
    ordered = sorted(result["latencies_ms"])
    cpu = {
        "service": spent.service_s,
        "database": spent.database_s,
        "models": spent.models_s,
        "load": result["cpu_s"],
    }
    return Run(
        a_second=round(result["in_time"] / result["seconds"], 1),
        p50_ms=round(percentile(ordered, 0.50), 2),
        p99_ms=round(percentile(ordered, 0.99), 2),
        cpu_us={name: round(seconds / count * 1e6) for name, seconds in cpu.items()},
        statements=round(spent.statements / count, 3),
        commits=round(spent.commits / count, 3),
        memory_mb=memory,
        decisions=count,
        late=result["late"],
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]

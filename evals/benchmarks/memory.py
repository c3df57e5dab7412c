"""Memory of a worker over many decisions: flat, or something is kept that should not be.

The first tenth warms up; after that the resident memory is read at every tenth.
"""

import os
from pathlib import Path

from evals.benchmarks.report import Outcome
from evals.benchmarks.service import UNTRACED, contest
from evals.benchmarks.service.runs import run

DECISIONS = int(os.environ.get("BENCH_DECISIONS", "100000"))
STEPS = 10
SECONDS = 5.0


async def measure(_data: Path, out: Path) -> Outcome:
    """DECISIONS of them at 32 clients, memory in MB after each tenth."""
    folder = out / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    taken, readings = 0, [("decisions", "MB")]
    async with contest(folder) as (site, contestants):
        worker = next(one for one in contestants if one.name == UNTRACED)
        for step in range(1, STEPS + 1):
            while taken < DECISIONS * step / STEPS:
                found = await run(site, worker, 32, SECONDS)
                taken += found.decisions
            readings.append((str(taken), f"{found.memory_mb:.1f}"))
    first, last = float(readings[1][1]), float(readings[-1][1])
    note = f"from the first tenth to the last: {last - first:+.1f} MB ({(last / first - 1) * 100:+.1f} %)"
    return Outcome("memory", "measured", rows=readings, notes=[note], figures={"readings": readings[1:]})

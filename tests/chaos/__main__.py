"""Kill -9 under load, and count: `python -m tests.chaos --times 20 --out chaos.json`.

A worker, PostgreSQL and the model APIs come back by themselves. The service itself is started again by
this program, as any process manager would: at once, on the same port, over the same home.
Exits 1 where anything was lost, doubled, stuck or left behind.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from app.sandbox.applications import sample_applications
from tests.chaos.checks import open_files, violations
from tests.chaos.load import Load
from tests.e2e.processes import READY, Home, Service

WORKERS = 2
CALLERS = 6
BACK_WITHIN_S = 180.0
VICTIMS = {
    "worker": "app.worker",
    "model apis": "model_server",
    "postgres": "postgres -D",
    "service": "serve",
}


@dataclass
class Chaos:
    """A service under load, and what happened to it."""

    home: Home
    service: Service
    chance: random.Random
    load: Load
    back_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in VICTIMS})

    async def kill(self, victim: str) -> None:
        """Kill one process of that kind, and wait until decisions are what they were."""
        start = time.monotonic()
        if victim == "service":
            await asyncio.to_thread(self.service.command.kill)
            self.service = await asyncio.to_thread(_started, self.home, self.service.port)
        else:
            pids = self._named(victim)
            dead = self.chance.choice(sorted(pids))
            os.kill(dead, signal.SIGKILL)
            await _until(lambda: len(self._named(victim) - {dead}) >= len(pids))
        async with asyncio.timeout(BACK_WITHIN_S):
            while orjson.loads(await self.load.probe())["causes"]:
                await asyncio.sleep(0.1)
        self.back_s[victim].append(time.monotonic() - start)
        await asyncio.sleep(self.chance.uniform(0.2, 1.0))

    def _named(self, victim: str) -> set[int]:
        return {pid for pid, name in self.home.processes().items() if VICTIMS[victim] in name}

    def open_files(self) -> int:
        """How many files the workers hold, the most of them."""
        return max((open_files(pid) for pid in self._named("worker")), default=0)


def _started(home: Home, port: int) -> Service:
    """As a process manager does it: again and again until it stays."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        command = home.start("serve", "--port", str(port), "--workers", str(WORKERS))
        while command.process.poll() is None:
            if found := READY.search(command.stdout):
                return Service(command, found[1])
            if time.monotonic() > deadline:
                command.process.terminate()
                raise TimeoutError(f"the service did not start: {command.stderr}")
            time.sleep(0.1)
        time.sleep(0.2)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(BACK_WITHIN_S):
        while not condition():
            await asyncio.sleep(0.1)


async def run(folder: Path, victims: Sequence[str], times: int, seed: int) -> dict[str, Any]:
    """Kill each victim so many times in turn; the figures, and what was wrong."""
    home, chance, start = Home(folder / "home"), random.Random(seed), time.monotonic()
    service = await asyncio.to_thread(_started, home, 0)
    rows = sample_applications()[:50]
    requests = [{"product": "consumer-loan", "application": dict(row.application)} for row in rows]
    chaos = Chaos(home, service, chance, Load(service.url, requests, seed))
    async with chaos.load.running(CALLERS):
        await asyncio.sleep(2)
        files_before = chaos.open_files()
        for turn in range(times):
            for victim in victims:
                await chaos.kill(victim)
            sys.stderr.write(f"{turn + 1} of {times}: {len(chaos.load.keys)} keys\n")
        await asyncio.sleep(2)
        files_after = chaos.open_files()
    await asyncio.sleep(2)
    found = chaos.load.violations + await violations(home.path, chaos.load.keys, WORKERS)
    chaos.service.command.process.terminate()
    code = await asyncio.to_thread(chaos.service.command.ended, 60)
    await asyncio.sleep(1)
    if code:
        found.append(f"the service ended with code {code}")
    found += [f"left behind: {pid} {name}" for pid, name in home.processes().items()]
    if files_after > 2 * files_before + 20:
        found.append(f"a worker holds {files_after} files, {files_before} before")
    found += _unexpected(folder)
    return _figures(chaos, found, time.monotonic() - start) | {"files": [files_before, files_after]}


def _unexpected(folder: Path) -> list[str]:
    """What any process of the service logged as an error, once each."""
    told = set()
    for written in folder.glob("*.err"):
        for line in written.read_text().splitlines():
            if '"level":"error"' in line:
                logged = orjson.loads(line)
                told.add(" ".join(str(logged.get(name)) for name in ("event", "error_type", "places")))
    return sorted(told)


def _figures(chaos: Chaos, found: Sequence[str], seconds: float) -> dict[str, Any]:
    load = chaos.load
    return {
        "kills": {name: len(each) for name, each in chaos.back_s.items()},
        "back_s": {
            name: {"p50": round(statistics.median(each), 2), "max": round(max(each), 2)}
            for name, each in chaos.back_s.items()
            if each
        },
        "keys": len(load.keys),
        "requests": sum(load.statuses.values()),
        "statuses": dict(load.statuses),
        "longest_409_s": round(max(key.longest_held_s for key in load.keys), 2),
        "violations": list(found),
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Run it, print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each victim is killed")
    parser.add_argument("--victim", action="append", choices=VICTIMS, help="only these; all by default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="where the figures go, beside standard output")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        figures = asyncio.run(run(folder, given.victim or list(VICTIMS), given.times, given.seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    line = json.dumps(figures)
    if given.out is not None:
        given.out.write_text(line + "\n")
    sys.stdout.write(line + "\n")
    return 1 if figures["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

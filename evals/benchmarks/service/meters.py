"""What a run cost: CPU and memory of processes, statements and commits of the database."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

TICKS = os.sysconf("SC_CLK_TCK")
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Reading:
    """Counters at one instant: CPU seconds of the service and of the database, statements, commits."""

    service_s: float
    database_s: float
    models_s: float
    statements: int
    commits: int

    def since(self, earlier: "Reading") -> "Reading":
        """What was added."""
        return Reading(
            *(now - then for now, then in zip(vars(self).values(), vars(earlier).values(), strict=True))
        )


async def read(connection: Any, service: Iterable[int], models: int, postmaster: int) -> Reading:
    """The counters now; what the database has not counted up yet is missing: wait a second first."""
    statements = await connection.fetchval(
        "select coalesce(sum(calls), 0)::bigint from pg_stat_statements"
        " where query !~* '^(begin|commit|rollback)'"
    )
    commits = await connection.fetchval(
        "select xact_commit from pg_stat_database where datname = current_database()"
    )
    return Reading(
        sum(map(cpu_s, service)), sum(map(cpu_s, family(postmaster))), cpu_s(models), statements, commits
    )


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far, of its ended children too; 0 where it is gone."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS
    return 0.0


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if _parent(int(folder.name)) == pid:
                found.append(int(folder.name))
    return found


def memory_mb(pids: Iterable[int]) -> float:
    """Resident megabytes of the processes together."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1])
    return round(total / 1024, 1)


async def connect(url: str) -> Any:
    """A connection that the run's counters are read on."""
    connection = await asyncpg.connect(url)
    await connection.execute("create extension if not exists pg_stat_statements")
    return connection


async def durable(connection: Any) -> dict[str, str]:
    """The settings without which an acknowledged decision could be lost."""
    return {name: await connection.fetchval(f"show {name}") for name in DURABLE}


async def postmaster_pid(connection: Any) -> int:
    """The parent of the backend that serves this connection."""
    backend = await connection.fetchval("select pg_backend_pid()")
    return _parent(backend)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def stored_once(connection: Any, table: str, ids: Sequence[str]) -> int:
    """How many of these decisions are stored, each counted once."""
    count: int = await connection.fetchval(
        f"select count(*) from {table} where id = any($1::uuid[])",  # noqa: S608 - a constant of ours
        list(set(ids)),
    )
    return count

"""What must be true of a database and of processes when the killing is over."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from app.sandbox.postgres import embedded_postgres
from tests.chaos.load import Key

LONGEST_HELD_S = 31.0
"""A lease of 30 s, and a second between two questions."""
CONNECTIONS_A_WORKER = 10 + 4
"""The pool, and the connections of the hot path."""


async def violations(home: Path, keys: Sequence[Key], workers: int) -> list[str]:
    """What is wrong; empty where nothing is."""
    with embedded_postgres(home) as server:
        connection = await _connected(server.url)
        try:
            found = await _of_keys(connection, keys)
            found += await _of_connections(connection, workers)
        finally:
            await connection.close()
    late = [key.name for key in keys if key.longest_held_s > LONGEST_HELD_S]
    return found + [f"{name} was held up longer than {LONGEST_HELD_S} s" for name in late]


async def _connected(url: str) -> Any:
    return await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))


KEPT = """
select key, decision_id, coalesce(convert_to(d.record::text, 'UTF8'), k.response) as response
from idempotency_key k left join decision d on d.id = k.decision_id and k.response = ''
"""
"""An empty answer stands for the decision's own record."""


async def _of_keys(connection: Any, keys: Sequence[Key]) -> list[str]:
    """Each key that was ever sent has one decision, the one that was acknowledged, byte for byte."""
    rows = await connection.fetch(KEPT)
    kept = {row["key"]: row for row in rows}
    decisions = Counter(str(row["id"]) for row in await connection.fetch("select id from decision"))
    found = []
    for key in keys:
        row = kept.get(key.name)
        if key.answer is None or row is None or row["response"] is None:
            found.append(f"{key.name} did not end in a decision")
        elif row["response"] != key.answer:
            found.append(f"{key.name} was acknowledged with other bytes than are kept")
        elif decisions[str(row["decision_id"])] != 1 or orjson.loads(key.answer)["id"] != str(
            row["decision_id"]
        ):
            found.append(f"{key.name} was acknowledged, and its decision is not there once")
    if decisions.total() != len(keys):
        found.append(f"{decisions.total()} decisions for {len(keys)} keys")
    return found


async def _of_connections(connection: Any, workers: int) -> list[str]:
    """No transaction waits for anybody, and no connection is left of a process that died."""
    rows = await connection.fetch(
        "select pid, state, client_port, application_name,"
        " extract(epoch from clock_timestamp() - xact_start) as open_s"
        " from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    found = [f"a transaction is open since {row['open_s']} s" for row in rows if (row["open_s"] or 0) > 1]
    ours = [row for row in rows if row["application_name"] == "credence"]
    if len(ours) > workers * CONNECTIONS_A_WORKER:
        found.append(f"{len(ours)} connections for {workers} workers")
    prepared = await connection.fetchval("select count(*) from pg_prepared_xacts")
    return found + ([f"{prepared} prepared transactions are left"] if prepared else [])


def open_files(pid: int) -> int:
    """How many files and sockets a process holds; 0 where it is gone."""
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  a count, not paths
    return 0

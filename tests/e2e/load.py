"""A load of many kinds at once on a running service, and what was stored and said about it."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa

from app.sandbox.applications import sample_applications
from app.storage.engine import open_engine
from tests.e2e.processes import Home
from tests.fakes.otlp import Receiver, Span

AT_ONCE = 16
TOO_LATE = 503
"""What a machine that has too much to do says; it stores nothing then."""
QUESTION = "What is the longest term?"


@dataclass
class Run:
    """What was sent, what was stored, and what was said about it."""

    receiver: Receiver
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    decisions: list[dict[str, Any]] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    left: int = 0
    pages: list[str] = field(default_factory=list)
    openmetrics: list[str] = field(default_factory=list)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    exemplars: set[str] = field(default_factory=set)
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def tree(self, trace: str) -> tuple[Span, dict[str, Span]]:
        """The one root of a trace, and its spans by id."""
        spans = self.spans[trace]
        [root] = [span for span in spans if not span.parent]
        return root, {span.id: span for span in spans}


async def everything_at_once(found: Run, url: str) -> None:
    """Decisions with words now, later and never, chat whole and streamed, callers that leave, bad bodies."""
    rng, places = random.Random(7), asyncio.Semaphore(AT_ONCE)
    rows = [dict(row.application) for row in sample_applications()[:40]]
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        work = [_decide(client, rows[n % 40], explain) for n, explain in enumerate(["sync"] * 36)]
        work += [_decide(client, row, "none") for row in rows[:12]]
        work += [_decide(client, row, "async") for row in rows[:8]]
        work += [_decide(client, rows[0], "none", key) for key in ("one", "one", "two", "two")]
        work += [_chat(client, accept) for accept in ("application/json", "text/event-stream") * 6]
        work += [_leave(url, "/v1/decisions", _body(row, "sync"), rng.uniform(0.0, 0.6)) for row in rows[:14]]
        work += [_leave(url, "/v1/chat", {"message": f"{QUESTION} {n}"}, 0.05 * n) for n in range(8)]
        work += [_refused(client) for _ in range(3)]
        rng.shuffle(work)

        async def placed(each: Any) -> None:
            async with places:
                await each

        await asyncio.gather(*map(placed, work))
    found.left = 22
    await asyncio.sleep(1)  # what is explained after its answer, or stored for a caller who left, ends too


def _body(row: Mapping[str, Any], explain: str) -> dict[str, Any]:
    return {"product": "consumer-loan", "application": row, "explain": explain, "external_id": str(uuid4())}


async def _decide(
    client: httpx.AsyncClient, row: Mapping[str, Any], explain: str, key: str | None = None
) -> None:
    body = _body(row, explain) | ({"external_id": key} if key else {})
    answer = await client.post("/v1/decisions", json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code in ({201, 409, 422, TOO_LATE} if key else {201, TOO_LATE}), answer.text


async def _refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/decisions", json={"product": "consumer-loan"})
    assert answer.status_code in {422, TOO_LATE}, answer.text


async def _chat(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post("/v1/chat", json={"message": QUESTION}, headers={"Accept": accept})
    assert answer.status_code in {200, TOO_LATE}, answer.text


async def _leave(url: str, path: str, body: Mapping[str, Any], after_s: float) -> None:
    """Ask and hang up."""
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    writer.write("\r\n".join((*head, "", "")).encode() + content)
    await writer.drain()
    await asyncio.sleep(after_s)
    writer.close()


def read_store(home: Home, found: Run) -> None:
    """Every decision and chat turn that the run left in the database."""
    url = json.loads(home.run("db", "url", "--json").stdout)["url"]

    async def read() -> None:
        engine = open_engine(url, pool_size=1)
        async with engine.connect() as connection:
            records = await connection.execute(sa.text("select record from decision"))
            found.decisions = [json.loads(r) if isinstance(r, str) else r for (r,) in records]
            turns = await connection.execute(
                sa.text("select trace_id from chat_turn where created_at > :since"), {"since": found.since}
            )
            found.turns = [trace for (trace,) in turns]
        await engine.dispose()

    asyncio.run(read())

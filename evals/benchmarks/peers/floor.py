"""The floor: what one event loop of Python needs at the least for two model calls and one insert.

No framework and no validation: a bare ASGI callable, aiohttp's client, asyncpg, orjson. It explains
nothing, audits nothing and is not idempotent. Run by uvicorn with DSN and MODELS in the environment.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import orjson

TABLE = """create table if not exists floor_decision (
    id uuid primary key, application jsonb not null, score int not null, apr float8 not null,
    outcome text not null, created_at timestamptz not null default now())"""
INSERT = "insert into floor_decision (id, application, score, apr, outcome) values ($1, $2, $3, $4, $5)"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Floor:
    """The application, with its pool and its session once it has started."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._http: Any = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One lifespan, or one decision."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body = await _body(receive)
        answer = await self._decide(body, orjson.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._pool = await asyncpg.create_pool(os.environ["DSN"], min_size=4, max_size=10)
                await self._pool.execute(TABLE)
                connector = aiohttp.TCPConnector(limit=100)
                self._http = aiohttp.ClientSession(os.environ["MODELS"], connector=connector)
            else:
                await self._http.close()
                await self._pool.close()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _decide(self, body: bytes, facts: dict[str, Any]) -> bytes:
        score = await self._ask("/score", facts)
        price = await self._ask("/price", {**facts, "pd": score["pd"]})
        service = (facts["expenses"] + price["monthly_payment"]) / facts["income"]
        outcome = "decline" if score["score"] < 600 or service > 0.6 else "approve"
        decision_id = uuid4()
        await self._pool.execute(INSERT, decision_id, body.decode(), score["score"], price["apr"], outcome)
        answer = {"id": str(decision_id), "outcome": outcome, "score": score["score"]}
        return bytes(orjson.dumps(answer))

    async def _ask(self, path: str, facts: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(path, data=orjson.dumps(facts)) as response:
            answer: dict[str, Any] = orjson.loads(await response.read())
            return answer


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


app = Floor()

"""Scoring and pricing that always answer the same, as cheaply as Python can: the callers are measured.

One request gets one answer, an array of requests an array of answers. Run by uvicorn.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

SCORE = {
    "score": 640,
    "pd": 0.07,
    "min": 300,
    "max": 850,
    "model": "bench",
    "version": "1",
    "contributions": [{"characteristic": "seniority_years", "value": 1, "points": 20}],
}
PRICE = {
    "nominal_rate": 0.0855,
    "apr": 0.089,
    "monthly_payment": 31.9,
    "total_payable": 1148.4,
    "tier": "B",
    "model": "bench",
    "version": "1",
}
ANSWERS = {"/score": orjson.dumps(SCORE), "/price": orjson.dumps(PRICE)}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """One lifespan, or one HTTP exchange."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    request = b""
    while True:
        message = await receive()
        request += message.get("body", b"")
        if not message.get("more_body"):
            break
    answer = ANSWERS.get(scope["path"].removeprefix("/v1"), b"{}")
    if request[:1] == b"[":
        answer = b"[" + b",".join([answer] * len(orjson.loads(request))) + b"]"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})

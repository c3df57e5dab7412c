"""The reference scoring and pricing APIs over HTTP: two ports of 127.0.0.1, one process, no framework.

    POST /v1/score  {"product", "application"}                  -> the answer of app.sandbox.scoring
    POST /v1/price  {"product", "application", "score", "pd"}   -> the answer of app.sandbox.pricing
    GET  /healthz                                               -> {"status": "ok", "model", "version"}

A JSON array of requests gets an array of answers in the same order; a request that cannot be answered gets
{"error": "…"} in its place. A single one that cannot be answered is 422, what is no JSON 400.
Any product is answered whose applications have the fields of consumer-loan, with the card and terms of that.
`as_of` (a date, optional) prices under the terms of another day, for simulations.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import uvicorn
from pydantic import BaseModel, ValidationError

from app.lifeline import follow_parent
from app.sandbox.pricing import MODEL as PRICING_MODEL
from app.sandbox.pricing import price
from app.sandbox.scoring import read_scorecard
from app.sandbox.terms import TIME_ZONE, terms_on
from decisioning.model import PriceAnswer, ScoreAnswer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[Mapping[str, Any]], BaseModel]

LARGEST_BODY = 32 * 1024 * 1024
_LONGEST_PROBLEM = 300  # characters: a problem quotes the value, which may be of any length
_JSON = [(b"content-type", b"application/json")]


class ModelApi:
    """An ASGI application that answers one path with one function, one request or many at a time."""

    def __init__(self, path: str, answer: Answer, health: Callable[[], Mapping[str, str]]) -> None:
        self._path = path
        self._answer = answer
        self._health = health

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP exchange."""
        status, body = await self._respond(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": _JSON})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Message, receive: Receive) -> tuple[int, bytes]:
        if scope["path"] == "/healthz":
            return 200, orjson.dumps({"status": "ok", **self._health()})
        if scope["path"] != self._path:
            return 404, _error(f"there is only POST {self._path} and GET /healthz")
        if scope["method"] != "POST":
            return 405, _error("use POST")
        body = await _body(receive)
        return (413, _error(f"more than {LARGEST_BODY} bytes")) if body is None else self._answers(body)

    def _answers(self, body: bytes) -> tuple[int, bytes]:
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError as problem:
            return 400, _error(f"not JSON: {problem}")
        if isinstance(asked, list):
            return 200, orjson.dumps([self._one(each) for each in asked])
        answer = self._one(asked)
        return (422 if "error" in answer else 200), orjson.dumps(answer)

    def _one(self, asked: Any) -> dict[str, Any]:
        try:
            return self._answer(_request(asked)).model_dump()
        except (ValueError, OverflowError) as problem:
            return {"error": _plain(problem)}


def _request(asked: Any) -> Mapping[str, Any]:
    if not isinstance(asked, dict) or not isinstance(asked.get("application"), dict):
        raise ValueError("a request is an object with product and application")  # noqa: TRY004  one error type for all that cannot be answered
    if not isinstance(asked.get("product"), str):
        raise ValueError("product: a request names its product")  # noqa: TRY004  one error type for all that cannot be answered
    return asked


def _plain(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        first = problem.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(problem)[:_LONGEST_PROBLEM]


def _error(problem: str) -> bytes:
    return orjson.dumps({"error": problem})


async def _body(receive: Receive) -> bytes | None:
    """The whole body, None where it is larger than LARGEST_BODY."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_BODY:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def scoring_api() -> ModelApi:
    """The scoring API over the committed scorecard."""
    card = read_scorecard()

    def answer(asked: Mapping[str, Any]) -> ScoreAnswer:
        return card.score(asked["application"])

    return ModelApi("/v1/score", answer, lambda: {"model": card.model, "version": card.version})


def pricing_api() -> ModelApi:
    """The pricing API over the terms in force on the day that it is for the lender."""

    def answer(asked: Mapping[str, Any]) -> PriceAnswer:
        terms, version = terms_on(_day(asked))
        return price(asked["application"], _number(asked, "score"), _number(asked, "pd"), terms, version)

    return ModelApi("/v1/price", answer, lambda: {"model": PRICING_MODEL, "version": terms_on(_today())[1]})


def _day(asked: Mapping[str, Any]) -> date:
    as_of = asked.get("as_of")
    if as_of is None:
        return _today()
    try:
        return date.fromisoformat(str(as_of))
    except ValueError:
        raise ValueError(f"as_of: {as_of!r} is not a date") from None


def _today() -> date:
    return datetime.now(ZoneInfo(TIME_ZONE)).date()


def _number(asked: Mapping[str, Any], name: str) -> float:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name}: {value!r} is not a number")  # noqa: TRY004  one error type for all that cannot be answered
    return float(value)


def listen(port: int) -> socket.socket:
    """A socket that listens on that port of 127.0.0.1; port 0 takes a free one, see `address_of`."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(1024)
    return listening


def address_of(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


async def serve(
    scoring: socket.socket, pricing: socket.socket, begin: Callable[[], None] = lambda: None
) -> None:
    """Serve both APIs on sockets of `listen` until SIGTERM or SIGINT; then drain.

    Connections wait in the sockets' queues until both APIs are up, so their addresses may be told at once:
    `begin` is called when either signal ends it in order.
    """
    servers = [_server(scoring_api()), _server(pricing_api())]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    with _on_signal(stop):
        begin()
        await asyncio.gather(servers[0].serve([scoring]), servers[1].serve([pricing]))


class _Server(uvicorn.Server):
    """Two servers share one process: neither may take the signals for itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def _server(api: ModelApi) -> _Server:
    return _Server(
        uvicorn.Config(
            api, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=5
        )
    )


@contextmanager
def _on_signal(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


def main() -> None:
    """Serve on two listening sockets that the parent left open: their file descriptors are the arguments."""
    follow_parent()
    scoring, pricing = (socket.socket(fileno=int(fd)) for fd in sys.argv[1:])
    asyncio.run(serve(scoring, pricing))


if __name__ == "__main__":
    main()

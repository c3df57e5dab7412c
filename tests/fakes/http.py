"""A real HTTP server on loopback that answers what a test tells it to, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """`answers` by path; a path that has none answers 404. `delay_s` comes before the answer.

    `first` are answers that come before those, one a request: an exception hangs up instead.
    `delays_s` are taken before `delay_s`, one a request. `most_at_once` counts those under way together.
    """

    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_after: int | None = None
    asked: list[Asked] = field(default_factory=list)
    first: list[web.StreamResponse | Exception] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    most_at_once: int = 0
    _under_way: int = 0

    def will_answer(self, path: str, body: object, status: int = 200) -> None:
        """From now on that path answers this: bytes as they are, anything else as JSON."""
        self.answers[path] = (status, body if isinstance(body, bytes) else orjson.dumps(body))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return await self._answer(request)
        finally:
            self._under_way -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path, dict(request.headers), await request.read()))
        await asyncio.sleep(self.delays_s.pop(0) if self.delays_s else self.delay_s)
        if self.first:
            answer = self.first.pop(0)
            if not isinstance(answer, Exception):
                return answer
            assert request.transport is not None
            request.transport.close()
            raise answer
        status, body = self.answers.get(request.path, (404, b"{}"))
        if self.cut_after is None:
            return web.Response(status=status, body=body, content_type="application/json")
        return await self._cut(request, body)

    async def _cut(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Promise the whole body, send its beginning, hang up."""
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: self.cut_after])
        assert request.transport is not None
        request.transport.close()
        return response


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A server on a free port, ended at the exit."""
    server = ScriptedServer()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{rest:.*}", server._handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()

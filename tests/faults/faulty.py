"""What a service depends on, as a real server on loopback that can be made to fail in every way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

SLOW_S = 10.0
MIB = b" " * (1 << 20)
HUGE_MIB = 1024
SECRET = "marker-of-the-other-side"
"""Stands in what a server says when it fails: nobody may repeat it."""

Good = Callable[[bytes], Any]
"""The value of a good answer to that body."""


@dataclass
class FaultyApi:
    """A JSON API; `mode` says how it fails, `good` what it answers when it does not."""

    good: dict[str, Good]
    mode: str = "good"
    url: str = ""
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    sent_mib: int = 0
    runner: web.AppRunner | None = None
    port: int = 0

    async def become(self, mode: str) -> None:
        """Fail like that from now on; `good` heals it."""
        self.mode = mode
        self.asked.clear()
        self.sent_mib = 0
        if mode == "down":
            await self._close()
        elif self.runner is None:
            await self._open()

    async def _open(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{rest:.*}", self._handle)
        self.runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self.runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def _close(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append((request.path, body))
        if request.path not in self.good:
            return web.Response(status=404)
        if self.mode == "flapping" and len(self.asked) % 2:
            return _hang_up(request)
        if self.mode in {"good", "flapping"}:
            return _json(orjson.dumps(self.good[request.path](body)))
        answer: web.StreamResponse = await getattr(self, f"_{self.mode}")(request, body)
        return answer

    async def _slow(self, request: web.Request, body: bytes) -> web.StreamResponse:
        await asyncio.sleep(SLOW_S)
        return _json(orjson.dumps(self.good[request.path](body)))

    async def _broken(self, _request: web.Request, _body: bytes) -> web.StreamResponse:
        return web.Response(status=500, text=f"Traceback: {SECRET}")

    async def _html(self, _request: web.Request, _body: bytes) -> web.StreamResponse:
        return web.Response(text=f"<html>{SECRET}</html>", content_type="text/html")

    async def _truncated(self, request: web.Request, body: bytes) -> web.StreamResponse:
        good = orjson.dumps(self.good[request.path](body))
        return _json(good[: len(good) // 2])

    async def _nan(self, request: web.Request, body: bytes) -> web.StreamResponse:
        return _json(_everywhere(self.good[request.path](body), "NaN"))

    async def _impossible(self, request: web.Request, body: bytes) -> web.StreamResponse:
        return _json(_everywhere(self.good[request.path](body), "-77777"))

    async def _huge(self, request: web.Request, _body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(HUGE_MIB):
                await response.write(MIB)
                self.sent_mib += 1
        return response


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


def _everywhere(value: Any, number: str) -> bytes:
    """The value as JSON with that in the place of every fractional number."""

    def marked(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: marked(each) for name, each in part.items()}
        if isinstance(part, list):
            return [marked(each) for each in part]
        return "##" if isinstance(part, float) else part

    return orjson.dumps(marked(value)).replace(b'"##"', number.encode())


@asynccontextmanager
async def faulty_api(good: dict[str, Good]) -> AsyncIterator[FaultyApi]:
    """A server that answers well until it is told otherwise, ended at the exit."""
    api = FaultyApi(good)
    await api.become("good")
    try:
        yield api
    finally:
        await api._close()


@dataclass
class FaultyPostgres:
    """A TCP way to a PostgreSQL behind a Unix socket, which can be broken in the middle."""

    socket: str
    mode: str = "good"
    port: int = 0
    server: asyncio.Server | None = None
    ways: set[asyncio.Task[None]] = field(default_factory=set)
    healed: asyncio.Event = field(default_factory=asyncio.Event)
    passed: int = 0
    clients: set[asyncio.StreamWriter] = field(default_factory=set)

    def say_goodbye(self) -> None:
        """What a server that is stopped tells idle connections; their end is still to come."""
        fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
        for client in self.clients:
            client.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    async def become(self, mode: str) -> None:
        """Fail like that from now on; `good` heals it."""
        self.mode = mode
        (self.healed.clear if mode == "slow" else self.healed.set)()
        if mode in {"down", "html"}:
            await self._cut()
        if mode == "down":
            await self._close()
        elif self.server is None:
            self.server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        for way in tuple(self.ways):
            way.cancel()
        await asyncio.gather(*self.ways, return_exceptions=True)

    async def _close(self) -> None:
        if self.server is not None:
            self.server.close()
            await self._cut()
            await self.server.wait_closed()
            self.server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.ways.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self.ways.discard(task)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "html":
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>" + SECRET.encode())
            await writer.drain()
            return
        there, back = await asyncio.open_unix_connection(self.socket)
        self.clients.add(writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back))
                both.create_task(self._pass_on(there, writer))
        except* (OSError, EOFError):
            pass
        finally:
            self.clients.discard(writer)
            back.transport.abort()

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(1 << 16):
            self.passed += 1
            if self.mode == "flapping" and self.passed % 40 == 0:
                break
            if self.mode == "truncated" and len(chunk) > 60:
                target.write(chunk[: len(chunk) // 2])
                break
            if self.mode == "slow":
                with suppress(TimeoutError):
                    async with asyncio.timeout(SLOW_S):
                        await self.healed.wait()
            target.write(chunk)
            await target.drain()
        raise EOFError


@asynccontextmanager
async def faulty_postgres(socket: str) -> AsyncIterator[FaultyPostgres]:
    """The way, whole until it is told otherwise, ended at the exit."""
    way = FaultyPostgres(socket)
    await way.become("good")
    try:
        yield way
    finally:
        await way.become("good")
        await way._close()

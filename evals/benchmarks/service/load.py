"""Load on one HTTP service, from a process of its own: `python -m evals.benchmarks.service.load`.

Reads one JSON object from stdin (the fields of `Load`) and prints one with what came back. Closed loop
without a rate (each connection asks again as soon as it is answered), open loop with one: requests start
on a fixed clock, however slow the answers are, and latency counts from when each was due.
A raw protocol and a response parser of two searches: the generator shares the cores with what it measures.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

STRAGGLERS_S = 20.0
"""How long after its end a run waits for the answers that are still due."""


@dataclass(frozen=True)
class Load:
    """`bodies` is a file of request bodies, one JSON object a line, sent in turn; `rate` is a second."""

    host: str
    port: int
    bodies: str
    connections: int
    seconds: float
    run: str
    rate: float | None = None


@dataclass
class Result:
    """What came back: ids of acknowledged decisions, milliseconds of each answer, other statuses than 201.

    `in_time` counts those that came within `seconds`; `late` the requests of an open loop that were
    due and never sent.
    """

    seconds: float = 0.0
    in_time: int = 0
    ids: list[str] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    late: int = 0
    cpu_s: float = 0.0


class Generator:
    """Hands out requests and takes the answers in."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.result = Result()
        self._bodies = [line.encode() for line in Path(load.bodies).read_text().splitlines()]
        self._sent = 0
        self.idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._running = True
        self.busy = 0

    def next_request(self) -> bytes:
        """The bytes of the next one, under an idempotency key of its own."""
        body = self._bodies[self._sent % len(self._bodies)]
        self._sent += 1
        return (
            b"POST /v1/decisions HTTP/1.1\r\nhost: %s:%d\r\ncontent-type: application/json\r\n"
            b"idempotency-key: %s-%d\r\ncontent-length: %d\r\n\r\n%s"
        ) % (self.load.host.encode(), self.load.port, self.load.run.encode(), self._sent, len(body), body)

    def free(self, connection: "Connection") -> None:
        """A connection may be used: at once in a closed loop, for what is due in an open one."""
        if self.load.rate is None:
            if self._running:
                connection.ask(time.perf_counter())
            return
        if self._due:
            connection.ask(self._due.popleft())
        else:
            self.idle.append(connection)

    async def run(self) -> Result:
        """All of it, within the seconds and the stragglers' time."""
        loop = asyncio.get_running_loop()
        for _ in range(self.load.connections):
            await loop.create_connection(lambda: Connection(self), self.load.host, self.load.port)
        gc.freeze()
        start = time.perf_counter()
        if self.load.rate is None:
            await asyncio.sleep(self.load.seconds)
        else:
            await self._open_loop(self.load.rate, start)
        self._running = False
        self.result.seconds = time.perf_counter() - start
        self.result.in_time = len(self.result.ids)
        await self._wait_for_stragglers()
        self.result.late = len(self._due)
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.result.cpu_s = used.ru_utime + used.ru_stime
        return self.result

    async def _open_loop(self, rate: float, start: float) -> None:
        number = 0
        while (now := time.perf_counter()) < start + self.load.seconds:
            while (due := start + number / rate) <= now:
                number += 1
                self._due.append(due)
            while self._due and self.idle:
                self.idle.popleft().ask(self._due.popleft())
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _wait_for_stragglers(self) -> None:
        end = time.perf_counter() + STRAGGLERS_S
        while self.busy and time.perf_counter() < end:  # noqa: ASYNC110 - over before it matters
            await asyncio.sleep(0.01)


class Connection(asyncio.Protocol):
    """One kept connection with at most one request on it."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._transport: Any = None
        self._heard = b""
        self._since = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to ask."""
        self._transport = transport
        self._generator.free(self)

    def ask(self, since: float) -> None:
        """Send the next request; its latency counts from `since`."""
        self._since = since
        self._waits = True
        self._generator.busy += 1
        self._transport.write(self._generator.next_request())

    def data_received(self, data: bytes) -> None:
        """Take the answer in when it is whole."""
        self._heard = heard = self._heard + data if self._heard else data
        head = heard.find(b"\r\n\r\n")
        if head < 0:
            return
        place = heard.lower().find(b"content-length:", 0, head) + 15
        length = int(heard[place : heard.find(b"\r", place)])
        if len(heard) < head + 4 + length:
            return
        self._heard = b""
        self._answered(heard, head)

    def _answered(self, heard: bytes, head: int) -> None:
        result = self._generator.result
        if heard[9:12] == b"201":
            place = heard.find(b'"id":"', head) + 6
            result.ids.append(heard[place : place + 36].decode())
            result.latencies_ms.append((time.perf_counter() - self._since) * 1e3)
        else:
            status = heard[9:12].decode()
            result.refused[status] = result.refused.get(status, 0) + 1
        self._waits = False
        self._generator.busy -= 1
        self._generator.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """A connection that the service closed is not opened again: it shows as refused."""
        if self._waits:
            self._generator.busy -= 1
            result = self._generator.result
            result.refused["closed"] = result.refused.get("closed", 0) + 1


async def _run(load: Load) -> Result:
    return await Generator(load).run()


if __name__ == "__main__":
    told = json.dumps(asdict(uvloop.run(_run(Load(**json.load(sys.stdin)))))).encode()
    # The loop may leave the pipe non-blocking, and a result longer than it holds would be cut off.
    os.set_blocking(sys.stdout.fileno(), True)
    while told:
        told = told[os.write(sys.stdout.fileno(), told) :]

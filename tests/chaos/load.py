"""Callers that ask as a careful client does: one key a request, again until it is acknowledged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

AGAIN_S = 0.1
PAUSE_S = (0.02, 0.1)
REPEATED = 0.1
"""Of what was acknowledged, the share that is asked for once more."""


@dataclass
class Key:
    """One key: what was answered, and how long it was held up by a 409 at most."""

    name: str
    body: dict[str, Any]
    answer: bytes | None = None
    held_since_s: float | None = None
    longest_held_s: float = 0.0
    attempts: int = 0

    def heard(self, status: int) -> None:
        """Note the status of an answer."""
        now_s = time.monotonic()
        if status != 409:
            self.held_since_s = None
            return
        self.held_since_s = self.held_since_s or now_s
        self.longest_held_s = max(self.longest_held_s, now_s - self.held_since_s)


@dataclass
class Load:
    """Callers of a service that comes and goes at `url`."""

    url: str
    requests: Sequence[dict[str, Any]]
    seed: int = 7
    keys: list[Key] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    _stopping: bool = False

    @asynccontextmanager
    async def running(self, callers: int) -> AsyncIterator["Load"]:
        """Ask for as long as the block runs, then until every key has its answer."""
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(self.url, timeout=timeout) as self._session:
            asking = [asyncio.create_task(self._caller(n)) for n in range(callers)]
            try:
                yield self
            finally:
                self._stopping = True
                async with asyncio.timeout(90):
                    await asyncio.gather(*asking)

    async def _caller(self, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        while not self._stopping:
            key = self._new_key(chance.choice(self.requests))
            await self.acknowledged(key)
            if chance.random() < REPEATED:
                await self._asked_again(key)
            await asyncio.sleep(chance.uniform(*PAUSE_S))

    def _new_key(self, request: dict[str, Any]) -> Key:
        key = Key(f"chaos-{self.seed}-{len(self.keys)}", {**request, "explain": "none"})
        self.keys.append(key)
        return key

    async def probe(self) -> bytes:
        """One more key, to its end."""
        key = self._new_key(self.requests[0])
        return await self.acknowledged(key)

    async def acknowledged(self, key: Key) -> bytes:
        """Ask with this key until a 201 comes."""
        while True:
            status, body = await self._post(key)
            if status == 201:
                key.answer = body
                return body
            if status not in {0, 409, 503}:
                self.violations.append(f"{key.name} was answered {status}: {body[:200]!r}")
            await asyncio.sleep(AGAIN_S)

    async def _asked_again(self, key: Key) -> None:
        first = key.answer
        if await self.acknowledged(key) != first:
            self.violations.append(f"{key.name} was answered with two decisions")

    async def _post(self, key: Key) -> tuple[int, bytes]:
        """The status and the body; 0 where no whole answer came."""
        key.attempts += 1
        try:
            async with self._session.post(
                "/v1/decisions", json=key.body, headers={"Idempotency-Key": key.name}
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            status, body = 0, b""
        self.statuses[str(status or "no answer")] += 1
        key.heard(status)
        return status, body

"""One HTTP call to a model API, and all that surrounds it: never later than its deadline.

A call that failed is made again, with the same `Idempotency-Key`, only where that can do no harm: the API
took nothing in (nobody listening, 429, 503), or it says that it knows a repeated call or that asking has
no side effects. An error of the API's own (500, nonsense) would only be made again. Repetitions come after
a pause by chance and out of an allowance, and an API that keeps failing is left alone for a while.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import aiohttp
from opentelemetry import trace
from opentelemetry.trace import Span
from uuid_utils import uuid7

from app.clients.breaker import USUAL, Allowance, Breaker, BreakerRules
from app.logs import log
from app.metrics import Metrics
from app.settings import Repeats
from app.telemetry import Attr
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout

HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}
TOOK_NOTHING_IN: Final = frozenset({429, 503})
"""Statuses of an API that did no work for the call."""
LOST_ON_THE_WAY: Final = frozenset({502, 504})
"""Statuses of a gateway: whether the API did the work, nobody knows."""
MOST_ATTEMPTS: Final = 3
FIRST_PAUSE_S: Final = 0.05
LEAST_TIME_S: Final = 0.02
"""With less time left than this, asking again is pointless."""
FAIR_TIME_S: Final = 0.1
"""An API that was given less is not blamed for being late."""
REMEMBERED: Final = 128
"""Calls whose durations tell what is slow; with fewer, nothing is doubled."""
SLOW_SHARE: Final = 0.95

T = TypeVar("T")


@dataclass(frozen=True)
class Care:
    """How an API is to be treated; `repeated` and `doubled` are shares of the calls."""

    repeats: Repeats = "keyed"
    breaker: BreakerRules = USUAL
    repeated: float = 0.1
    doubled: float = 0.05


class NotAnswered(DependencyFailed):
    """The API answered another status than 200; `wait_s` is what it asked us to wait."""

    def __init__(self, dependency: str, status: int, wait_s: float = 0.0) -> None:
        super().__init__(dependency, f"answered {status}")
        self.status = status
        self.wait_s = wait_s


class Unreachable(DependencyFailed):
    """The connection could not be made, or broke; `sent` is whether the call may have arrived."""

    def __init__(self, dependency: str, error: Exception, *, sent: bool) -> None:
        super().__init__(dependency, f"cannot be reached ({type(error).__name__})")
        self.sent = sent


class LeftAlone(DependencyFailed):
    """The API was not asked: it failed too often, or too many wait for it."""


class Exchange:
    """The calls to one model API."""

    def __init__(
        self, dependency: str, session: aiohttp.ClientSession, url: str | None, metrics: Metrics, care: Care
    ) -> None:
        self._dependency = dependency
        self._session = session
        self._url = url
        self._metrics = metrics
        self._care = care
        self._breaker = Breaker(care.breaker)
        self._repetitions = Allowance(care.repeated, most=10)
        self._doubles = Allowance(care.doubled, most=5)
        self._durations: deque[float] = deque(maxlen=REMEMBERED)
        self._slow_s = float("inf")

    async def post(
        self, path: str, body: bytes, deadline: float, longest: int, read: Callable[[bytes], T]
    ) -> T:
        """What `read` makes of the answer, by the loop's instant `deadline`; raises DependencyFailed.

        A body longer than `longest` bytes is dropped unread.
        """
        url = self._address(path)
        headers = {**HEADERS, "Idempotency-Key": str(uuid7()), **_trace_headers()}
        loop = asyncio.get_running_loop()
        attempt = 1
        while True:
            start = loop.time()
            if not self._breaker.admits(start):
                raise LeftAlone(self._dependency, "is not asked for a while: too many calls failed")
            try:
                answer = read(await self._asked(url, body, headers, deadline, longest, attempt))
            except DependencyFailed as error:
                self._blame(error, loop.time(), deadline - start)
                pause_s = self._pause(error, attempt, deadline - loop.time())
                if pause_s is None:
                    raise
            else:
                self._praise(loop.time(), start)
                return answer
            self._metrics.model_repeats.labels(self._dependency, "retry").inc()
            await asyncio.sleep(pause_s)
            attempt += 1

    async def knock(self, timeout_s: float) -> None:
        """Any HTTP answer will do: the protocol has no health check. Raises DependencyFailed."""
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.get(self._address(""), timeout=timeout, allow_redirects=False):
                return
        except TimeoutError:
            raise self._late() from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(self._dependency, error, sent=False) from error

    async def _asked(
        self, url: str, body: bytes, headers: dict[str, str], deadline: float, longest: int, attempt: int
    ) -> bytes:
        """One attempt; where asking is free of side effects, a second call beside a slow one."""
        if self._care.repeats != "free" or attempt > 1 or self._slow_s == float("inf"):
            return await self._once(url, body, headers, deadline, longest, attempt)
        calls = {asyncio.create_task(self._once(url, body, headers, deadline, longest, attempt))}
        try:
            done, _ = await asyncio.wait(calls, timeout=self._slow_s)
            if not done and self._doubles.take():
                self._metrics.model_repeats.labels(self._dependency, "hedge").inc()
                calls.add(asyncio.create_task(self._once(url, body, headers, deadline, longest, attempt)))
            return await _first_good(calls)
        finally:
            for call in calls:
                call.cancel()

    async def _once(
        self, url: str, body: bytes, headers: dict[str, str], deadline: float, longest: int, attempt: int
    ) -> bytes:
        left_s = max(deadline - asyncio.get_running_loop().time(), 0.001)
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=left_s),
                allow_redirects=False,
            ) as response:
                _tell(trace.get_current_span(), response, attempt)
                if response.status != 200:
                    raise NotAnswered(self._dependency, response.status, _wait_s(response))
                return await self._read(response, longest)
        except TimeoutError:
            raise self._late() from None
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(self._dependency, error, sent=False) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(self._dependency, error, sent=True) from error

    async def _read(self, response: aiohttp.ClientResponse, longest: int) -> bytes:
        """The body if it is not too long; a longer one is dropped unread."""
        if (response.content_length or 0) > longest:
            raise self._too_long()
        body = b""
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > longest:
                raise self._too_long()
        return body

    def _pause(self, error: DependencyFailed, attempt: int, left_s: float) -> float | None:
        """Seconds until the call is made again; None where it is not."""
        if attempt >= MOST_ATTEMPTS or not self._harmless_again(error):
            return None
        pause_s = random.uniform(0, FIRST_PAUSE_S * 2**attempt)  # noqa: S311  it spreads callers, no secret
        if isinstance(error, NotAnswered):
            pause_s += error.wait_s
        if pause_s + LEAST_TIME_S > left_s or not self._repetitions.take():
            return None
        return pause_s

    def _harmless_again(self, error: DependencyFailed) -> bool:
        known = self._care.repeats != "never"
        if isinstance(error, NotAnswered):
            return error.status in TOOK_NOTHING_IN or (known and error.status in LOST_ON_THE_WAY)
        return isinstance(error, Unreachable) and (known or not error.sent)

    def _praise(self, now: float, start: float) -> None:
        self._repetitions.earn()
        self._doubles.earn()
        if self._breaker.succeeded(now):
            log.warning("model api is back", model=self._dependency)
            self._metrics.model_breaker.labels(self._dependency, "closed").inc()
        if self._care.repeats == "free":
            self._durations.append(now - start)
            if len(self._durations) == REMEMBERED:
                self._slow_s = sorted(self._durations)[int(SLOW_SHARE * REMEMBERED)]

    def _blame(self, error: DependencyFailed, now: float, given_s: float) -> None:
        """Count what the API can be blamed for: not a refused question, nor too little time."""
        if isinstance(error, NotAnswered) and error.status < 500 and error.status != 429:
            return
        if isinstance(error, DependencyTimeout) and given_s < FAIR_TIME_S:
            return
        if self._breaker.failed(now):
            log.warning("model api is left alone for a while", model=self._dependency, problem=error.problem)
            self._metrics.model_breaker.labels(self._dependency, "open").inc()

    def _address(self, path: str) -> str:
        if self._url is None:
            raise DependencyFailed(self._dependency, "no address is set for it")
        return self._url + path

    def _too_long(self) -> DependencyInvalid:
        return DependencyInvalid(self._dependency, "the answer is too long")

    def _late(self) -> DependencyTimeout:
        return DependencyTimeout(self._dependency, "did not answer in time")


async def _first_good(calls: "set[asyncio.Task[bytes]]") -> bytes:
    """The first answer; the error of the last call where each of them failed."""
    waiting = calls
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        good = next((call for call in done if call.exception() is None), None)
        if good is not None or not waiting:
            return (good or done.pop()).result()


def _wait_s(response: aiohttp.ClientResponse) -> float:
    """What `Retry-After` says in seconds; a date is not waited for."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() else 0.0


def _trace_headers() -> dict[str, str]:
    """W3C trace context of the call's own span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    trace_id, span_id = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
    return {"traceparent": f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"}


def _tell(current: Span, response: aiohttp.ClientResponse, attempt: int) -> None:
    if current.is_recording():
        current.set_attributes(
            {
                Attr.METHOD: "POST",
                Attr.STATUS_CODE: response.status,
                Attr.SERVER_ADDRESS: response.url.host or "",
                Attr.SERVER_PORT: response.url.port or 0,
                Attr.ATTEMPT: attempt,
            }
        )

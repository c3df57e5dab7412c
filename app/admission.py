"""Who is let in: what cannot be answered in time is refused at once, and nothing is waited for for ever.

Two limits protect a worker. One is how many requests it has under way. The other is time: by Little's law
a decision that arrives waits for as many as are under way, at the pace at which they lately ended; where
that is longer than anybody waits, one more would only be answered too late, as would those behind it.
Probes and metrics are always let in: whoever watches must see a service that is busy.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Overloaded, TooSlow, problem_response
from app.metrics import Metrics

ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})
DECISIONS: Final = "/v1/decisions"
INGEST: Final = "/v1/policies"
READ_WITHIN_S: Final = 10.0
"""What only reads ends within this."""
BODY_WITHIN_S: Final = 13.0
"""A decision has this long until its product is known, and then the budget of that.

It is the usual product's own, so that its timer is set once.
"""
LIMIT: Final = "credence.limit"
SAME_S: Final = 0.2
LATE: Final = (
    "this could not be answered in time; what was being stored may be: ask again, with the same"
    " Idempotency-Key where there was one"
)
LONGEST_WAIT_S: Final = 10.0
PACE_FROM: Final = 64
"""With fewer decisions under way than this, their pace refuses nobody."""
MEASURED_S: Final = 1.0


class Pace:
    """How long a decision that arrives now will wait, from how many are under way and how fast they end."""

    def __init__(self) -> None:
        self.under_way = 0
        self._ended = 0
        self._since_s = 0.0
        self._per_s = 0.0

    def begin(self, now_s: float) -> None:
        """One arrived."""
        if self.under_way == 0:
            self._since_s, self._ended, self._per_s = now_s, 0, 0.0
        self.under_way += 1

    def end(self, now_s: float) -> None:
        """One ended."""
        self.under_way -= 1
        self._ended += 1
        self._measure(now_s)

    def wait_s(self, now_s: float) -> float:
        """Seconds until one that arrives now would be answered; 0 where nothing is known yet."""
        self._measure(now_s)
        return self.under_way / self._per_s if self._per_s else 0.0

    def _measure(self, now_s: float) -> None:
        age_s = now_s - self._since_s
        if age_s >= MEASURED_S:
            # Half of what was: one slow second alone refuses nobody.
            latest = self._ended / age_s
            self._per_s = (self._per_s + latest) / 2 if self._per_s else latest
            self._since_s, self._ended = now_s, 0


@dataclass(frozen=True)
class Limits:
    """How many requests a worker has under way at most, and how long what writes words may take."""

    requests: int
    words_s: float


class Admission:
    """ASGI middleware: 503 with `Retry-After` before a collapse, and a deadline for what is no decision."""

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        self._app = app
        self._limits = limits
        self._refused = metrics.refused
        self._under_way = 0
        self._pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        now_s = asyncio.get_running_loop().time()
        decides = scope["method"] == "POST" and scope["path"] == DECISIONS
        if problem := self._full(now_s, decides=decides):
            await problem_response(problem, scope["path"])(scope, receive, send)
            return
        self._under_way += 1
        if decides:
            self._pace.begin(now_s)
        try:
            await self._in_time(scope, receive, send)
        finally:
            self._under_way -= 1
            if decides:
                self._pace.end(asyncio.get_running_loop().time())

    def _full(self, now_s: float, *, decides: bool) -> Overloaded | None:
        if self._under_way >= self._limits.requests:
            self._refused.labels("too many").inc()
            return Overloaded("too many requests are under way: ask again in a moment")
        if decides and self._pace.under_way >= PACE_FROM and self._pace.wait_s(now_s) > LONGEST_WAIT_S:
            self._refused.labels("too slow").inc()
            return Overloaded("a decision would take too long now: ask again in a moment")
        return None

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the deadline; an answer that has begun is broken off there."""
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds(scope)) as limit:
                scope[LIMIT] = limit
                await self._app(scope, receive, watched)
        except TimeoutError:
            if not limit.expired():
                raise
            self._refused.labels("late").inc()
            if not began:
                await problem_response(TooSlow(LATE), scope["path"])(scope, receive, send)

    def _seconds(self, scope: Scope) -> float | None:
        path = scope["path"]
        if scope["method"] == "POST":
            if path == DECISIONS:
                return BODY_WITHIN_S
            if path == INGEST:
                return None  # it takes as long as its manual is long
            return self._limits.words_s + READ_WITHIN_S
        return READ_WITHIN_S + (self._limits.words_s if path.endswith("/explanation") else 0)


def end_within(scope: Scope, seconds: float) -> None:
    """From now on this request has so long; one that nobody let in (a test's) has no limit."""
    if limit := scope.get(LIMIT):
        when_s = asyncio.get_running_loop().time() + seconds
        if abs(when_s - limit.when()) > SAME_S:
            limit.reschedule(when_s)

"""The outermost ASGI layer: one server span a request, its metric, the headers of every answer.

FastAPI's own instrumentation is off (it would make a second tree, with query strings in clear). An
error that nothing below answered becomes a 500 here and is logged without its message.
"""

import asyncio
import time
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem_response
from app.logs import failure, log
from app.metrics import Metrics
from app.telemetry import Attr, mark_failed, start_root

TRACE_HEADER: Final = b"x-trace-id"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_LEFT: Final = 499
PLAIN: Final = frozenset({"/v1/decisions", "/v1/chat", "/v1/policies"})
"""Routes without a parameter: a request that was refused at the door has not been routed."""
UNKNOWN: Final = "unknown"
"""The route of a request that none of ours is."""
SECURE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)

_w3c = TraceContextTextMapPropagator()


class ServerSpan:
    """ASGI middleware, the outermost of ours."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request inside its span; other scopes pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.metrics.active_requests.inc()
        root, context = start_root(scope["method"], _context_of(scope), SpanKind.SERVER)
        answer = _Answer(send, root)
        token = otel_context.attach(context)
        try:
            await self._answer(scope, receive, answer)
        finally:
            otel_context.detach(token)
            self._tell(scope, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self.app(scope, receive, answer.send)
        except ClientDisconnect:
            answer.left = True
        except asyncio.CancelledError as error:
            answer.error = error
            raise
        except Exception as error:  # noqa: BLE001  the last net: answered, logged and counted right here
            answer.error = error
            log.error("unexpected", path=_route(scope), **failure(error))
            if answer.status is None:
                await problem_response(error, scope["path"])(scope, receive, answer.send)

    def _tell(self, scope: Scope, answer: "_Answer") -> None:
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        route, status = _route(scope), str(answer.status or CLIENT_LEFT)
        seconds = (time.perf_counter_ns() - answer.start_ns) / 1e9
        self.metrics.active_requests.dec()
        self.metrics.observe_request(method, route, status, seconds, answer.span.get_span_context())
        if answer.span.is_recording():
            _describe(answer, scope, method, route)
        answer.span.end()


class _Answer:
    """What became of one request, seen at `send`."""

    __slots__ = ("_send", "error", "left", "span", "start_ns", "status")

    def __init__(self, send: Send, span: Span) -> None:
        self._send = send
        self.span = span
        self.start_ns = time.perf_counter_ns()
        self.status: int | None = None
        self.left = False
        self.error: BaseException | None = None

    async def send(self, message: Message) -> None:
        """Pass the message on, the headers of every answer added."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            trace_id = trace.format_trace_id(self.span.get_span_context().trace_id)
            message["headers"] = [*message["headers"], *SECURE, (TRACE_HEADER, trace_id.encode())]
        await self._send(message)


def _context_of(scope: Scope) -> Context:
    """The caller's trace, where it sent a W3C `traceparent`."""
    carrier = {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in {b"traceparent", b"tracestate"}
    }
    return _w3c.extract(carrier, Context()) if carrier else Context()


def _route(scope: Scope) -> str:
    path: str = scope["path"]
    return getattr(scope.get("route"), "path", path if path in PLAIN else UNKNOWN)


def _describe(answer: _Answer, scope: Scope, method: str, route: str) -> None:
    span = answer.span
    span.set_attributes({Attr.METHOD: method, Attr.PATH: scope["path"], Attr.SCHEME: scope["scheme"]})
    if route != UNKNOWN:
        span.update_name(f"{method} {route}")
        span.set_attribute(Attr.ROUTE, route)
    if answer.left or answer.status is None:
        span.set_attribute(Attr.DISCONNECTED, value=True)
    if answer.status is None:
        return
    span.set_attribute(Attr.STATUS_CODE, answer.status)
    if answer.error is not None:
        mark_failed(span, answer.error)
    elif answer.status >= 500:
        mark_failed(span, str(answer.status))

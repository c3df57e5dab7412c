"""The spans of one request as a person reads them: a bar each, on one time axis.

The demo receives its own service's traces by OTLP over HTTP, so the picture shows what a collector would get.
"""

import threading
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ReceivedSpan
from rich.table import Table
from rich.text import Text

BAR_CELLS = 40


@dataclass(frozen=True)
class Span:
    """One span; times in nanoseconds since the epoch, ids in hex, `parent` empty at the root."""

    trace: str
    id: str
    parent: str
    name: str
    start_ns: int
    end_ns: int

    @property
    def elapsed_ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


class Spans:
    """Spans received so far, by trace."""

    def __init__(self) -> None:
        self._by_trace: dict[str, list[Span]] = defaultdict(list)
        self._arrived = threading.Condition()

    def add(self, body: bytes) -> None:
        """Keep the spans of one OTLP request body (protobuf)."""
        with self._arrived:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in map(_read, scope.spans):
                        self._by_trace[span.trace].append(span)
            self._arrived.notify_all()

    def of(self, trace: str, within_s: float) -> Sequence[Span]:
        """The spans of that trace, earliest first; blocks until its root is there or the time is over."""
        with self._arrived:
            self._arrived.wait_for(lambda: any(not s.parent for s in self._by_trace[trace]), within_s)
            return sorted(self._by_trace[trace], key=lambda span: (span.start_ns, -span.end_ns))


def _read(span: ReceivedSpan) -> Span:
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
    )


@contextmanager
def receiving_spans() -> Generator[tuple[str, Spans]]:
    """An OTLP endpoint on a free port of loopback: its address and what arrives there."""
    spans = Spans()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            spans.add(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Stay silent: the demo has the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def waterfall(spans: Sequence[Span]) -> Table:
    """A row a span, children indented below their parents; spans as `Spans.of` gives them."""
    table = Table("span", "ms", "", box=None, pad_edge=False)
    if not spans:
        return table
    start, end = min(s.start_ns for s in spans), max(s.end_ns for s in spans)
    for span, depth in _tree(spans):
        table.add_row("  " * depth + span.name, f"{span.elapsed_ms:.1f}", _bar(span, start, end))
    return table


def _tree(spans: Sequence[Span]) -> list[tuple[Span, int]]:
    known = {span.id for span in spans}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        children[span.parent if span.parent in known else ""].append(span)

    def below(parent: str, depth: int) -> Generator[tuple[Span, int]]:
        for span in children[parent]:
            yield span, depth
            yield from below(span.id, depth + 1)

    return list(below("", 0))


def _bar(span: Span, start_ns: int, end_ns: int) -> Text:
    scale = BAR_CELLS / max(end_ns - start_ns, 1)
    before = round((span.start_ns - start_ns) * scale)
    length = max(1, round((span.end_ns - span.start_ns) * scale))
    return Text(" " * min(before, BAR_CELLS - 1) + "█" * length, style="cyan")

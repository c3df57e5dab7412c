"""An OpenTelemetry receiver on loopback: OTLP over HTTP in protobuf, all three signals, read as they came."""

import threading
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """One span; ids in hex, `parent` empty at a root, times in nanoseconds since the epoch."""

    id: str
    parent: str
    trace: str
    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    links: tuple[str, ...]
    failed: bool
    events: tuple[tuple[str, Attributes], ...]
    service: Attributes

    @property
    def elapsed_ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


@dataclass(frozen=True)
class Log:
    """One log record."""

    trace: str
    severity: str
    body: str
    attributes: Attributes


@dataclass(frozen=True)
class Point:
    """One data point of a metric: a number's value, or a histogram's count; exemplars by their traces."""

    metric: str
    unit: str
    value: float
    attributes: Attributes
    exemplars: frozenset[str]
    instance: str


@dataclass
class Receiver:
    """Whatever came to `url`, in the order of its arrival."""

    url: str = ""
    bodies: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def spans(self) -> list[Span]:
        """All spans so far."""
        requests = map(ExportTraceServiceRequest.FromString, self.bodies["/v1/traces"])
        return [
            _span(span, attributes_of(resource.resource.attributes))
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def logs(self) -> list[Log]:
        """All log records so far."""
        requests = map(ExportLogsServiceRequest.FromString, self.bodies["/v1/logs"])
        return [
            Log(
                record.trace_id.hex(),
                record.severity_text,
                record.body.string_value,
                attributes_of(record.attributes),
            )
            for request in requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def points(self) -> list[Point]:
        """Every process's last points."""
        last: dict[tuple[str, str, str], Point] = {}
        for request in map(ExportMetricsServiceRequest.FromString, self.bodies["/v1/metrics"]):
            for resource in request.resource_metrics:
                instance = attributes_of(resource.resource.attributes)["service.instance.id"]
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        for point in _points(metric, instance):
                            last[point.metric, instance, str(point.attributes)] = point
        return list(last.values())

    def everything(self) -> bytes:
        """All bytes that came."""
        return b"".join(body for bodies in self.bodies.values() for body in bodies)


def attributes_of(attributes: Iterable[Any]) -> Attributes:
    """Attributes by name, as Python's values."""
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    return getattr(value, kind) if kind else None


def _span(span: Any, service: Attributes) -> Span:
    return Span(
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.trace_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes_of(span.attributes),
        tuple(link.span_id.hex() for link in span.links),
        span.status.code == 2,
        tuple((event.name, attributes_of(event.attributes)) for event in span.events),
        service,
    )


def _points(metric: Any, instance: str) -> list[Point]:
    kind = metric.WhichOneof("data")
    return [
        Point(
            metric.name,
            metric.unit,
            point.count if kind == "histogram" else point.as_double,
            attributes_of(point.attributes),
            frozenset(each.trace_id.hex() for each in point.exemplars),
            instance,
        )
        for point in getattr(metric, kind).data_points
    ]


@contextmanager
def otlp_receiver() -> Generator[Receiver]:
    """A receiver on a free port, ended at the exit."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.bodies[self.path].append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The demo receives its own service's spans and draws them."""

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console

from app.cli.waterfall import Span, receiving_spans, waterfall

TRACE = "0af7651916cd43dd8448eb211c80319c"


def request(*spans: tuple[str, str, str, int, int]) -> bytes:
    """An OTLP request with these (id, parent, name, start, end) of one trace."""
    body = ExportTraceServiceRequest()
    scope = body.resource_spans.add().scope_spans.add()
    for span_id, parent, name, start, end in spans:
        scope.spans.add(
            trace_id=bytes.fromhex(TRACE),
            span_id=bytes.fromhex(span_id),
            parent_span_id=bytes.fromhex(parent),
            name=name,
            start_time_unix_nano=start,
            end_time_unix_nano=end,
        )
    return bytes(body.SerializeToString())


def test_spans_are_received_over_http_and_wait_for_their_root():
    """Spans of one trace come back earliest first once the root has arrived."""
    root, child = "00f067aa0ba902b7", "00f067aa0ba902b8"
    with receiving_spans() as (url, spans), httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/v1/traces", content=request((child, root, "score m", 10, 20)))
        assert [span.name for span in spans.of(TRACE, within_s=0)] == ["score m"]
        client.post("/v1/traces", content=request((root, "", "POST /v1/decisions", 0, 40)))
        assert spans.of(TRACE, within_s=5) == [
            Span(TRACE, root, "", "POST /v1/decisions", 0, 40),
            Span(TRACE, child, root, "score m", 10, 20),
        ]


def test_a_waterfall_indents_children_and_shows_every_span():
    """Each span is a row; a child stands below its parent, indented; a span without its parent is a root."""
    spans = [
        Span(TRACE, "a", "", "decide", 0, 4_000_000),
        Span(TRACE, "b", "a", "score", 0, 1_000_000),
        Span(TRACE, "c", "lost", "stray", 3_000_000, 4_000_000),
    ]
    console = Console(width=100, record=True, force_terminal=False)
    console.print(waterfall(spans))
    rows = [line.split()[:2] for line in console.export_text().splitlines()[1:]]
    assert rows == [["decide", "4.0"], ["score", "1.0"], ["stray", "1.0"]]

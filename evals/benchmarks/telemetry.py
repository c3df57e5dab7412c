"""What telemetry costs a decision: `python -m evals.benchmarks.telemetry`, CPU microseconds of the process.

The spans and the log line of one explained decision, made and encoded as they are for a receiver, every
trace sampled; nothing is sent, so the network is not in it.
"""

import io
import time
from collections.abc import Callable

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from app import logs
from app.stopwatch import SpanStopwatch, Told
from app.telemetry import Attr, Attributes, SpanName, span, start_root

STAGES = ("score", "price", "rules", "retrieve", "generate", "verify", "store")
DECISIONS = 1000
CALLED: Attributes = {
    Attr.METHOD: "POST",
    Attr.STATUS_CODE: 200,
    Attr.SERVER_ADDRESS: "127.0.0.1",
    Attr.SERVER_PORT: 9001,
}
DECIDED: dict[str, str | int] = {
    Attr.DECISION_ID: "01a20913-c289-72c5-a3dd-58f1756d5bbd",
    Attr.OUTCOME: "decline",
    Attr.POLICY_VERSION: "2026-06-01+a819dcab00ced0a3",
    Attr.AS_OF: "2026-11-23",
    Attr.EXPLANATION_STATUS: "verified",
    Attr.SENTENCES_VERIFIED: 8,
    Attr.SENTENCES_REJECTED: 0,
}


def decide() -> None:
    """The telemetry of one decision and nothing else."""
    root, context = start_root("POST", Context(), SpanKind.SERVER)
    token = otel_context.attach(context)
    with span(SpanName.DECIDE.format("consumer-loan")) as current:
        watch = SpanStopwatch(10)
        for stage in STAGES:
            with watch.stage(stage):
                if stage in {"score", "price"}:
                    trace.get_current_span().set_attributes(CALLED)
        watch.tell_spans("consumer-loan", {"verify": Told({Attr.VERIFY_SENTENCES: 8}, ["verified"] * 8)})
        current.set_attributes(DECIDED)
        logs.log.info("decision", **DECIDED, timings_ms=dict(watch.timings_ms()))
    otel_context.detach(token)
    root.end()


def cpu_us(work: Callable[[], object], times: int = DECISIONS) -> float:
    """CPU microseconds of one run."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e6


def main() -> None:
    """Print the cost without a receiver and with one, made and encoded."""
    logs.configure_logs(stream=io.StringIO())
    cpu_us(decide, 100)
    without = cpu_us(decide)
    spans, records = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # it has none
    tracers, loggers = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(records))
    trace.set_tracer_provider(tracers)
    logs.send_to(loggers.get_logger("credence"))
    made = cpu_us(decide)
    finished, logged = spans.get_finished_spans(), records.get_finished_logs()
    encoded = cpu_us(lambda: (encode_spans(finished), encode_logs(logged)), 1) / DECISIONS
    print(f"spans a decision      {len(finished) / DECISIONS:.0f}")
    print(f"without a receiver    {without:.0f} us")
    print(f"with one, made        {made - without:.0f} us more")
    print(f"with one, encoded     {encoded:.0f} us more, in threads of its own")


if __name__ == "__main__":
    main()

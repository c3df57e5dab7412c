"""Where telemetry goes: spans, metrics and logs by OTLP over HTTP, to whom the standard variables name.

The SDK and its exporters are imported only when one of them is wanted: they cost a start-up 150 ms.
Sending runs in threads of its own; a receiver that is away costs no request anything, and what it
missed is dropped.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from opentelemetry import trace

from app import __version__, logs
from app.metrics import Metrics
from app.settings import exports
from app.telemetry import SCHEMA_URL, SERVICE_NAME

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

METRICS_EVERY_MS: Final = 60_000
LAST_SENT_WITHIN_S: Final = 5.0


@asynccontextmanager
async def exporting(metrics: Metrics) -> AsyncIterator[None]:
    """While the block runs, telemetry is sent; what is left is sent at the exit."""
    wanted = {signal for signal in ("traces", "metrics", "logs") if exports(signal)}
    async with AsyncExitStack() as stack:
        if wanted:
            resource = _resource()
            starts: dict[str, Callable[[], Callable[[], None]]] = {
                "traces": lambda: _start_traces(resource),
                "metrics": lambda: _start_metrics(resource, metrics),
                "logs": lambda: _start_logs(resource),
            }
            ends = [starts[signal]() for signal in sorted(wanted)]
            stack.push_async_callback(_end, ends)
        yield


async def _end(ends: Sequence[Callable[[], None]]) -> None:
    """Send what is left, all at once, and wait for no receiver longer than a moment."""
    # Daemons: a receiver that hangs must not keep the process, and joining them at its exit would.
    threads = [threading.Thread(target=end, name="last telemetry", daemon=True) for end in ends]
    for thread in threads:
        thread.start()
    until_s = time.monotonic() + LAST_SENT_WITHIN_S
    for thread in threads:
        await asyncio.to_thread(thread.join, max(0.0, until_s - time.monotonic()))


def _resource() -> "Resource":
    """Who sends: the service, its version, and this process of it."""
    from opentelemetry.sdk.resources import Resource

    named = Resource.create(
        {"service.version": __version__, "service.instance.id": str(uuid4()), "process.pid": os.getpid()}
    )
    if str(named.attributes["service.name"]).startswith("unknown_service"):
        named = named.merge(Resource({"service.name": SERVICE_NAME}))
    return named


def _start_traces(resource: "Resource") -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _start_metrics(resource: "Resource", metrics: Metrics) -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from app.points import data_of

    scope = InstrumentationScope(SERVICE_NAME, __version__, SCHEMA_URL)
    exporter, since_ns, ended = OTLPMetricExporter(), time.time_ns(), threading.Event()
    every_s = int(os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", METRICS_EVERY_MS)) / 1e3

    def send() -> None:
        last = False
        while not last:
            last = ended.wait(every_s)
            exporter.export(data_of(metrics, resource, scope, since_ns))

    sender = threading.Thread(target=send, name="metrics to OTLP", daemon=True)
    sender.start()

    def end() -> None:
        ended.set()
        sender.join()
        exporter.shutdown()

    return end


def _start_logs(resource: "Resource") -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    logs.send_to(provider.get_logger(SERVICE_NAME, __version__, schema_url=SCHEMA_URL))

    def end() -> None:
        logs.send_to(None)
        provider.shutdown()

    return end

"""The stopwatch: timings and spans from the same readings of one clock."""

import asyncio
import time

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from app import stopwatch, telemetry
from app.stopwatch import SpanStopwatch, Told
from app.telemetry import current_trace_id, span


@pytest.fixture
def spans(monkeypatch) -> InMemorySpanExporter:
    """The spans that ended, in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    monkeypatch.setattr(telemetry, "tracer", tracer)
    monkeypatch.setattr(stopwatch, "tracer", tracer)
    return exporter


def test_stages_add_up_by_name():
    """A stage entered again adds to its time; a stage not entered is absent."""
    watch = SpanStopwatch(10)
    for _ in range(2):
        with watch.stage("rules"):
            time.sleep(0.005)
    with watch.stage("verify"):
        pass
    timings = watch.timings_ms()
    assert timings.keys() == {"rules", "verify"}
    assert timings["rules"] >= 10
    assert 0 <= timings["verify"] < timings["rules"]


def test_the_budget_runs_out_at_zero():
    """What is left never goes below nothing."""
    watch = SpanStopwatch(60)
    assert 0 < watch.remaining_s() <= 60
    short = SpanStopwatch(0.005)
    time.sleep(0.01)
    assert short.remaining_s() == 0


def test_a_failing_stage_is_timed_all_the_same():
    """The time until an error counts, and the error passes on."""
    watch = SpanStopwatch(1)
    with pytest.raises(ValueError, match="no"), watch.stage("rules"):
        raise ValueError("no")
    assert "rules" in watch.timings_ms()


def test_spans_and_timings_come_from_the_same_readings(spans):
    """Each stage's span lasts as long as `timings_ms` says, below its parent and inside it."""
    with span("decide consumer-loan"):
        watch = SpanStopwatch(1)
        for name in ("rules", "verify", "store"):
            with watch.stage(name):
                time.sleep(0.002)
        watch.tell_spans("consumer-loan", {"rules": Told({"credit.rules.fired": 3})})
    *stages, decide = spans.get_finished_spans()
    assert [s.name for s in stages] == ["rules consumer-loan", "verify", "store"]
    for told, elapsed_ms in zip(stages, watch.timings_ms().values(), strict=True):
        assert (told.end_time - told.start_time) / 1e6 == pytest.approx(elapsed_ms, abs=0.001)
        assert told.parent.span_id == decide.context.span_id
        assert decide.start_time <= told.start_time <= told.end_time <= decide.end_time
    assert dict(stages[0].attributes) == {"credit.rules.fired": 3}


def test_what_runs_in_a_live_stage_is_its_child(spans):
    """A call made while words are generated hangs below `generate`."""
    with span("decide"), SpanStopwatch(1).stage("generate"), span("chat writer"):
        pass
    chat, generate, decide = spans.get_finished_spans()
    assert [s.name for s in (chat, generate, decide)] == ["chat writer", "generate", "decide"]
    assert chat.parent.span_id == generate.context.span_id
    assert generate.parent.span_id == decide.context.span_id


async def test_a_cancelled_call_says_so_on_its_span(spans):
    """A span that ended by cancellation is no success; its message is nowhere."""

    async def wait() -> None:
        with span("score"):
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [ended] = spans.get_finished_spans()
    assert ended.attributes["error.type"] == "CancelledError"
    assert ended.status.status_code is StatusCode.ERROR


def test_an_error_is_told_by_its_class_alone(spans):
    """A span holds no message and no traceback of an error: they may hold a row."""
    with pytest.raises(ValueError, match="income"), span("rules"):
        raise ValueError("income 125 of A. Person")
    [ended] = spans.get_finished_spans()
    assert dict(ended.attributes) == {"error.type": "ValueError"}
    assert ended.events == ()
    assert ended.status.description is None


def test_without_a_receiver_a_span_is_its_context():
    """With no SDK a trace of our own still has an id, nothing is recorded, and it ends with its work."""
    with span("command") as outer:
        trace_id = current_trace_id()
        assert not outer.is_recording()
        with span("decide"):
            assert current_trace_id() == trace_id
    assert int(trace_id, 16) != 0
    assert trace.get_current_span() is trace.INVALID_SPAN

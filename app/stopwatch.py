"""The stopwatch of one request: one clock for its timings, spans, metrics and log line.

A stage that calls something (score, price, retrieve, generate) is a live span while it runs, and what
it calls may say more on it. The others become spans afterwards: by then what they found is known and
can stand on them. Both kinds have the two readings of the clock that `timings_ms` prints.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind

from app.telemetry import Attr, Attributes, EventName, SpanName, mark_failed, span, tracer

VERIFIED: Final = "verified"
"""The verdict on a sentence that passed; any other is the code of what is wrong with it."""
LIVE: Final = {
    "score": ("score", SpanKind.CLIENT),
    "price": ("price", SpanKind.CLIENT),
    "retrieve": (SpanName.RETRIEVE, SpanKind.INTERNAL),
    "generate": (SpanName.GENERATE, SpanKind.INTERNAL),
}
CLOSE_NS: Final = 5_000
AFTERWARDS: Final = {
    "rules": (SpanName.RULES, SpanKind.INTERNAL),
    "verify": (SpanName.VERIFY, SpanKind.INTERNAL),
    "store": (SpanName.STORE, SpanKind.CLIENT),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the last run of a stage says on its span; `verdicts` are a checker's, one event each.

    `link` is the span of a call that it shared with others.
    """

    attributes: Attributes = field(default_factory=dict)
    verdicts: Sequence[str] = ()
    link: SpanContext | None = None


@dataclass(frozen=True, slots=True)
class Lap:
    """One run of a stage, by the monotonic clock in nanoseconds; `error` is what ended it."""

    stage: str
    start_ns: int
    end_ns: int
    error: BaseException | None


class SpanStopwatch:
    """decisioning.ports.Stopwatch over the monotonic clock."""

    def __init__(self, budget_s: float, since_ns: int | None = None) -> None:
        """Start now; the budget runs since that reading of `perf_counter_ns` where one is given."""
        self._start_ns, self.to_wall_ns = _clocks()
        self._end_ns = (since_ns or self._start_ns) + int(budget_s * 1e9)
        self.laps: list[Lap] = []

    def stage(self, name: str) -> "_Stage":
        """Time what runs inside under that name; a stage entered again adds to its time."""
        return _Stage(self, name)

    def remaining_s(self) -> float:
        """Seconds left of the request's budget; at least 0."""
        return max(0.0, (self._end_ns - time.perf_counter_ns()) / 1e9)

    def timings_ms(self) -> Mapping[str, float]:
        """Milliseconds by stage so far."""
        total_ns: defaultdict[str, int] = defaultdict(int)
        for lap in self.laps:
            total_ns[lap.stage] += lap.end_ns - lap.start_ns
        return {stage: round(ns / 1e6, 3) for stage, ns in total_ns.items()}

    def elapsed_ms(self) -> float:
        """Milliseconds since the start."""
        return round((time.perf_counter_ns() - self._start_ns) / 1e6, 3)

    def tell_spans(self, product: str, told: Mapping[str, Told] = MappingProxyType({})) -> None:
        """Make the spans of the stages that were not live, below the current one."""
        if not trace.get_current_span().is_recording():
            return
        last = {lap.stage: lap for lap in self.laps}
        for lap in self.laps:
            if lap.stage in AFTERWARDS:
                self._tell(lap, product, told.get(lap.stage) if last[lap.stage] is lap else None)

    def _tell(self, lap: Lap, product: str, told: Told | None) -> None:
        name, kind = AFTERWARDS[lap.stage]
        made = tracer.start_span(
            name.format(product),
            kind=kind,
            attributes=told.attributes if told else None,
            links=[Link(told.link)] if told and told.link else None,
            start_time=lap.start_ns + self.to_wall_ns,
        )
        end_ns = lap.end_ns + self.to_wall_ns
        for label in told.verdicts if told else ():
            verdict: dict[str, str | float] = {
                Attr.EVALUATION_NAME: "grounding",
                Attr.EVALUATION_LABEL: label,
                Attr.EVALUATION_VALUE: float(label == VERIFIED),
            }
            made.add_event(EventName.EVALUATION, verdict, end_ns)
        if lap.error is not None:
            mark_failed(made, lap.error)
        made.end(end_ns)


class _Stage:
    __slots__ = ("_live", "_name", "_start_ns", "_watch")

    def __init__(self, watch: SpanStopwatch, name: str) -> None:
        self._watch = watch
        self._name = name
        self._live: span | None = None

    def __enter__(self) -> None:
        self._start_ns = time.perf_counter_ns()
        if self._name in LIVE:
            name, kind = LIVE[self._name]
            self._live = span(name, kind, start_ns=self._start_ns + self._watch.to_wall_ns)
            self._live.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        lap = Lap(self._name, self._start_ns, time.perf_counter_ns(), error)
        self._watch.laps.append(lap)
        if self._live is not None:
            self._live.end(error, lap.end_ns + self._watch.to_wall_ns)


def _clocks() -> tuple[int, int]:
    """The monotonic clock now, and what to add to it for the time since the epoch, both in nanoseconds.

    Read again where something came in between: an error here would push a child out of its parent.
    """
    for _ in range(5):
        before, wall, after = time.perf_counter_ns(), time.time_ns(), time.perf_counter_ns()
        if after - before < CLOSE_NS:
            break
    return after, wall - (before + after) // 2

"""What is counted and measured: one set of instruments, read by /metrics and by the OTLP exporter alike.

Labels are route templates and enumerations, never ids. With `PROMETHEUS_MULTIPROC_DIR` set before the
start (a service of several workers sets it), each worker writes there and a scrape of any one tells
the sum of all.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

from opentelemetry.trace import SpanContext
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from app.exemplars import Exemplars
from app.settings import MULTIPROCESS
from app.stopwatch import Lap
from app.telemetry import Attr, MetricName
from decisioning.model import Decision, Explanation

M = TypeVar("M", Counter, Histogram, Gauge)

LLM_SECONDS: Final = tuple(0.01 * 2**n for n in range(14))
LLM_TOKENS: Final = tuple(4**n for n in range(11))
SCORES: Final = tuple(range(50, 1000, 50))
STAGE_SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """What OpenTelemetry calls a metric of ours: its name, unit and attributes in their order."""

    name: str
    unit: str
    attributes: tuple[str, ...]


def prometheus_name(name: str) -> str:
    """The OpenTelemetry name as Prometheus spells it."""
    return name.replace(".", "_")


def forget_the_dead() -> None:
    """Drop the gauges and exemplars of workers that are no more; what they counted stays counted."""
    folder = Path(os.environ.get(MULTIPROCESS, os.devnull))
    for left in (*folder.glob("gauge_live*_*.db"), *folder.glob("exemplars_*.json")):
        pid = left.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            left.unlink(missing_ok=True)


class Metrics:
    """The instruments of one process on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.named: dict[str, Named] = {}
        self.exemplars = Exemplars()
        self._spelt: dict[Histogram, str] = {}
        self._series: dict[tuple[int, tuple[str, ...]], Counter | Histogram | Gauge] = {}
        self._of_the_business()
        self._of_the_service()
        self._of_the_llm()

    def _of_the_business(self) -> None:
        self.decisions = self._counter(MetricName.DECISIONS, "Decisions stored", Attr.PRODUCT, Attr.OUTCOME)
        self.reasons = self._counter(
            MetricName.REASONS, "Reasons given with a decision", Attr.PRODUCT, Attr.REASON
        )
        self.scores = self._histogram(MetricName.SCORE, "Scores", "1", SCORES, Attr.PRODUCT)
        self.explanations = self._counter(
            MetricName.EXPLANATIONS, "Explanations written", Attr.WRITER, Attr.EXPLANATION_STATUS
        )
        self.problems = self._counter(
            MetricName.PROBLEMS, "Sentences that the check refused", Attr.VERIFY_PROBLEM
        )
        self.answers = self._counter(MetricName.ANSWERS, "Chat turns answered", Attr.RESULT)
        self.notices_waiting = self._gauge(
            MetricName.NOTICES_WAITING,
            "Notices to applicants that were not sent, as of the last sweep",
            "{notice}",
            Attr.DUE,
            mode="mostrecent",
        )

    def _of_the_service(self) -> None:
        self.model_calls = self._counter(
            MetricName.MODEL_CALLS, "Calls to a model API", Attr.MODEL, Attr.RESULT
        )
        self.model_repeats = self._counter(
            MetricName.MODEL_REPEATS,
            "Calls to a model API made again or doubled",
            "credit.model",
            "credit.why",
        )
        self.model_breaker = self._counter(
            MetricName.MODEL_BREAKER, "A model API was left alone, or is back", "credit.model", "credit.state"
        )
        self.refused = self._counter(
            MetricName.REQUESTS_REFUSED, "Requests refused before any work", "credit.why"
        )
        self.stages = self._seconds(
            MetricName.DECISION_DURATION,
            "Where a decision's time went",
            STAGE_SECONDS,
            Attr.STAGE,
            Attr.PRODUCT,
            Attr.OUTCOME,
        )
        self.requests = self._seconds(
            MetricName.HTTP_DURATION, "Requests", STAGE_SECONDS, Attr.METHOD, Attr.ROUTE, Attr.STATUS_CODE
        )
        self.searches = self._seconds(
            MetricName.RETRIEVAL_DURATION, "Searches of the policy", STAGE_SECONDS, Attr.RESULT
        )
        self.active_requests = self._gauge(MetricName.ACTIVE_REQUESTS, "Requests under way", "{request}")
        self.connections = self._gauge(
            MetricName.DB_CONNECTIONS, "Connections to the database", "{connection}", Attr.DB_STATE
        )
        self.connections_max = self._gauge(
            MetricName.DB_CONNECTIONS_MAX, "Connections that may be held", "{connection}"
        )
        self.loop_lag = self._gauge(
            MetricName.LOOP_LAG, "How late the event loop's timer was", "s", mode="livemax"
        )
        self.cpu_time = self._counter(MetricName.CPU_TIME, "CPU time used", unit="s")

    def _of_the_llm(self) -> None:
        self.llm_seconds = self._seconds(
            MetricName.LLM_DURATION,
            "Calls to the LLM",
            LLM_SECONDS,
            Attr.OPERATION,
            Attr.PROVIDER,
            Attr.REQUEST_MODEL,
            Attr.ERROR_TYPE,
        )
        self.llm_tokens = self._histogram(
            MetricName.LLM_TOKENS,
            "Tokens of a call to the LLM",
            "{token}",
            LLM_TOKENS,
            Attr.REQUEST_MODEL,
            Attr.TOKEN_TYPE,
        )
        self.llm_cost = self._counter(
            MetricName.LLM_COST, "What the LLM cost, by the price table", Attr.REQUEST_MODEL, unit="USD"
        )

    def _counter(self, name: str, what: str, *labels: str, unit: str = "1") -> Counter:
        spelt = self._name(name, unit, labels)
        return Counter(spelt, what, self._labels(labels), registry=self.registry)

    def _gauge(
        self,
        name: str,
        what: str,
        unit: str,
        *labels: str,
        mode: Literal["livesum", "livemax", "mostrecent"] = "livesum",
    ) -> Gauge:
        spelt = self._name(name, unit, labels)
        return Gauge(spelt, what, self._labels(labels), registry=self.registry, multiprocess_mode=mode)

    def _seconds(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return self._histogram(name, what, "s", buckets, *labels)

    def _histogram(
        self, name: str, what: str, unit: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        spelt = self._name(name, unit, labels)
        self.exemplars.add(spelt, self._labels(labels), buckets)
        made = Histogram(spelt, what, self._labels(labels), buckets=buckets, registry=self.registry)
        self._spelt[made] = spelt
        return made

    def _name(self, name: str, unit: str, labels: tuple[str, ...]) -> str:
        """Prometheus's name of it, remembered beside OpenTelemetry's."""
        spelt = prometheus_name(name) + {"s": "_seconds", "USD": "_usd"}.get(unit, "")
        self.named[spelt] = Named(name, unit, labels)
        return spelt

    def _labels(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(prometheus_name(label) for label in labels)

    def observe_decision(
        self, decision: Decision, laps: Iterable[Lap], total_ms: float, context: SpanContext
    ) -> None:
        """Count a stored decision, its score and its reasons, and where its time went."""
        product, outcome = decision.product, str(decision.outcome)
        self._of(self.decisions, product, outcome).inc()
        for reason in decision.reasons:
            self._of(self.reasons, product, reason.code).inc()
        if decision.score is not None:
            self._observe(self.scores, decision.score.value, context, product)
        for lap in laps:
            seconds = (lap.end_ns - lap.start_ns) / 1e9
            self._observe(self.stages, seconds, context, lap.stage, product, outcome)
        self._observe(self.stages, total_ms / 1e3, context, "total", product, outcome)

    def observe_explanation(self, written: Explanation) -> None:
        """Count a written explanation and what was thrown away for it."""
        self._of(self.explanations, str(written.writer), str(written.status)).inc()
        for problem in written.problems:
            self._of(self.problems, problem.code).inc()

    def observe_request(
        self, method: str, route: str, status: str, seconds: float, context: SpanContext
    ) -> None:
        """Count an answered request."""
        self._observe(self.requests, seconds, context, method, route, status)

    def observe_search(self, result: str, seconds: float, context: SpanContext) -> None:
        """Count a search of the policy: `found`, `empty` or `failed`."""
        self._observe(self.searches, seconds, context, result)

    def observe_llm(self, seconds: float, context: SpanContext, *labels: str) -> None:
        """Count a call to the LLM by operation, provider, model and error."""
        self._observe(self.llm_seconds, seconds, context, *labels)

    def _observe(self, metric: Histogram, value: float, context: SpanContext, *labels: str) -> None:
        self._of(metric, *labels).observe(value)
        self.exemplars.saw(self._spelt[metric], labels, value, context)

    def _of(self, metric: M, *labels: str) -> M:
        """The series of these labels, found without the lock and the checks of `labels`."""
        key = (id(metric), labels)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = metric.labels(*labels)
        return cast("M", series)

    def share(self) -> None:
        """Leave what the metrics library does not share to the service's other workers, if there are any."""
        if MULTIPROCESS in os.environ:
            self.exemplars.leave_in(Path(os.environ[MULTIPROCESS]))

    def page(self, accept: str) -> tuple[bytes, str]:
        """The exposition and its media type; exemplars only where OpenMetrics is accepted."""
        encode, media_type = choose_encoder(accept)
        return encode(_Whole(self)), media_type


class _Whole:
    """What the encoder reads: the numbers and the exemplars of all workers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        registry, exemplars = self._metrics.registry, self._metrics.exemplars
        if MULTIPROCESS in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
            exemplars = exemplars.with_those_in(Path(os.environ[MULTIPROCESS]))
        return (exemplars.on(family) for family in registry.collect())

"""What /metrics tells: counters and histograms with names from `app.telemetry`.

Labels are route templates and enumerations, never ids. With `PROMETHEUS_MULTIPROC_DIR` set before the
start, each worker writes there and a scrape of any one tells the sum of all.
"""

import os
from collections.abc import Iterable
from typing import Final, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from app.stopwatch import Lap
from app.telemetry import Attr, MetricName

M = TypeVar("M", Counter, Histogram)

LLM_SECONDS: Final = tuple(0.01 * 2**n for n in range(14))
LLM_TOKENS: Final = tuple(4**n for n in range(11))
STAGE_SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
)  # fmt: skip


def prometheus_name(name: str) -> str:
    """The OpenTelemetry name as Prometheus spells it."""
    return name.replace(".", "_")


def _labels(*names: str) -> list[str]:
    return [prometheus_name(name) for name in names]


class Metrics:
    """The instruments of one process on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._series: dict[tuple[int, tuple[str, ...]], Counter | Histogram] = {}
        self.decisions = self._counter(
            MetricName.DECISIONS, "Decisions stored", "credit.product", Attr.OUTCOME
        )
        self.explanations = self._counter(
            MetricName.EXPLANATIONS, "Explanations written", "credit.writer", Attr.EXPLANATION_STATUS
        )
        self.model_calls = self._counter(
            MetricName.MODEL_CALLS, "Calls to a model API", "credit.model", "credit.result"
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
            "credit.stage",
            "credit.product",
            Attr.OUTCOME,
        )
        self.requests = self._seconds(
            MetricName.HTTP_DURATION,
            "Requests",
            STAGE_SECONDS,
            Attr.METHOD,
            Attr.ROUTE,
            Attr.STATUS_CODE,
        )
        self.llm_seconds = self._seconds(
            MetricName.LLM_DURATION,
            "Calls to the LLM",
            LLM_SECONDS,
            Attr.OPERATION,
            Attr.PROVIDER,
            Attr.REQUEST_MODEL,
            Attr.ERROR_TYPE,
        )
        self.llm_tokens = Histogram(
            prometheus_name(MetricName.LLM_TOKENS),
            "Tokens of a call to the LLM",
            _labels(Attr.REQUEST_MODEL, "gen_ai.token.type"),
            buckets=LLM_TOKENS,
            registry=self.registry,
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(prometheus_name(name), what, _labels(*labels), registry=self.registry)

    def _seconds(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(
            prometheus_name(name),
            what,
            _labels(*labels),
            unit="seconds",
            buckets=buckets,
            registry=self.registry,
        )

    def observe_decision(
        self, product: str, outcome: str, laps: Iterable[Lap], total_ms: float, trace_id: str
    ) -> None:
        """Count a stored decision and where its time went; the total carries its trace as an exemplar."""
        self._of(self.decisions, product, outcome).inc()
        for lap in laps:
            self._of(self.stages, lap.stage, product, outcome).observe((lap.end_ns - lap.start_ns) / 1e9)
        total = self._of(self.stages, "total", product, outcome)
        total.observe(total_ms / 1e3, {"trace_id": trace_id})

    def _of(self, metric: M, *labels: str) -> M:
        """The series of these labels, found without the lock and the checks of `labels`."""
        key = (id(metric), labels)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = metric.labels(*labels)
        return cast("M", series)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The exposition and its media type; exemplars only where OpenMetrics is accepted."""
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
        encode, media_type = choose_encoder(accept)
        return encode(registry), media_type

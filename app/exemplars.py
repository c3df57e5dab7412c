"""Exemplars: beside each bucket of a histogram, the trace of the last value that fell into it.

They are kept here and not by the metrics library, which drops them where several processes share
their numbers.
"""

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.trace import SpanContext, format_span_id, format_trace_id
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar, Sample


@dataclass(frozen=True, slots=True)
class Seen:
    """A value, the span that it was measured in, and seconds since the epoch."""

    value: float
    context: SpanContext
    time_s: float


@dataclass(frozen=True, slots=True)
class _Histogram:
    labels: tuple[str, ...]
    bounds: tuple[float, ...]


class Exemplars:
    """The last value of each bucket, by histogram and labels."""

    def __init__(self) -> None:
        self._histograms: dict[str, _Histogram] = {}
        self._seen: dict[tuple[str, tuple[str, ...]], dict[int, Seen]] = {}

    def add(self, name: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        """From now on that histogram has exemplars."""
        self._histograms[name] = _Histogram(labels, bounds)

    def saw(self, name: str, labels: tuple[str, ...], value: float, context: SpanContext) -> None:
        """Remember the value for its bucket, if it was measured in a trace."""
        if not context.is_valid:
            return
        seen = Seen(value, context, time.time())
        self._seen.setdefault((name, labels), {})[bisect_left(self._histograms[name].bounds, value)] = seen

    def of(self, name: str, labels: Mapping[str, str]) -> Mapping[int, Seen]:
        """What was seen in that series, by the bucket's place."""
        known = self._histograms.get(name)
        return self._seen.get((name, tuple(labels[each] for each in known.labels)), {}) if known else {}

    def on(self, family: Metric) -> Metric:
        """The family with its exemplars on the samples of its buckets."""
        if family.name in self._histograms:
            bounds = self._histograms[family.name].bounds
            family.samples = [self._with_exemplar(family.name, bounds, each) for each in family.samples]
        return family

    def _with_exemplar(self, name: str, bounds: Sequence[float], sample: Sample) -> Sample:
        if not sample.name.endswith("_bucket"):
            return sample
        seen = self.of(name, sample.labels).get(bisect_left(bounds, float(sample.labels["le"])))
        return sample._replace(exemplar=_exemplar(seen)) if seen else sample


def _exemplar(seen: Seen) -> Exemplar:
    context = seen.context
    labels = {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}
    return Exemplar(labels, seen.value, seen.time_s)

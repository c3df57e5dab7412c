"""Exemplars: beside each bucket of a histogram, the trace of the last value that fell into it.

They are kept here and not by the metrics library, which drops them where several processes share
their numbers. Workers leave theirs in the folder that they share: a scraper keeps its connection, and so
asks the same worker every time.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from opentelemetry.trace import SpanContext, TraceFlags, format_span_id, format_trace_id
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

    def leave_in(self, folder: Path) -> None:
        """Write them where the other workers read them."""
        rows = [
            [name, labels, place, seen.value, *_ids(seen.context), seen.time_s]
            for (name, labels), places in self._seen.items()
            for place, seen in places.items()
        ]
        path = folder / f"exemplars_{os.getpid()}.json"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(orjson.dumps(rows))
        unfinished.replace(path)

    def with_those_in(self, folder: Path) -> "Exemplars":
        """These and what the other workers left, the latest of each bucket."""
        whole = Exemplars()
        whole._histograms = self._histograms
        whole._seen = {series: dict(places) for series, places in self._seen.items()}
        for path in folder.glob("exemplars_*.json"):
            if path.stem != f"exemplars_{os.getpid()}":
                whole._take(path)
        return whole

    def _take(self, path: Path) -> None:
        try:
            rows = orjson.loads(path.read_bytes())
        except FileNotFoundError:  # its worker has just ended
            return
        for name, labels, place, value, trace_id, span_id, time_s in rows:
            context = SpanContext(
                int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(1)
            )
            places = self._seen.setdefault((name, tuple(labels)), {})
            if place not in places or places[place].time_s < time_s:
                places[place] = Seen(value, context, time_s)

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


def _ids(context: SpanContext) -> tuple[str, str]:
    return format_trace_id(context.trace_id), format_span_id(context.span_id)


def _exemplar(seen: Seen) -> Exemplar:
    labels = dict(zip(("trace_id", "span_id"), _ids(seen.context), strict=True))
    return Exemplar(labels, seen.value, seen.time_s)

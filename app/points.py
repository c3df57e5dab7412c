"""Our instruments as OpenTelemetry's metric data, under the names and units that it gives them."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from app.exemplars import Exemplars, Seen
from app.metrics import Metrics, Named, prometheus_name
from app.telemetry import SCHEMA_URL

CUMULATIVE = AggregationTemporality.CUMULATIVE
Series = tuple[str, ...]


def data_of(metrics: Metrics, resource: Resource, scope: InstrumentationScope, since_ns: int) -> MetricsData:
    """This process's numbers since that instant (ns since the epoch); a metric without one is absent."""
    now_ns = time.time_ns()
    told = [
        Metric(named.name, family.documentation, named.unit, data)
        for family in metrics.registry.collect()
        if (named := metrics.named.get(family.name))
        and (data := _data(family, named, metrics.exemplars, since_ns, now_ns)).data_points
    ]
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(scope, told, SCHEMA_URL)], SCHEMA_URL)])


def _data(
    family: Family, named: Named, exemplars: Exemplars, since_ns: int, now_ns: int
) -> Sum | Gauge | Histogram:
    if family.type == "histogram":
        groups = _grouped(family.samples, named).items()
        points = [
            _histogram(family.name, named, samples, exemplars, since_ns, now_ns) for _, samples in groups
        ]
        return Histogram(points, CUMULATIVE)
    suffix = "_total" if family.type == "counter" else ""
    numbers = [
        NumberDataPoint(_attributes(sample.labels, named), since_ns, now_ns, sample.value)
        for sample in family.samples
        if sample.name == family.name + suffix
    ]
    return Sum(numbers, CUMULATIVE, is_monotonic=True) if suffix else Gauge(numbers)


def _grouped(samples: Iterable[Sample], named: Named) -> Mapping[Series, list[Sample]]:
    labels = [prometheus_name(each) for each in named.attributes]
    groups: defaultdict[Series, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[tuple(sample.labels[each] for each in labels)].append(sample)
    return groups


def _histogram(
    name: str, named: Named, samples: list[Sample], exemplars: Exemplars, since_ns: int, now_ns: int
) -> HistogramDataPoint:
    below = [sample.value for sample in samples if sample.name.endswith("_bucket")]
    bounds = [float(s.labels["le"]) for s in samples if s.name.endswith("_bucket")][:-1]
    [total] = [sample.value for sample in samples if sample.name.endswith("_sum")]
    counts = [int(b - a) for a, b in zip([0.0, *below], below, strict=False)]
    labels = samples[0].labels
    return HistogramDataPoint(
        attributes=_attributes(labels, named),
        start_time_unix_nano=since_ns,
        time_unix_nano=now_ns,
        count=int(below[-1]),
        sum=total,
        bucket_counts=counts,
        explicit_bounds=bounds,
        min=None,  # type: ignore[arg-type]  # neither is kept, and the wire may leave them out
        max=None,  # type: ignore[arg-type]
        exemplars=[_exemplar(seen) for seen in exemplars.of(name, labels).values()],
    )


def _exemplar(seen: Seen) -> Exemplar:
    context = seen.context
    return Exemplar({}, seen.value, int(seen.time_s * 1e9), context.span_id, context.trace_id)


def _attributes(labels: Mapping[str, str], named: Named) -> dict[str, str]:
    """The labels under OpenTelemetry's names; one that is empty says nothing."""
    told = ((each, labels[prometheus_name(each)]) for each in named.attributes)
    return {name: value for name, value in told if value}

"""Names of this library's spans and attributes (OpenTelemetry GenAI conventions, status "Development").

Spans carry ids and numbers; neither queries nor clause texts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind

_TRACER = trace.get_tracer("credence.retrieval")

ERROR_TYPE = "error.type"
HITS = "credit.retrieval.hits"
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"
DIMENSIONS = "gen_ai.embeddings.dimension.count"
SOURCE = "gen_ai.data_source.id"
TOP_K = "gen_ai.request.top_k"


@contextmanager
def retrieval(document: str | None, k: int) -> Iterator[Span]:
    """The span of one search."""
    source = document or "corpus"
    attributes: dict[str, str | int] = {OPERATION: "retrieval", SOURCE: source, TOP_K: k}
    with _span(f"retrieval {source}", attributes) as span:
        yield span


@contextmanager
def embeddings(model: str, dimensions: int) -> Iterator[Span]:
    """The span of embedding a question."""
    attributes: dict[str, str | int] = {
        OPERATION: "embeddings",
        PROVIDER: "local",
        MODEL: model,
        DIMENSIONS: dimensions,
    }
    with _span(f"embeddings {model}", attributes) as span:
        yield span


@contextmanager
def _span(name: str, attributes: dict[str, str | int]) -> Iterator[Span]:
    with _TRACER.start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:  # a cancelled search is an error of the span as well
            span.set_attribute(ERROR_TYPE, type(error).__name__)
            raise

"""Every span, metric and attribute name, and how a span is made.

Names follow OpenTelemetry's semantic conventions (schema below) and, for `gen_ai.*`, the repository
`open-telemetry/semantic-conventions-genai` as of 2026-11, where every name is still "Development".
Spans carry ids and numbers, never content and never personal data: an error is its class, not its
message.

With no receiver named by the `OTEL_*` variables no SDK runs: a span is then its bare context, made
here so that every answer has a trace id all the same.
"""

import random
from collections.abc import Mapping, Sequence
from contextvars import Token
from types import TracebackType
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.util.types import AttributeValue

from app import __version__

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
GENAI_CONVENTIONS: Final = "2026-11"
SERVICE_NAME: Final = "credence"


Attributes = Mapping[str, AttributeValue]


class SpanName:
    """What a span is called; braces are filled with a product, a model or a method and its route."""

    BATCH: Final = "{} batch"
    DECIDE: Final = "decide {}"
    SCORE: Final = "score {}"
    PRICE: Final = "price {}"
    RULES: Final = "rules {}"
    STORE: Final = "store"
    RETRIEVE: Final = "retrieve"
    GENERATE: Final = "generate"
    VERIFY: Final = "verify"
    CHAT: Final = "chat {}"
    ANSWER: Final = "answer"
    EXPLAIN: Final = "explain {}"
    TOOL: Final = "execute_tool {}"
    WHAT_IF: Final = "what if {}"


class Attr:
    """What a span or a metric says."""

    AS_OF: Final = "credit.as_of"
    ATTEMPT: Final = "credit.attempt"
    BATCH_SIZE: Final = "credit.batch.size"
    DECISION_ID: Final = "credit.decision.id"
    DISCONNECTED: Final = "credit.client.disconnected"
    DUE: Final = "credit.due"
    EXPLANATION_STATUS: Final = "credit.explanation.status"
    MODEL: Final = "credit.model"
    MODEL_NAME: Final = "credit.model.name"
    MODEL_VERSION: Final = "credit.model.version"
    OUTCOME: Final = "credit.decision.outcome"
    POLICY_VERSION: Final = "credit.policy.version"
    PRODUCT: Final = "credit.product"
    PROMPT_DIGEST: Final = "credit.prompt.digest"
    PROMPT_NAME: Final = "credit.prompt.name"
    REASON: Final = "credit.reason.code"
    RESULT: Final = "credit.result"
    RULES_FIRED: Final = "credit.rules.fired"
    RULES_VERSION: Final = "credit.rules.version"
    SENTENCES_REJECTED: Final = "credit.explanation.sentences.rejected"
    SENTENCES_VERIFIED: Final = "credit.explanation.sentences.verified"
    STAGE: Final = "credit.stage"
    VERIFY_PROBLEM: Final = "credit.verify.problem"
    VERIFY_REJECTED: Final = "credit.verify.rejected"
    VERIFY_SENTENCES: Final = "credit.verify.sentences"
    WRITER: Final = "credit.writer"

    CONVERSATION_ID: Final = "gen_ai.conversation.id"
    EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
    EVALUATION_NAME: Final = "gen_ai.evaluation.name"
    EVALUATION_VALUE: Final = "gen_ai.evaluation.score.value"
    FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
    INPUT_MESSAGES: Final = "gen_ai.input.messages"
    INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
    OPERATION: Final = "gen_ai.operation.name"
    OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
    OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
    PROVIDER: Final = "gen_ai.provider.name"
    REQUEST_MODEL: Final = "gen_ai.request.model"
    RESPONSE_ID: Final = "gen_ai.response.id"
    RESPONSE_MODEL: Final = "gen_ai.response.model"
    TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105  of an LLM, no secret
    TOOL_NAME: Final = "gen_ai.tool.name"

    DB_OPERATION: Final = "db.operation.name"
    DB_STATE: Final = "db.client.connection.state"
    DB_SYSTEM: Final = "db.system.name"
    ERROR_TYPE: Final = "error.type"
    METHOD: Final = "http.request.method"
    PATH: Final = "url.path"
    ROUTE: Final = "http.route"
    SCHEME: Final = "url.scheme"
    SERVER_ADDRESS: Final = "server.address"
    SERVER_PORT: Final = "server.port"
    STATUS_CODE: Final = "http.response.status_code"


class EventName:
    """What happened inside a span."""

    EVALUATION: Final = "gen_ai.evaluation.result"


class MetricName:
    """The metrics, as OTLP has them; Prometheus writes dots as underscores and adds the unit."""

    ACTIVE_REQUESTS: Final = "http.server.active_requests"
    ANSWERS: Final = "credit.answers"
    CPU_TIME: Final = "process.cpu.time"
    DB_CONNECTIONS: Final = "db.client.connection.count"
    DB_CONNECTIONS_MAX: Final = "db.client.connection.max"
    DECISIONS: Final = "credit.decisions"
    DECISION_DURATION: Final = "credit.decision.duration"
    EXPLANATIONS: Final = "credit.explanations"
    HTTP_DURATION: Final = "http.server.request.duration"
    LLM_COST: Final = "credit.llm.cost"
    LLM_DURATION: Final = "gen_ai.client.operation.duration"
    LLM_TOKENS: Final = "gen_ai.client.token.usage"
    LOOP_LAG: Final = "credit.loop.lag"
    MODEL_BREAKER: Final = "credit.model.breaker.changes"
    MODEL_CALLS: Final = "credit.model.calls"
    MODEL_REPEATS: Final = "credit.model.repeats"
    NOTICES_WAITING: Final = "credit.notices.waiting"
    PROBLEMS: Final = "credit.verify.problems"
    REASONS: Final = "credit.reasons"
    REQUESTS_REFUSED: Final = "credit.requests.refused"
    RETRIEVAL_DURATION: Final = "credit.retrieval.duration"
    SCORE: Final = "credit.score"


tracer = trace.get_tracer(SERVICE_NAME, __version__, schema_url=SCHEMA_URL)


def start_root(
    name: str,
    context: Context,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] | None = None,
    start_ns: int | None = None,
) -> tuple[Span, Context]:
    """The span that a piece of work begins with, below the caller's if the context has one.

    With no SDK and no caller's trace it is the bare context of a trace of our own.
    """
    started = tracer.start_span(name, context, kind, links=links, start_time=start_ns)
    if not started.get_span_context().is_valid:
        ours = SpanContext(_nonzero(128), _nonzero(64), is_remote=False, trace_flags=TraceFlags(0))
        started = NonRecordingSpan(ours)
    return started, trace.set_span_in_context(started, context)


def _nonzero(bits: int) -> int:
    return random.getrandbits(bits) or 1


def current_trace_id() -> str:
    """The trace id of what runs now, as 32 hex digits."""
    return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)


class span:  # noqa: N801  it reads as the statement that it is: `with span(...)`
    """A span around what runs inside, current for it; where no trace runs yet it begins one.

    An error sets `error.type` to its class, and a cancelled call does too: the SDK's own context
    manager ends that one as if nothing had happened. What is `not_ours` (a caller's mistake) is no
    error of the span.
    """

    __slots__ = ("_context", "_not_ours", "_span", "_token")

    def __init__(
        self,
        name: str,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        not_ours: tuple[type[BaseException], ...] = (),
        links: Sequence[Link] | None = None,
        start_ns: int | None = None,
    ) -> None:
        self._not_ours = not_ours
        self._span, self._context = start_root(name, otel_context.get_current(), kind, links, start_ns)
        if attributes and self._span.is_recording():
            self._span.set_attributes(attributes)
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        if self._span is not trace.get_current_span():
            self._token = otel_context.attach(self._context)
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.end(error)

    def end(self, error: BaseException | None, end_ns: int | None = None) -> None:
        """Leave it, at that instant (nanoseconds since the epoch) or now."""
        if error is not None and not isinstance(error, self._not_ours):
            mark_failed(self._span, error)
        if self._token is not None:
            otel_context.detach(self._token)
        self._span.end(end_ns)


def mark_failed(span: Span, error: BaseException | str) -> None:
    """Set the span's error by its class (or by that word); messages may hold what a span must not."""
    if span.is_recording():
        name = error if isinstance(error, str) else type(error).__qualname__
        span.set_attribute(Attr.ERROR_TYPE, name)
        span.set_status(Status(StatusCode.ERROR))

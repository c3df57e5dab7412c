"""One request for a decision from its body to its commit: what HTTP and the command line share.

Decide, explain, store in one transaction, tell. Nothing of the database is held while a model, the LLM
or the embedder is awaited, and the outcome is final before a word is written.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from opentelemetry import trace
from starlette.requests import ClientDisconnect

from app.batching import Joined
from app.errors import Forbidden, InvalidBody
from app.explaining import Words, explain_in_background, told_of, words_for
from app.logs import log
from app.schemas import DecisionRequest
from app.stopwatch import SpanStopwatch, Told
from app.storage.idempotency import RECORD, Answer, Claimed
from app.storage.rows import SOURCES, Applicant, Monitoring, NewDecision, record_json
from app.telemetry import Attr, Attributes, SpanName, current_trace_id, span
from app.wiring import Services
from decisioning.decide import Decided, Request, decide
from decisioning.errors import FieldProblem, InvalidApplication, NoPolicyInForce
from decisioning.model import Decision, Timings
from decisioning.product import Product, named
from decisioning.record import sealed_again

CLOCK_SLACK: Final = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may be."""
NOT_OURS: Final = (InvalidApplication, NoPolicyInForce, ClientDisconnect)
"""What ends a decision without being a failure of the service."""


@dataclass(frozen=True)
class Order:
    """A request, who makes it and what they may.

    `claimed` is the idempotency key that the answer is kept under; `waiting` surrounds what is done only
    for as long as somebody waits for it. The budget runs since `arrived_ns`, a reading of
    `perf_counter_ns`; None means now.
    """

    wanted: DecisionRequest
    key_id: UUID | None = None
    may_simulate: bool = False
    claimed: Claimed | None = None
    arrived_ns: int | None = None
    waiting: Callable[[], AbstractAsyncContextManager[None]] = nullcontext


@dataclass(frozen=True)
class Taken:
    """A stored decision, the bytes of its answer, and milliseconds by stage, `store` and `total` too."""

    decision: Decision
    body: bytes
    timings_ms: Mapping[str, float]


async def take(services: Services, order: Order) -> Taken:
    """The decision, durably stored when this returns.

    Raises UnknownProduct, NoPolicyInForce, InvalidApplication, InvalidBody, Forbidden, DependencyFailed
    where the product refuses, LeaseLost, DatabaseUnavailable; nothing is stored then.
    """
    product = named(services.products, order.wanted.product)
    now = services.now()
    edition = product.on(_day(services, order, product, now))
    await services.artefacts.keep(edition)
    watch = SpanStopwatch(edition.product.budget_s.total, order.arrived_ns)
    with span(SpanName.DECIDE.format(product.name), not_ours=NOT_OURS):
        try:
            async with order.waiting():
                decided = await _decide(services, order, product, watch, now)
                words = await words_for(services, decided, order.wanted.explain, watch)
            final = _with_words(services, decided, words, watch)
            record = record_json(final.decision)
            body = _answer(record, words)
            _describe(final.decision)
            with watch.stage("store"), _told_if_given_up(final.decision):
                stored = await services.batches.store(_new(order, final, words, record, body))
        except BaseException:
            watch.tell_spans(product.name)
            raise
        taken = Taken(final.decision, body, dict(watch.timings_ms()) | {"total": watch.elapsed_ms()})
        _tell(services, order, taken, watch, stored)
    if order.wanted.explain == "async":
        explain_in_background(services, final)
    return taken


def _describe(decision: Decision) -> None:
    """Say on its span which decision it is: before the store, which may succeed with nobody left to hear."""
    current = trace.get_current_span()
    if current.is_recording():
        current.set_attributes(_attributes(decision))


@contextmanager
def _told_if_given_up(decision: Decision) -> Iterator[None]:
    """Leave a line where the request ends during its commit: no metric and no answer counts it then."""
    try:
        yield
    except asyncio.CancelledError:
        log.warning("decision given up while being stored", decision_id=str(decision.id))
        raise


def _day(services: Services, order: Order, product: Product, now: datetime) -> date:
    """The day whose policy decides; raises where the caller may not ask for what it asks."""
    wanted, today = order.wanted, product.today(now)
    if wanted.as_of not in (None, today) and not order.may_simulate:
        raise Forbidden("another as_of than today makes a simulation: that needs the scope policy or audit")
    if wanted.monitoring is not None and services.settings.monitoring == "off":
        raise _refused("monitoring", "is taken only where CREDENCE_MONITORING is on")
    if wanted.received_at is not None and wanted.received_at > now + CLOCK_SLACK:
        raise _refused("received_at", "lies in the future")
    return wanted.as_of or today


def _refused(field: str, problem: str) -> InvalidBody:
    return InvalidBody(f"{field} {problem}", (FieldProblem(field, problem),))


async def _decide(
    services: Services, order: Order, product: Product, watch: SpanStopwatch, now: datetime
) -> Decided:
    wanted = order.wanted
    received_at = min(wanted.received_at, now) if wanted.received_at else now
    request = Request(wanted.application, wanted.external_id, received_at, wanted.as_of)
    return await decide(
        request,
        product,
        services.scoring,
        services.pricing,
        watch,
        now,
        services.new_id(),
        current_trace_id(),
    )


def _with_words(services: Services, decided: Decided, words: Words, watch: SpanStopwatch) -> Decided:
    """The decision as it is answered and stored: with its words, their versions and all timings."""
    if words.explanation is None:
        return decided
    decision, evidence = decided.decision, words.evidence
    measured = {name: ms for name, ms in watch.timings_ms().items() if name in Timings.model_fields}
    update: dict[str, object] = {"explanation": words.explanation, "timings_ms": Timings(**measured)}
    if evidence is not None:
        versions = {"prompt": evidence.prompt, "llm": evidence.llm, "embedding": services.embedder.name}
        update["versions"] = decision.versions.model_copy(update=versions)
    final = decision.model_copy(update=update)
    return Decided(final, sealed_again(final, decided.inputs))


def _answer(record: str, words: Words) -> bytes:
    """The decision with its words, the record serialised once.

    No text before it can hold the place that is filled: inside a JSON string its quotes are escaped.
    """
    if words.explanation is None:
        return record.encode()
    place = '"explanation":'
    return record.replace(f"{place}null", place + words.explanation.model_dump_json(), 1).encode()


def _new(order: Order, decided: Decided, words: Words, record: str, body: bytes) -> NewDecision:
    wanted, applicant, monitoring = order.wanted, order.wanted.applicant, order.wanted.monitoring
    return NewDecision(
        decision=decided.decision,
        inputs=decided.inputs,
        evidence=words.evidence,
        applicant=Applicant(**applicant.model_dump()) if applicant else None,
        monitoring=Monitoring(**monitoring.model_dump()) if monitoring else None,
        note=wanted.notes,
        api_key_id=order.key_id,
        answer=_kept(order, decided, words, body),
        record_json=record,
        sources=SOURCES.validate_python([each.model_dump() for each in wanted.sources]),
    )


def _kept(order: Order, decided: Decided, words: Words, body: bytes) -> Answer | None:
    """What is kept under the request's key; without words the answer is the record itself."""
    if order.claimed is None:
        return None
    return Answer(order.claimed, decided.decision.id, RECORD if words.explanation is None else body)


def _tell(services: Services, order: Order, taken: Taken, watch: SpanStopwatch, stored: Joined[None]) -> None:
    """Spans, metrics and the log line from the same numbers."""
    decision = taken.decision
    watch.tell_spans(decision.product, _stages(decision, stored))
    context = trace.get_current_span().get_span_context()
    services.metrics.observe_decision(decision, watch.laps, taken.timings_ms["total"], context)
    log.info(
        "decision",
        decision_id=str(decision.id),
        product=decision.product,
        mode=decision.mode,
        outcome=decision.outcome,
        as_of=str(decision.as_of),
        policy=decision.versions.policy,
        causes=[cause.dependency for cause in decision.causes],
        explain=order.wanted.explain,
        explanation=decision.explanation.status if decision.explanation else None,
        key_id=str(order.key_id) if order.key_id else None,
        timings_ms=taken.timings_ms,
    )


def _attributes(decision: Decision) -> Attributes:
    attributes: dict[str, str | int] = {
        Attr.DECISION_ID: str(decision.id),
        Attr.OUTCOME: decision.outcome,
        Attr.POLICY_VERSION: decision.versions.policy,
        Attr.AS_OF: str(decision.as_of),
    }
    if decision.explanation is not None:
        attributes[Attr.EXPLANATION_STATUS] = decision.explanation.status
        attributes[Attr.SENTENCES_VERIFIED] = len(decision.explanation.sentences)
        attributes[Attr.SENTENCES_REJECTED] = len(decision.explanation.problems)
    return attributes


def _stages(decision: Decision, stored: Joined[None]) -> Mapping[str, Told]:
    fired = sum(rule.fired for rule in decision.rules)
    rules = Told({Attr.RULES_VERSION: decision.versions.rules, Attr.RULES_FIRED: fired})
    store = Told({Attr.DB_SYSTEM: "postgresql", Attr.BATCH_SIZE: stored.size}, link=stored.call)
    return {"rules": rules, **told_of(decision.explanation), "store": store}

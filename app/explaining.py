"""Words for a decision: within the request, after it, or when somebody asks for them.

Words never change a decision. They are written from its record and from the policy as it was known
when it was taken, so that they say the same whenever they are written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import Link

from app.logs import log
from app.schemas import ExplainMode
from app.stopwatch import VERIFIED, SpanStopwatch, Told
from app.storage.decisions import load_stored
from app.storage.explanations import load_explanation, put_explanation
from app.telemetry import Attr, SpanName, span
from app.wiring import Services
from decisioning.decide import Decided
from decisioning.errors import DependencyFailed
from decisioning.explain import Explained, explain
from decisioning.lender_time import in_lender_time
from decisioning.model import Decision, Evidence, Explanation, Reader, Writer
from decisioning.product import named
from decisioning.titles import titles_of

LAST_WORDS_S: Final = 1.5
"""Beyond the budget: when an LLM has spent it, our own words still need a moment."""


@dataclass(frozen=True)
class Words:
    """An explanation, if one was asked for, and what it was made from, if it is written."""

    explanation: Explanation | None = None
    evidence: Evidence | None = None


def pending(reader: Reader = Reader.ANALYST) -> Explanation:
    """An explanation that is promised."""
    return Explanation(status="pending", writer=Writer.DETERMINISTIC, reader=reader, sentences=())


async def words_for(services: Services, decided: Decided, mode: ExplainMode, watch: SpanStopwatch) -> Words:
    """The words that the answer to a request carries; pending where they can only come later."""
    if mode == "none":
        return Words()
    if mode == "async":
        return Words(pending())
    try:
        async with asyncio.timeout(watch.remaining_s() + LAST_WORDS_S):
            explained = await _write(
                services, decided.decision, Reader.ANALYST, decided.inputs.known_at, watch
            )
    except (DependencyFailed, TimeoutError) as error:
        dependency = error.dependency if isinstance(error, DependencyFailed) else "retrieval"
        log.warning("explanation left for later", dependency=dependency)
        return Words(pending())
    return Words(explained.explanation, explained.evidence)


def explain_in_background(services: Services, decided: Decided) -> None:
    """Write the words after the answer; if this process ends before, a later GET writes them."""
    request = Link(trace.get_current_span().get_span_context())
    work = _put(services, decided.decision, Reader.ANALYST, decided.inputs.known_at, [request])
    services.background.start((decided.decision.id, Reader.ANALYST), work)


async def explanation_of(services: Services, decision_id: UUID, reader: Reader) -> Explanation:
    """The explanation for that reader: as it is kept, `pending` while it is written, else written now.

    Raises UnknownRecord, and DependencyFailed where the policy cannot be read.
    """
    kept = await load_explanation(services.engine, decision_id, reader)
    if kept is not None and kept.evidence is not None:
        return kept.explanation
    if services.background.is_running((decision_id, reader)):
        return pending(reader)
    stored = await load_stored(services.engine, decision_id)
    return await _put(services, stored.decision, reader, stored.inputs.known_at)


async def _put(
    services: Services,
    decision: Decision,
    reader: Reader,
    known_at: datetime,
    links: Sequence[Link] | None = None,
) -> Explanation:
    """Write it and keep it; where two are written at once, the first is kept and both say it."""
    told = {Attr.DECISION_ID: str(decision.id)}
    with span(SpanName.EXPLAIN.format(decision.product), attributes=told, links=links):
        watch = SpanStopwatch(services.settings.explain_timeout_s)
        try:
            explained = await _write(services, decision, reader, known_at, watch)
            with watch.stage("store"):
                words, evidence = explained.explanation, explained.evidence
                kept = await put_explanation(services.engine, decision.id, words, evidence, services.now())
        except BaseException:
            watch.tell_spans(decision.product)
            raise
        watch.tell_spans(decision.product, told_of(kept))
        log.info(
            "explanation",
            decision_id=str(decision.id),
            reader=reader,
            status=kept.status,
            writer=kept.writer,
            timings_ms=dict(watch.timings_ms()),
        )
    return kept


async def _write(
    services: Services, decision: Decision, reader: Reader, known_at: datetime, watch: SpanStopwatch
) -> Explained:
    edition = named(services.products, decision.product).on(decision.as_of)
    explained = await explain(
        in_lender_time(decision, edition.product.timezone),
        services.clauses,
        services.language_model,
        reader=reader,
        stopwatch=watch,
        document=edition.product.document,
        known_at=known_at,
        context_clauses=edition.product.context_clauses,
        titles=titles_of(edition),
    )
    if explained.without is not None:
        log.warning("explanation written without context", dependency=explained.without)
    services.metrics.observe_explanation(explained.explanation)
    return explained


def told_of(explanation: Explanation | None) -> Mapping[str, Told]:
    """What the spans of an explanation's check and of the store say."""
    told = {"store": Told({Attr.DB_SYSTEM: "postgresql", Attr.BATCH_SIZE: 1})}
    if explanation is not None:
        sentences, problems = explanation.sentences, explanation.problems
        found = {Attr.VERIFY_SENTENCES: len(sentences), Attr.VERIFY_REJECTED: len(problems)}
        verdicts = [VERIFIED] * len(sentences) + [problem.code for problem in problems]
        told["verify"] = Told(found, verdicts)
    return told

"""Words for a decision: within the request, after it, or when somebody asks for them.

The explanation never changes a decision. It is written from the stored record and the policy as it was
known when the decision was taken, so that it reads the same whenever it is written.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.logs import log
from app.schemas import ExplainMode
from app.stopwatch import SpanStopwatch
from app.storage.decisions import load_stored
from app.storage.explanations import load_explanation, put_explanation
from app.storage.rows import StoredDecision
from app.telemetry import Attr, Attributes, SpanName, span
from app.wiring import Services
from decisioning.claims import claims_of
from decisioning.errors import DependencyFailed
from decisioning.explain import Explained, explain
from decisioning.model import Decision, Evidence, Explanation, Reader, Writer
from decisioning.product import named

PENDING: Final = Explanation(
    status="pending", writer=Writer.DETERMINISTIC, reader=Reader.ANALYST, sentences=()
)


@dataclass(frozen=True)
class Words:
    """An explanation, if one was asked for, and what it was made from, if it is written."""

    explanation: Explanation | None = None
    evidence: Evidence | None = None


async def words_for(
    services: Services, decision: Decision, mode: ExplainMode, watch: SpanStopwatch, known_at: datetime
) -> Words:
    """The words that the answer to a request carries; pending where they must come later."""
    if mode == "none":
        return Words()
    if mode == "async":
        return Words(PENDING)
    try:
        explained = await write(services, decision, Reader.ANALYST, watch, known_at)
    except DependencyFailed as error:
        log.warning("explanation left for later", decision_id=str(decision.id), dependency=error.dependency)
        return Words(PENDING)
    return Words(explained.explanation, explained.evidence)


async def write(
    services: Services, decision: Decision, reader: Reader, watch: SpanStopwatch, known_at: datetime
) -> Explained:
    """An explanation for that reader, counted; raises DependencyFailed("retrieval", …)."""
    edition = named(services.products, decision.product).on(decision.as_of)
    explained = await explain(
        decision,
        claims_of(decision),
        services.clauses,
        services.language_model,
        reader,
        watch,
        edition.product.document,
        known_at,
    )
    written = explained.explanation
    services.metrics.explanations.labels(written.writer, written.status).inc()
    return explained

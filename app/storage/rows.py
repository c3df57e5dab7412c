"""What is stored of a decision as values, and the rows that they become. No SQL."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from app.storage import tables
from app.storage.idempotency import Answer
from decisioning.model import Decision, Evidence, Explanation, Inputs, Mode
from decisioning.sources import Source

Row = dict[str, Any]
SOURCES: TypeAdapter[tuple[Source, ...]] = TypeAdapter(tuple[Source, ...])


@dataclass(frozen=True)
class Applicant:
    """The person who applied."""

    name: str
    address: str
    email: str | None = None


@dataclass(frozen=True)
class Monitoring:
    """What fairness is measured on; read by offline evals alone."""

    age: int | None = None
    marital: str | None = None


@dataclass(frozen=True)
class NewDecision:
    """A decision with all that is stored in its transaction.

    `decision.explanation` is stored apart; `evidence` is None only while it is absent or pending.
    `record_json` is the decision without it as JSON, where the caller has serialised it already. `sources`
    are the outside sources of information, which a notice discloses.
    """

    decision: Decision
    inputs: Inputs
    evidence: Evidence | None = None
    applicant: Applicant | None = None
    monitoring: Monitoring | None = None
    note: str | None = None
    api_key_id: UUID | None = None
    answer: Answer | None = None
    record_json: str | None = None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class StoredExplanation:
    """An explanation and what it was made from; `evidence` is None while it is pending."""

    explanation: Explanation
    evidence: Evidence | None


@dataclass(frozen=True)
class StoredDecision:
    """Everything a replay needs, the record and the inputs as the very text that is stored.

    A row that was tampered with may be no decision any more: only `decision` and `inputs` raise
    pydantic.ValidationError then. `intact` says whether the texts are still what their digest was taken
    of. `decision.explanation` is None: explanations are listed, one a reader.
    """

    id: UUID
    record_json: str
    inputs_json: str
    explanations: tuple[StoredExplanation, ...]
    intact: bool

    @property
    def decision(self) -> Decision:
        """The record read."""
        return Decision.model_validate_json(self.record_json)

    @property
    def inputs(self) -> Inputs:
        """The inputs read."""
        return Inputs.model_validate_json(self.inputs_json)


def decision_row(new: NewDecision) -> Row:
    """The immutable part."""
    record = new.record_json or record_json(new.decision)
    inputs = new.inputs.model_dump_json()
    return {
        "id": new.decision.id,
        "created_at": new.decision.created_at,
        "received_at": new.decision.received_at,
        "as_of": new.decision.as_of,
        "corrects": new.decision.corrects,
        "api_key_id": new.api_key_id,
        "record": record,
        "inputs": inputs,
        "digest": digest(record, inputs),
    }


def record_json(decision: Decision) -> str:
    """What is stored as the decision's record: all of it but the explanation."""
    bare = decision if decision.explanation is None else decision.model_copy(update={"explanation": None})
    return bare.model_dump_json()


def digest(record: str, inputs: str) -> bytes:
    """sha256 over the two texts as they are stored, a newline between them."""
    return hashlib.sha256(f"{record}\n{inputs}".encode()).digest()


def rows_around(news: Sequence[NewDecision]) -> dict[sa.Table, list[Row]]:
    """What else is stored with these decisions, by table."""
    rows: dict[sa.Table, list[Row]] = {}
    for new in news:
        for table, row in _around(new):
            rows.setdefault(table, []).append({"decision_id": new.decision.id, **row})
    return rows


def _around(new: NewDecision) -> list[tuple[sa.Table, Row]]:
    found: list[tuple[sa.Table, Row]] = []
    if new.decision.explanation:
        written = explanation_row(new.decision.explanation, new.evidence, new.decision.created_at)
        found.append((tables.decision_explanation, written))
    if new.decision.notice and new.decision.mode is Mode.LIVE:
        found.append((tables.decision_notice, new.decision.notice.model_dump()))
    if new.applicant:
        found.append((tables.applicant, vars(new.applicant)))
    if new.monitoring:
        found.append((tables.monitoring, vars(new.monitoring)))
    if new.sources:
        found.append((tables.decision_source, {"sources": SOURCES.dump_json(new.sources).decode()}))
    if new.note is not None:
        found.append((tables.applicant_note, {"note": new.note}))
    return found


def explanation_row(explanation: Explanation, evidence: Evidence | None, written_at: datetime) -> Row:
    """An explanation for one reader, without the decision it belongs to."""
    return {
        "reader": explanation.reader.value,
        "status": explanation.status,
        "explanation": explanation.model_dump_json(),
        "evidence": None if evidence is None else evidence.model_dump_json(),
        "written_at": written_at,
    }


def read_decision(record: str, explanation: str | None) -> Decision:
    """The decision with that explanation."""
    decision = Decision.model_validate_json(record)
    if explanation is None:
        return decision
    return decision.model_copy(update={"explanation": Explanation.model_validate_json(explanation)})


def read_explanation(explanation: str, evidence: str | None) -> StoredExplanation:
    """An explanation with its evidence."""
    return StoredExplanation(
        Explanation.model_validate_json(explanation),
        None if evidence is None else Evidence.model_validate_json(evidence),
    )

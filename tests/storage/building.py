"""Small decisions for tests of the store: whole and consistent, with no product behind them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.storage.rows import NewDecision
from decisioning.model import (
    Currency,
    Decision,
    Evidence,
    Explanation,
    Fact,
    Inputs,
    Mode,
    Notice,
    Offer,
    Outcome,
    Reader,
    Reason,
    Requested,
    Sentence,
    Timings,
    Unit,
    Versions,
    Writer,
)

NOW = datetime(2026, 11, 2, 9, 30, 0, 123456, tzinfo=UTC)

REASON = Reason(
    rank=1,
    code="EXCESSIVE_OBLIGATIONS",
    text="Excessive obligations in relation to income",
    component="rule",
    automatic_denial=True,
    source="K-DSTI",
    appendix_c="Excessive obligations in relation to income",
    clauses=("CP-3.4",),
)
OFFER = Offer(
    amount=1000,
    term_months=36,
    nominal_rate=0.089,
    apr=0.0927,
    monthly_payment=31.75,
    total_payable=1143,
    expires_at=NOW + timedelta(days=30),
)
VERSIONS = Versions(
    product="p1",
    policy="2026-06-01",
    parameters="a1",
    rules="b1",
    reasons="c1",
    prompt=None,
    llm=None,
    embedding="minilm",
    scoring="1",
    pricing="1",
    credence="0.1.0",
)


def new_id() -> UUID:
    """A UUIDv7: later ones are greater."""
    return uuid7()


def make_decision(outcome: Outcome = Outcome.DECLINE, **changes: Any) -> Decision:
    """A decision that holds to every rule of the store for its outcome."""
    granted = outcome in (Outcome.APPROVE, Outcome.COUNTER_OFFER)
    values: dict[str, Any] = {
        "id": new_id(),
        "external_id": None,
        "product": "consumer-loan",
        "mode": Mode.LIVE,
        "outcome": outcome,
        "missing": ("income",) if outcome is Outcome.INCOMPLETE else (),
        "causes": (),
        "requested": Requested(amount=1000, term_months=36),
        "offer": OFFER if granted else None,
        "currency": Currency(code="ESP", unit=1000),
        "facts": {
            "instalment": Fact(value=31.75, unit=Unit.MONEY),
            "debt_service_to_income": Fact(value=0.63, unit=Unit.RATIO),
            "home": Fact(value="rent", unit=Unit.CATEGORY),
        },
        "score": None,
        "pricing": None,
        "rules": (),
        "reasons": () if outcome is Outcome.APPROVE else (REASON,),
        "conditions": (),
        "explanation": None,
        "versions": VERSIONS,
        "as_of": date(2026, 11, 2),
        "timings_ms": Timings(score=1.5, rules=0.1),
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "received_at": NOW,
        "created_at": NOW + timedelta(milliseconds=12),
        "notice": None,
    }
    return Decision(**(values | changes))


def make_inputs(**changes: Any) -> Inputs:
    """What the decision was made from."""
    values: dict[str, Any] = {
        "application": {"income": 125.0, "home": "rent", "debt": None},
        "score_answer": None,
        "price_answer": None,
        "artefacts": {"rules": "0123456789abcdef"},
        "known_at": NOW,
    }
    return Inputs(**(values | changes))


def make_explanation(
    status: str = "verified", reader: Reader = Reader.ANALYST, text: str = "No."
) -> Explanation:
    """One sentence, or none while it is pending."""
    sentence = Sentence(text=text, writer=Writer.DETERMINISTIC, claim="outcome", facts=(), citations=())
    return Explanation(
        status=status,
        writer=Writer.DETERMINISTIC,
        reader=reader,
        sentences=() if status == "pending" else (sentence,),
    )


def make_evidence() -> Evidence:
    """What the explanation was made from."""
    return Evidence(clauses=(), retrieval_snapshot=None, prompt=None, llm=None, llm_outputs=())


def make_new(outcome: Outcome = Outcome.DECLINE, **changes: Any) -> NewDecision:
    """A decision as it is handed to the store; `changes` are of the decision."""
    return NewDecision(make_decision(outcome, **changes), make_inputs())


def make_notice() -> Notice:
    """A notice due in thirty days."""
    return Notice(kind="adverse_action", due_at=NOW + timedelta(days=30))

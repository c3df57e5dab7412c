"""Small builders for tests: a tiny product, an application, model answers, fakes with state, a stopwatch."""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from decisioning.decide import Decided, Request, decide
from decisioning.errors import DependencyFailed
from decisioning.model import Contribution, PriceAnswer, ScoreAnswer, Value
from decisioning.product import Product, load_product
from decisioning.tables import TABLES

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DECISION_ID = UUID("019a0000-0000-7000-8000-000000000001")
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
EDITIONS = (date(2025, 1, 1), date(2026, 6, 1))

PRODUCT: dict[str, Any] = {
    "name": "tiny-loan",
    "title": "Tiny loan",
    "lender": {"name": "Tiny Lender", "address": "1 Short Street, Madrid"},
    "agency": {"name": "Small Agency", "address": "2 Long Street, Madrid"},
    "document": "tiny-policy",
    "currency": {"code": "EUR", "unit": 1},
    "timezone": "Europe/Madrid",
    "jurisdiction": "US-REG-B",
    "score_cutoff": "min_score_approve",
    "budget_s": {"total": 10, "score": 2, "price": 2},
    "on_failure": {"scoring": "refer", "pricing": "refer"},
    "reason_method": "near_cutoff",
    "max_reasons": 4,
    "context_clauses": 4,
    "retention_months": 25,
}


def _field(kind: str, unit: str, **more: Any) -> dict[str, Any]:
    common = {
        "type": kind,
        "unit": unit,
        "title": unit,
        "description": unit,
        "nullable": False,
        "required": True,
    }
    return {**common, **more}


APPLICATION: dict[str, Any] = {
    "fields": {
        "income": _field("number", "money_per_month", minimum=0, nullable=True, zero_is_missing=True),
        "expenses": _field("number", "money_per_month", minimum=0),
        "seniority_years": _field("number", "years", minimum=0, nullable=True, required=False),
        "home": _field(
            "choice",
            "category",
            choices=["owner", "rent", "ignore"],
            unknown=["ignore"],
            nullable=True,
            required=False,
        ),
        "records": _field("choice", "category", choices=["yes", "no"]),
        "amount": _field("number", "money", exclusive_minimum=0, maximum=100_000),
        "term_months": _field("integer", "months", minimum=1, maximum=120),
    }
}


def _parameter(unit: str, clause: str, value: float, later: float | None = None) -> dict[str, Any]:
    history = [{"from": "2025-01-01", "value": value, "clause": clause}]
    if later is not None:
        history.append({"from": "2026-06-01", "value": later, "clause": clause})
    return {"title": clause, "unit": unit, "history": history}


PARAMETERS: dict[str, Any] = {
    "max_service_to_income": _parameter("ratio", "TP-3.4", 0.6, 0.5),
    "refer_amount": _parameter("money", "TP-7.2", 20_000),
    "title_amount": _parameter("money", "TP-6.1", 10_000),
    "min_score_consider": _parameter("points", "TP-4.4", 450),
    "min_score_approve": _parameter("points", "TP-4.3", 500),
    "tier_a_min_score": _parameter("points", "TP-8.3", 600),
    "offer_valid_days": _parameter("count", "TP-8.9", 30),
}


def _fact(name: str, unit: str, expression: str, *needs: str) -> dict[str, Any]:
    return {"name": name, "title": name, "unit": unit, "expression": expression, "needs": list(needs)}


FACTS: list[dict[str, Any]] = [
    *(
        _fact(name, field["unit"], f"application.{name}", f"application.{name}")
        for name, field in APPLICATION["fields"].items()
    ),
    _fact("score", "points", "score.value", "score.value"),
    _fact("pd", "probability", "score.pd", "score.pd"),
    _fact("nominal_rate", "rate", "pricing.nominal_rate", "pricing.nominal_rate"),
    _fact("instalment", "money_per_month", "pricing.monthly_payment", "pricing.monthly_payment"),
    _fact(
        "service_to_income",
        "ratio",
        "facts.instalment / application.income",
        "facts.instalment",
        "application.income",
    ),
    _fact(
        "disposable_income",
        "money_per_month",
        "application.income - application.expenses - facts.instalment",
        "application.income",
        "application.expenses",
        "facts.instalment",
    ),
]

OUTPUTS = ("id", "effect", "component", "fact", "comparator", "limit", "code", "clause")


def rule(
    rule_id: str,
    effect: str,
    fact: str,
    comparator: str,
    limit: str,
    code: str = "",
    clause: str = "TP-1.1",
    component: str = "rule",
    category: bool = False,
    **also: str,
) -> dict[str, str]:
    """One row; `also` gives further cells by fact, e.g. score="< parameters.min_score_approve"."""
    cell = f"{comparator} '{limit}'" if category else f"{comparator} parameters.{limit}"
    values = (rule_id, effect, component, fact, comparator, limit, code, clause)
    outputs = {f"out-{name}": f"'{value}'" for name, value in zip(OUTPUTS, values, strict=True)}
    return {"_id": rule_id, f"in-{fact}": cell, **{f"in2-{k}": v for k, v in also.items()}, **outputs}


RULES: dict[str, list[dict[str, str]]] = {
    "knock_outs": [
        rule(
            "K-SERVICE", "decline", "service_to_income", ">", "max_service_to_income", "OBLIGATIONS", "TP-3.4"
        ),
    ],
    "score_bands": [
        rule("S-LOW", "decline", "score", "<", "min_score_consider", "", "TP-4.4", "score"),
        rule(
            "S-GREY",
            "refer",
            "score",
            "<",
            "min_score_approve",
            "",
            "TP-4.3",
            "score",
            score=">= parameters.min_score_consider",
        ),
    ],
    "referrals": [
        rule("R-AMOUNT", "refer", "amount", ">", "refer_amount", "AMOUNT_OVER_AUTHORITY", "TP-7.2"),
        rule("R-RECORD", "refer", "records", "==", "yes", "ADVERSE_RECORD", "TP-4.6", category=True),
    ],
    "conditions": [
        rule("C-TITLE", "condition", "amount", ">", "title_amount", "RETENTION_OF_TITLE", "TP-6.1"),
    ],
    "price_tiers": [
        rule("P-A", "price", "score", ">=", "tier_a_min_score", "A", "TP-8.3"),
        rule("P-B", "price", "score", "<", "tier_a_min_score", "B", "TP-8.3"),
    ],
}


def decision_tables(rules: Mapping[str, list[dict[str, str]]] = RULES) -> dict[str, Any]:
    """The rows as a JDM graph; each fact has two columns in each table."""
    nodes: list[dict[str, Any]] = [
        {"id": "in", "name": "request", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "out", "name": "response", "type": "outputNode", "position": {"x": 600, "y": 0}},
    ]
    edges = []
    for name in TABLES:
        nodes.append(
            {"id": name, "name": name, "type": "decisionTableNode", "content": _table(name, rules[name])}
        )
        edges += [_edge("in", name), _edge(name, "out")]
    return {"nodes": nodes, "edges": edges}


def _table(name: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    inputs = sorted({cell for row in rows for cell in row if cell.startswith("in")})
    return {
        "hitPolicy": "collect",
        "inputs": [{"id": cell, "name": cell, "field": f"facts.{cell.split('-', 1)[1]}"} for cell in inputs],
        "outputs": [{"id": f"out-{output}", "name": output, "field": output} for output in OUTPUTS],
        "rules": [{**dict.fromkeys(inputs, ""), **row} for row in rows],
        "inputField": None,
        "outputPath": name,
        "executionMode": "single",
        "passThrough": False,
    }


def _edge(source: str, target: str) -> dict[str, str]:
    return {"id": f"{source}-{target}", "sourceId": source, "targetId": target, "type": "edge"}


def _reason(sentence: str, *characteristics: str) -> dict[str, Any]:
    return {
        "applicant": sentence,
        "analyst": sentence,
        "appendix_c": "other",
        "specific": True,
        "characteristics": list(characteristics),
        "clauses": ["TP-4.1"],
    }


REASONS: dict[str, Any] = {
    "reasons": {
        "OBLIGATIONS": _reason("Excessive obligations in relation to income."),
        "AMOUNT_OVER_AUTHORITY": _reason("The amount needs a person's approval."),
        "ADVERSE_RECORD": _reason("There is an adverse credit record."),
        "LENGTH_OF_EMPLOYMENT": _reason("Length of employment.", "seniority_years"),
        "HOUSING": _reason("Type of housing.", "home"),
        "INCOME_LEVEL": _reason("Level of income.", "income"),
        "CREDIT_RECORD": _reason("Adverse entry on the credit record.", "records"),
        "AMOUNT_REQUESTED": _reason("Amount requested.", "amount"),
        "TERM_REQUESTED": _reason("Term requested.", "term_months"),
    },
    "conditions": {
        "RETENTION_OF_TITLE": {
            "text": "Title stays with us.",
            "analyst": "Title retained.",
            "clauses": ["TP-6.1"],
        }
    },
}

_CHARACTERISTICS = ("seniority_years", "home", "income", "records", "amount", "term_months")

AVERAGES: dict[str, Any] = {
    "version": "2026-05-01",
    "model": "tiny-scorecard",
    "computed_on": "2026-05-01",
    "populations": {
        "all": {"n": 1000, "points": dict.fromkeys(_CHARACTERISTICS, 100.0)},
        "near_cutoff": {
            "n": 200,
            "description": "500 to 520 points",
            "points": {name: 83.0 + place for place, name in enumerate(_CHARACTERISTICS)},
        },
    },
    "families": {"amount": "size", "term_months": "size"},
}

MANUAL = "---\ndocument: tiny-policy\n---\n\n## TP-1.1 Purpose\n\nWe lend little.\n"


def product_files() -> dict[str, Any]:
    """The tiny product's JSON files by name, free to be changed by a test."""
    rules = {f"rules/{day}.json": decision_tables() for day in EDITIONS}
    files = {
        "product.json": PRODUCT,
        "application.json": APPLICATION,
        "parameters.json": PARAMETERS,
        "facts.json": FACTS,
        "reasons.json": REASONS,
        "averages.json": AVERAGES,
    }
    return copy.deepcopy({**files, **rules})


def write_product(folder: Path, files: Mapping[str, Any] | None = None) -> Path:
    """A product's folder with these JSON files (the tiny ones as they are) and a manual for each edition."""
    for name, content in (files or product_files()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    for day in EDITIONS:
        path = folder / "manual" / f"{day}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MANUAL)
    return folder


def tiny_product(folder: Path, **settings: Any) -> Product:
    """The tiny product, loaded; `settings` replace entries of its product.json."""
    files = product_files()
    files["product.json"] |= settings
    return load_product(write_product(folder / "tiny_loan", files))


def application(**changes: Value) -> dict[str, Value]:
    """An application to the tiny product that is approved without conditions."""
    base: dict[str, Value] = {
        "income": 2000,
        "expenses": 500,
        "seniority_years": 5,
        "home": "owner",
        "records": "no",
        "amount": 6000,
        "term_months": 24,
    }
    return {**base, **changes}


def score_answer(score: float = 650, **changes: Any) -> ScoreAnswer:
    """A score whose points are equal for all characteristics and add up to it."""
    points = score / len(_CHARACTERISTICS)
    given = application()
    fields: dict[str, Any] = {
        "score": score,
        "pd": 0.1,
        "min": 0,
        "max": 1000,
        "model": "tiny-scorecard",
        "version": "1",
        "contributions": tuple(
            Contribution(characteristic=name, value=given[name], points=points) for name in _CHARACTERISTICS
        ),
    }
    return ScoreAnswer(**{**fields, **changes})


def price_answer(amount: float = 6000, term_months: int = 24, **changes: Any) -> PriceAnswer:
    """A price in tier A at a nominal 6 % a year, the instalment by the annuity formula."""
    monthly = 0.005
    payment = round(amount * monthly / (1 - (1 + monthly) ** -term_months), 2)
    fields: dict[str, Any] = {
        "nominal_rate": 0.06,
        "apr": 0.061678,
        "monthly_payment": payment,
        "total_payable": round(payment * term_months, 2),
        "tier": "A",
        "model": "tiny-pricing",
        "version": "1",
    }
    return PriceAnswer(**{**fields, **changes})


class FakeScoring:
    """Answers what it holds, or fails with it; remembers the applications and the time it was given."""

    def __init__(self, answer: ScoreAnswer | DependencyFailed | None = None) -> None:
        self.answer = answer or score_answer()
        self.asked: list[Mapping[str, Value]] = []
        self.timeouts_s: list[float] = []

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The answer held."""
        self.asked.append(application)
        self.timeouts_s.append(timeout_s)
        if isinstance(self.answer, DependencyFailed):
            raise self.answer
        return self.answer


class FakePricing:
    """Prices what is asked for at tier A from 600 points, else B; or answers or fails as it holds."""

    def __init__(self, answer: PriceAnswer | DependencyFailed | None = None) -> None:
        self.answer = answer
        self.asked: list[tuple[float, float]] = []
        self.timeouts_s: list[float] = []

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The answer held, or a price that fits the application."""
        self.asked.append((score, pd))
        self.timeouts_s.append(timeout_s)
        if isinstance(self.answer, DependencyFailed):
            raise self.answer
        amount, term = application["amount"], application["term_months"]
        assert isinstance(amount, float)
        assert isinstance(term, int)
        return self.answer or price_answer(amount, term, tier="A" if score >= 600 else "B")


class FakeStopwatch:
    """Says how much time is left; every stage takes one millisecond."""

    def __init__(self, remaining_s: float = 10) -> None:
        self.left_s = remaining_s
        self.stages: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note that the stage ran."""
        self.stages.append(name)
        yield

    def remaining_s(self) -> float:
        """What it was made with, until a test sets `left_s`."""
        return self.left_s

    def timings_ms(self) -> Mapping[str, float]:
        """One millisecond for each stage entered."""
        return dict.fromkeys(self.stages, 1.0)


async def decided(
    product: Product,
    raw: object = None,
    score: ScoreAnswer | DependencyFailed | None = None,
    price: PriceAnswer | DependencyFailed | None = None,
    **request: Any,
) -> Decided:
    """A decision on the tiny product with fakes all around."""
    return await decide(
        Request(application=application() if raw is None else raw, **request),
        product,
        FakeScoring(score),
        FakePricing(price),
        FakeStopwatch(),
        NOW,
        DECISION_ID,
        TRACE_ID,
    )

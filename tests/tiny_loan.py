"""A product small enough to read: its files as Python values, and builders for rows and tables."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from decisioning.tables import TABLES

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

CHARACTERISTICS = ("seniority_years", "home", "income", "records", "amount", "term_months")

AVERAGES: dict[str, Any] = {
    "version": "2026-05-01",
    "model": "tiny-scorecard",
    "computed_on": "2026-05-01",
    "populations": {
        "all": {"n": 1000, "points": dict.fromkeys(CHARACTERISTICS, 100.0)},
        "near_cutoff": {
            "n": 200,
            "description": "500 to 520 points",
            "points": {name: 83.0 + place for place, name in enumerate(CHARACTERISTICS)},
        },
    },
    "families": {"amount": "size", "term_months": "size"},
}

CLAUSES = ("TP-3.4", "TP-4.1", "TP-4.3", "TP-4.4", "TP-4.6", "TP-6.1", "TP-7.2", "TP-8.3", "TP-8.9")

MANUAL = "---\ndocument: tiny-policy\n---\n\n## TP-1.1 Purpose\n\nWe lend little.\n" + "".join(
    f"\n## {clause} Clause\n\nWhat {clause} says.\n" for clause in CLAUSES
)

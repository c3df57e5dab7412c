"""Decisions for tests of the words: hand-made ones, and as many made-up ones as wanted."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from decisioning.comparison import compare
from decisioning.model import (
    Cause,
    Comparator,
    Comparison,
    Component,
    Condition,
    Currency,
    Decision,
    Effect,
    Fact,
    Mode,
    Notice,
    Offer,
    Outcome,
    Pricing,
    Reason,
    Requested,
    Rule,
    Score,
    Timings,
    Unit,
    Versions,
)
from tests.decisioning.policy_texts import LIMITS, edition_on

TODAY = date(2026, 11, 23)
_CATALOGUE = json.loads((Path(__file__).parent / "catalogue.json").read_text())
CHARACTERISTICS: dict[str, str] = _CATALOGUE["characteristics"]
_CODES: dict[str, str] = _CATALOGUE["codes"]
_UNITS = {name: Unit(unit) for name, unit in _CATALOGUE["units"].items()}


def application(rng: random.Random) -> dict[str, Any]:
    """A made-up application with its facts, some of them beyond every limit."""
    term, amount = rng.choice((12, 24, 36, 48, 60, 72)), float(rng.randrange(200, 2600, 50))
    income, debt = float(rng.randrange(60, 400)), float(rng.choice((0, 0, rng.randrange(50, 3000))))
    price = round(amount / rng.uniform(0.5, 1.0))
    rate = 0.008
    instalment = round(amount * rate / (1 - (1 + rate) ** -term), 2)
    service = round(0.02 * debt, 2)
    expenses = float(rng.randrange(30, 90))
    score = round(rng.gauss(600, 60))
    return {
        "seniority_years": rng.randrange(0, 30),
        "home": rng.choice(("owner", "rent", "parents")),
        "term_months": term,
        "records": "yes" if rng.random() < 0.2 else "no",
        "income": income,
        "expenses": expenses,
        "assets": float(rng.randrange(0, 9000, 100)),
        "debt": debt,
        "amount": amount,
        "price": float(price),
        "instalment": instalment,
        "debt_service": service,
        "debt_service_to_income": round((instalment + service) / income, 6),
        "disposable_income": round(income - expenses - instalment - service, 2),
        "loan_to_price": round(amount / price, 6),
        "score": score,
        "pd": round(1 / (1 + 1.011 ** (score - 480)), 6),
    }


def _rule(
    id_: str,
    effect: Effect,
    values: dict[str, Any],
    fact: str,
    comparator: Comparator,
    limit: Any,
    clause: str,
    edition: str,
    also: tuple[Comparison, ...] = (),
    component: Component = Component.RULE,
) -> Rule:
    value = values[fact]
    holds = all(
        compare(v, c, x)
        for v, c, x in [(value, comparator, limit), *((a.value, a.comparator, a.limit) for a in also)]
    )
    return Rule(
        id=id_,
        effect=effect,
        component=component,
        fired=holds,
        fact=fact,
        value=value,
        comparator=comparator,
        limit=limit,
        unit=_UNITS[fact],
        also=also,
        clause=clause,
        edition=edition,
    )


def rules_for(values: dict[str, Any], day: date) -> tuple[Rule, ...]:
    """Every rule of the test policy as it meets these facts."""
    edition, limit = edition_on(day).isoformat(), LIMITS[edition_on(day)]
    gt, lt, ge = Comparator.GT, Comparator.LT, Comparator.GE
    decline, refer, condition = Effect.DECLINE, Effect.REFER, Effect.CONDITION
    scored = Component.SCORE

    def score_under(name: str) -> tuple[Comparison, ...]:
        return (
            Comparison(
                fact="score", value=values["score"], comparator=lt, limit=limit[name], unit=Unit.POINTS
            ),
        )

    at_least = Comparison(
        fact="score", value=values["score"], comparator=ge, limit=limit["consider"], unit=Unit.POINTS
    )
    return (
        _rule("K-DSTI", decline, values, "debt_service_to_income", gt, limit["dsti"], "CP-3.4", edition),
        _rule(
            "K-DISPOSABLE",
            decline,
            values,
            "disposable_income",
            lt,
            limit["min_disposable"],
            "CP-3.6",
            edition,
        ),
        _rule("K-TERM", decline, values, "term_months", gt, 60, "CP-2.4", edition),
        _rule("S-DECLINE", decline, values, "score", lt, limit["consider"], "CP-4.4", edition, (), scored),
        _rule("S-GREY", refer, values, "score", lt, limit["approve"], "CP-4.4", edition, (at_least,), scored),
        _rule(
            "R-DISPOSABLE",
            refer,
            values,
            "disposable_income",
            lt,
            limit["refer_disposable"],
            "CP-3.7",
            edition,
        ),
        _rule("R-DSTI", refer, values, "debt_service_to_income", gt, limit["refer_dsti"], "CP-3.5", edition),
        _rule("R-AMOUNT", refer, values, "amount", gt, 2000, "CP-7.2", edition),
        _rule(
            "R-RECORDS",
            refer,
            values,
            "records",
            Comparator.EQ,
            "yes",
            "CP-4.6",
            edition,
            score_under("records"),
        ),
        _rule("R-LTP", refer, values, "loan_to_price", gt, 0.95, "CP-6.2", edition, score_under("ltp_score")),
        _rule("C-TITLE", condition, values, "loan_to_price", gt, 0.8, "CP-6.4", edition),
        _rule("C-PROOF", condition, values, "amount", gt, 1500, "CP-5.2", edition),
    )


def made(
    values: dict[str, Any],
    day: date = TODAY,
    *,
    scored: bool = True,
    number: int = 1,
    drawn: random.Random | None = None,
) -> Decision:
    """The decision that the test policy takes on these facts."""
    rng = drawn or random.Random(number)
    rules = rules_for(values, day) if scored else ()
    fired = [r for r in rules if r.fired]
    decline = [r for r in fired if r.effect is Effect.DECLINE]
    refer = [r for r in fired if r.effect is Effect.REFER]
    outcome = _outcome(decline, refer) if scored else Outcome.REFER
    reasons = _reasons(decline or refer, rng)
    created = datetime(day.year, day.month, day.day, 10, 15, tzinfo=UTC)
    return Decision(
        id=UUID(int=number),
        external_id=None,
        product="consumer-loan",
        mode=Mode.LIVE,
        outcome=outcome,
        missing=(),
        causes=() if scored else (Cause(dependency="scoring", problem="it took longer than the time left"),),
        requested=Requested(amount=values["amount"], term_months=values["term_months"]),
        offer=_offer(values, created) if outcome is Outcome.APPROVE else None,
        currency=Currency(code="ESP", unit=1000),
        facts={
            n: Fact(value=v, unit=_UNITS[n]) for n, v in values.items() if scored or n not in ("score", "pd")
        },
        score=_score(values, day) if scored else None,
        pricing=_pricing(values) if scored else None,
        rules=(*fired, *[r for r in rules if not r.fired][:2]),
        reasons=reasons,
        conditions=_conditions(fired) if outcome is Outcome.APPROVE else (),
        explanation=None,
        versions=_versions(day),
        as_of=day,
        timings_ms=Timings(),
        trace_id="0" * 32,
        received_at=created,
        created_at=created,
        notice=Notice(kind="adverse_action", due_at=created + timedelta(days=30))
        if outcome is Outcome.DECLINE
        else None,
    )


def _versions(day: date) -> Versions:
    return Versions(
        product="a" * 16,
        policy=edition_on(day).isoformat(),
        parameters="b" * 16,
        rules="c" * 16,
        reasons="d" * 16,
        prompt=None,
        llm=None,
        embedding=None,
        scoring="1",
        pricing="1",
        credence="0.1.0",
    )


def _outcome(decline: list[Rule], refer: list[Rule]) -> Outcome:
    if decline:
        return Outcome.DECLINE
    return Outcome.REFER if refer else Outcome.APPROVE


def _score(values: dict[str, Any], day: date) -> Score:
    return Score(
        value=values["score"],
        pd=values["pd"],
        min=300,
        max=850,
        cutoff=LIMITS[edition_on(day)]["approve"],
        model="scorecard",
        version="1",
    )


def _pricing(values: dict[str, Any]) -> Pricing:
    tier = "A" if values["score"] >= 690 else "B" if values["score"] >= 640 else "C"
    return Pricing(
        nominal_rate=0.096,
        apr=0.1003,
        monthly_payment=values["instalment"],
        tier=tier,
        model="price",
        version="1",
    )


def _offer(values: dict[str, Any], created: datetime) -> Offer:
    return Offer(
        amount=values["amount"],
        term_months=values["term_months"],
        nominal_rate=0.096,
        apr=0.1003,
        monthly_payment=values["instalment"],
        total_payable=round(values["instalment"] * values["term_months"], 2),
        expires_at=created + timedelta(days=30),
    )


def _reasons(rules: list[Rule], rng: random.Random) -> tuple[Reason, ...]:
    found: dict[str, tuple[str, Component, bool, tuple[str, ...]]] = {}
    for rule in sorted(rules, key=lambda r: r.component is Component.SCORE or r.effect is not Effect.DECLINE):
        if rule.component is Component.SCORE:
            for code in rng.sample(sorted(CHARACTERISTICS), k=rng.choice((2, 3))):
                found.setdefault(code, (CHARACTERISTICS[code], Component.SCORE, False, ("CP-4.2",)))
        else:
            own = (rule.id, Component.RULE, rule.effect is Effect.DECLINE, (rule.clause,))
            found.setdefault(_CODES[rule.id], own)
    return tuple(
        Reason(
            rank=n,
            code=code,
            source=source,
            component=component,
            automatic_denial=automatic,
            clauses=clauses,
            **_CATALOGUE["reasons"][code],
        )
        for n, (code, (source, component, automatic, clauses)) in enumerate(list(found.items())[:4], 1)
    )


def _conditions(fired: list[Rule]) -> tuple[Condition, ...]:
    codes = {"C-TITLE": "RETENTION_OF_TITLE", "C-PROOF": "PROOF_OF_PURCHASE"}
    return tuple(
        Condition(code=codes[r.id], **_CATALOGUE["conditions"][codes[r.id]]) for r in fired if r.id in codes
    )


def incomplete(day: date = TODAY, number: int = 1) -> Decision:
    """A file without income and debt."""
    whole = made(application(random.Random(number)), day, scored=False, number=number)
    facts = {
        n: f for n, f in whole.facts.items() if n in ("amount", "term_months", "price", "seniority_years")
    }
    notice = Notice(kind="incompleteness", due_at=whole.created_at + timedelta(days=30))
    return whole.model_copy(
        update={
            "outcome": Outcome.INCOMPLETE,
            "missing": ("income", "debt"),
            "causes": (),
            "facts": facts,
            "notice": notice,
        }
    )


def decisions(count: int, seed: int = 7) -> list[Decision]:
    """That many different decisions of all kinds, the same for the same seed."""
    rng = random.Random(seed)
    made_up = []
    for number in range(1, count + 1):
        day = TODAY if rng.random() < 0.8 else date(2026, 3, 10)
        kind = rng.random()
        if kind < 0.06:
            made_up.append(incomplete(day, number))
        else:
            made_up.append(made(application(rng), day, scored=kind > 0.12, number=number, drawn=rng))
    return made_up

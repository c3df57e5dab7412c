"""Small builders for tests: the tiny product, an application, answers, fakes with state, a stopwatch."""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from decisioning.decide import Decided, Request, decide
from decisioning.errors import DependencyFailed
from decisioning.model import Contribution, PriceAnswer, ScoreAnswer, Value
from decisioning.product import Product, load_product
from tests import tiny_loan
from tests.tiny_loan import EDITIONS

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DECISION_ID = UUID("019a0000-0000-7000-8000-000000000001")
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def product_files() -> dict[str, Any]:
    """The tiny product's JSON files by name, free to be changed by a test."""
    rules = {f"rules/{day}.json": tiny_loan.decision_tables() for day in EDITIONS}
    files = {
        "product.json": tiny_loan.PRODUCT,
        "application.json": tiny_loan.APPLICATION,
        "parameters.json": tiny_loan.PARAMETERS,
        "facts.json": tiny_loan.FACTS,
        "reasons.json": tiny_loan.REASONS,
        "averages.json": tiny_loan.AVERAGES,
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
        path.write_text(tiny_loan.MANUAL)
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
    points = score / len(tiny_loan.CHARACTERISTICS)
    given = application()
    fields: dict[str, Any] = {
        "score": score,
        "pd": 0.1,
        "min": 0,
        "max": 1000,
        "model": "tiny-scorecard",
        "version": "1",
        "contributions": tuple(
            Contribution(characteristic=name, value=given[name], points=points)
            for name in tiny_loan.CHARACTERISTICS
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

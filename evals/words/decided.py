"""Real decisions to explain: the sample's applications under the product's own rules and manual."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, time
from functools import cache
from uuid import UUID

from app.sandbox.applications import SampleApplication, sample_applications
from app.sandbox.pricing import price
from app.sandbox.scoring import Scorecard, read_scorecard
from app.sandbox.terms import terms_on
from decisioning.decide import Request, decide
from decisioning.errors import DependencyTimeout
from decisioning.model import Decision, PriceAnswer, ScoreAnswer, Value
from decisioning.product import PRODUCTS, Product, load_product
from retrieval.model import Provision
from retrieval.parse import parse_file

DAYS = (date(2026, 11, 23), date(2026, 3, 10), date(2024, 9, 2))
"""A day under each edition of the manual."""


class _Models:
    """The reference models in this process; `down` names the one that is out of reach."""

    def __init__(self, card: Scorecard, day: date, down: str | None) -> None:
        self._card, self._day, self._down = card, day, down

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The scorecard's answer."""
        if self._down == "scoring":
            raise DependencyTimeout("scoring", f"no answer within {timeout_s:g} s")
        return self._card.score(application)

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The price of the day."""
        if self._down == "pricing":
            raise DependencyTimeout("pricing", f"no answer within {timeout_s:g} s")
        terms, version = terms_on(self._day)
        return price(application, score, pd, terms, version)


class _Unmeasured:
    def stage(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def remaining_s(self) -> float:
        return 10.0

    def timings_ms(self) -> Mapping[str, float]:
        return {}


@cache
def product() -> Product:
    """The product that the applications are decided by."""
    return load_product(PRODUCTS / "consumer_loan")


@cache
def manual(day: date) -> Mapping[str, Provision]:
    """The clauses in force on that day by name."""
    editions = sorted((PRODUCTS / "consumer_loan" / "manual").glob("*.md"))
    latest = max(path for path in editions if date.fromisoformat(path.stem) <= day)
    return {p.clause: p for document in parse_file(latest) for p in document.provisions}


async def decided(
    days: Sequence[date] = DAYS, outages: int = 50, chosen: Sequence[SampleApplication] | None = None
) -> list[Decision]:
    """The chosen applications of the sample, or all, decided on one of the days in turn.

    The last ones are decided under an outage.
    """
    card = read_scorecard()
    samples = sample_applications() if chosen is None else chosen
    return [
        await _decision(
            n, dict(sample.application), days[n % len(days)], card, _down(n, len(samples), outages)
        )
        for n, sample in enumerate(samples)
    ]


def _down(n: int, count: int, outages: int) -> str | None:
    return None if n < count - outages else ("scoring", "pricing")[n % 2]


async def _decision(
    n: int, application: Mapping[str, Value], day: date, card: Scorecard, down: str | None
) -> Decision:
    models = _Models(card, day, down)
    now = datetime.combine(day, time(10, 15), UTC)
    request = Request(application=application)
    made = await decide(request, product(), models, models, _Unmeasured(), now, UUID(int=n + 1), "0" * 32)
    return made.decision


def texts(day: date, names: Sequence[str] | None = None) -> dict[str, str]:
    """The texts of the clauses in force on that day, all or those named."""
    clauses = manual(day)
    return {n: clauses[n].text for n in (names or clauses) if n in clauses}

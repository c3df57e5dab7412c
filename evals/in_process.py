"""The reference models and a stopwatch without HTTP: production's `decide` on thousands of files."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from app.sandbox.pricing import price
from app.sandbox.scoring import Scorecard
from app.sandbox.terms import terms_on
from decisioning.decide import Request, decide
from decisioning.model import Decision, PriceAnswer, ScoreAnswer, Value
from decisioning.product import Product


@dataclass(frozen=True)
class ReferenceModels:
    """decisioning.ports.ScoringModel and PricingModel: a scorecard, and the prices of a day."""

    card: Scorecard
    day: date

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The scorecard's answer."""
        del product, timeout_s
        return self.card.score(application)

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The day's price."""
        del product, timeout_s
        terms, version = terms_on(self.day)
        return price(application, score, pd, terms, version)


class Unhurried:
    """decisioning.ports.Stopwatch with all the time there is, which measures nothing."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Nothing is timed."""
        del name
        return nullcontext()

    def remaining_s(self) -> float:
        """A minute, always."""
        return 60.0

    def timings_ms(self) -> Mapping[str, float]:
        """Nothing was timed."""
        return {}


async def decided(
    application: Mapping[str, Value], product: Product, card: Scorecard, day: date, number: int = 1
) -> Decision:
    """The decision on an application under the policy of that day, its prices too."""
    models = ReferenceModels(card, day)
    now = datetime.combine(day, time(10, 15), UTC)
    request = Request(application=dict(application))
    made = await decide(request, product, models, models, Unhurried(), now, UUID(int=number), "0" * 32)
    return made.decision

"""Scoring, pricing and an LLM that answer what a test tells them to, and remember what they were asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from decisioning.errors import DependencyFailed, DependencyTimeout
from decisioning.model import Contribution, PriceAnswer, ScoreAnswer, Value

GOOD_SCORE = ScoreAnswer(
    score=640,
    pd=0.07,
    min=300,
    max=850,
    model="fake-scorecard",
    version="1",
    contributions=(
        Contribution(characteristic="seniority_years", value=6, points=20),
        Contribution(characteristic="home", value="rent", points=-5),
        Contribution(characteristic="income", value=None, points=0),
    ),
)
GOOD_PRICE = PriceAnswer(
    nominal_rate=0.0855,
    apr=0.089,
    monthly_payment=28.43,
    total_payable=1023.48,
    tier="B",
    model="fake-pricing",
    version="1",
)

Event = Callable[[], Awaitable[None]]


@dataclass
class Script:
    """What a fake does when it is asked: wait, look around, fail or answer; and what it was asked."""

    delay_s: float = 0.0
    failure: DependencyFailed | None = None
    meanwhile: Event | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def play(self, dependency: str, timeout_s: float, **asked: Any) -> None:
        """One call, as the port promises it: never late, never silent about a failure."""
        self.asked.append(asked)
        if self.meanwhile is not None:
            await self.meanwhile()
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.sleep(self.delay_s)
        except TimeoutError:
            raise DependencyTimeout(dependency, "did not answer in time") from None
        if self.failure is not None:
            raise self.failure


class FakeScoringModel:
    """decisioning.ports.ScoringModel by script."""

    def __init__(self, answer: ScoreAnswer = GOOD_SCORE) -> None:
        self.answer = answer
        self.script = Script()

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The scripted answer."""
        await self.script.play("scoring", timeout_s, product=product, application=dict(application))
        return self.answer

    async def reachable(self, timeout_s: float) -> None:
        """Raise the scripted failure, if any."""
        if self.script.failure is not None:
            raise self.script.failure


class FakePricingModel:
    """decisioning.ports.PricingModel by script."""

    def __init__(self, answer: PriceAnswer = GOOD_PRICE) -> None:
        self.answer = answer
        self.script = Script()

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The scripted answer."""
        await self.script.play(
            "pricing", timeout_s, product=product, application=dict(application), score=score, pd=pd
        )
        return self.answer

    async def reachable(self, timeout_s: float) -> None:
        """Raise the scripted failure, if any."""
        if self.script.failure is not None:
            raise self.script.failure


class FakeLanguageModel:
    """decisioning.ports.LanguageModel by script."""

    name = "fake/writer"

    def __init__(self, text: str = "{}") -> None:
        self.text = text
        self.script = Script()

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The scripted text."""
        await self.script.play("llm", timeout_s, system=system, user=user, schema=schema)
        return self.text

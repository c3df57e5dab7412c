"""Scoring and pricing over HTTP (the model APIs' own protocol).

An answer counts only if it is whole, small, JSON and possible: finite numbers, a score on its own
scale, a name and a version. Anything else is a DependencyFailed of the API that gave it, and what it
sent is never repeated.
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
import orjson
from opentelemetry import trace

from app.clients.exchange import Care
from app.clients.model_door import Batching, Door
from app.metrics import Metrics
from app.telemetry import Attr, SpanName
from decisioning.model import PriceAnswer, ScoreAnswer, Value

# Shorter than the 5 s after which uvicorn drops an idle connection: a call on a dead one cannot be retried.
KEEPALIVE_S: Final = 4
DNS_CACHE_S: Final = 10


def open_session(connections: int) -> aiohttp.ClientSession:
    """The connections of a worker to one model API; close it when done."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=DNS_CACHE_S
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


class HttpScoringModel:
    """decisioning.ports.ScoringModel over `POST {url}/v1/score`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str | None,
        metrics: Metrics,
        batching: Batching = Batching(),  # noqa: B008  a frozen value
        care: Care = Care(),  # noqa: B008  a frozen value
    ) -> None:
        self._door = Door("scoring", "/v1/score", ScoreAnswer, session, url, metrics, batching, care)

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The score of this application; raises DependencyFailed("scoring", …) within timeout_s."""
        body = orjson.dumps({"product": product, "application": application})
        answer = await self._door.ask(body, timeout_s)
        if not answer.min <= answer.score <= answer.max:
            raise self._door.invalid("the score lies outside its own range")
        _name(SpanName.SCORE, answer)
        return answer

    async def reachable(self, timeout_s: float) -> None:
        """Return if the API answers HTTP at all; raises DependencyFailed."""
        await self._door.knock(timeout_s)


class HttpPricingModel:
    """decisioning.ports.PricingModel over `POST {url}/v1/price`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str | None,
        metrics: Metrics,
        batching: Batching = Batching(),  # noqa: B008  a frozen value
        care: Care = Care(),  # noqa: B008  a frozen value
    ) -> None:
        self._door = Door("pricing", "/v1/price", PriceAnswer, session, url, metrics, batching, care)

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The price for this applicant; raises DependencyFailed("pricing", …) within timeout_s."""
        body = orjson.dumps({"product": product, "application": application, "score": score, "pd": pd})
        answer = await self._door.ask(body, timeout_s)
        _name(SpanName.PRICE, answer)
        return answer

    async def reachable(self, timeout_s: float) -> None:
        """Return if the API answers HTTP at all; raises DependencyFailed."""
        await self._door.knock(timeout_s)


def _name(name: str, answer: ScoreAnswer | PriceAnswer) -> None:
    """Say on the span of the stage that asked who answered."""
    current = trace.get_current_span()
    if current.is_recording():
        current.update_name(name.format(answer.model))
        current.set_attributes({Attr.MODEL_NAME: answer.model, Attr.MODEL_VERSION: answer.version})

"""Scoring and pricing over HTTP (the model APIs' own protocol, one request a call).

An answer counts only if it is whole, small, JSON and possible: finite numbers, a score on its own
scale, a name and a version. Anything else is a DependencyFailed of the API that gave it, and what it
sent is never repeated.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import aiohttp
import orjson
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from pydantic import ValidationError

from app.metrics import Metrics
from app.telemetry import Attr, SpanName, span
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from decisioning.model import PriceAnswer, ScoreAnswer, Value

LONGEST_ANSWER_BYTES: Final = 1 << 20
# Shorter than the 5 s after which uvicorn drops an idle connection: a call on a dead one cannot be retried.
KEEPALIVE_S: Final = 4
DNS_CACHE_S: Final = 10
HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}

A = TypeVar("A", ScoreAnswer, PriceAnswer)


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

    def __init__(self, session: aiohttp.ClientSession, url: str | None, metrics: Metrics) -> None:
        self._door = _Door("scoring", session, url, metrics)

    async def score(self, product: str, application: Mapping[str, Value], timeout_s: float) -> ScoreAnswer:
        """The score of this application; raises DependencyFailed("scoring", …) within timeout_s."""
        body = orjson.dumps({"product": product, "application": application})
        with span("score", SpanKind.CLIENT) as current:
            answer = await self._door.ask("/v1/score", body, ScoreAnswer, timeout_s)
            if not answer.min <= answer.score <= answer.max:
                raise self._door.invalid("the score lies outside its own range")
            _name(current, SpanName.SCORE, answer)
            return answer

    async def reachable(self, timeout_s: float) -> None:
        """Return if the API answers HTTP at all; raises DependencyFailed."""
        await self._door.knock(timeout_s)


class HttpPricingModel:
    """decisioning.ports.PricingModel over `POST {url}/v1/price`."""

    def __init__(self, session: aiohttp.ClientSession, url: str | None, metrics: Metrics) -> None:
        self._door = _Door("pricing", session, url, metrics)

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer:
        """The price for this applicant; raises DependencyFailed("pricing", …) within timeout_s."""
        body = orjson.dumps({"product": product, "application": application, "score": score, "pd": pd})
        with span("price", SpanKind.CLIENT) as current:
            answer = await self._door.ask("/v1/price", body, PriceAnswer, timeout_s)
            _name(current, SpanName.PRICE, answer)
            return answer

    async def reachable(self, timeout_s: float) -> None:
        """Return if the API answers HTTP at all; raises DependencyFailed."""
        await self._door.knock(timeout_s)


def _name(current: Span, name: str, answer: ScoreAnswer | PriceAnswer) -> None:
    if current.is_recording():
        current.update_name(name.format(answer.model))
        current.set_attributes({Attr.MODEL_NAME: answer.model, Attr.MODEL_VERSION: answer.version})


class _Door:
    """One model API: asks, and turns whatever goes wrong into a DependencyFailed of its name."""

    def __init__(
        self, dependency: str, session: aiohttp.ClientSession, url: str | None, metrics: Metrics
    ) -> None:
        self._dependency = dependency
        self._session = session
        self._url = url
        self._calls = metrics.model_calls

    async def ask(self, path: str, body: bytes, shape: type[A], timeout_s: float) -> A:
        try:
            answer = self._understand(await self._post(path, body, timeout_s), shape)
        except DependencyFailed as error:
            self._calls.labels(self._dependency, RESULTS[type(error)]).inc()
            raise
        self._calls.labels(self._dependency, "ok").inc()
        return answer

    async def knock(self, timeout_s: float) -> None:
        """Any HTTP answer will do: the protocol has no health check."""
        try:
            async with self._session.get(
                self._address(""), timeout=_within(timeout_s), allow_redirects=False
            ):
                return
        except TimeoutError:
            raise DependencyTimeout(self._dependency, "did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise DependencyFailed(self._dependency, _unreachable(error)) from error

    def invalid(self, problem: str) -> DependencyInvalid:
        return DependencyInvalid(self._dependency, problem)

    async def _post(self, path: str, body: bytes, timeout_s: float) -> bytes:
        if timeout_s <= 0:
            raise DependencyTimeout(self._dependency, "no time was left to ask")
        url, headers = self._address(path), HEADERS | _trace_headers()
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=_within(timeout_s), allow_redirects=False
            ) as response:
                _tell(trace.get_current_span(), response)
                if response.status != 200:
                    raise DependencyFailed(self._dependency, f"answered {response.status}")
                return await self._read(response)
        except TimeoutError:
            raise DependencyTimeout(self._dependency, "did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise DependencyFailed(self._dependency, _unreachable(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body if it is not too long; a longer one is dropped unread."""
        if (response.content_length or 0) > LONGEST_ANSWER_BYTES:
            raise self.invalid("the answer is too long")
        body = b""
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LONGEST_ANSWER_BYTES:
                raise self.invalid("the answer is too long")
        return body

    def _understand(self, body: bytes, shape: type[A]) -> A:
        try:
            answer = shape.model_validate_json(body, strict=True)
        except ValidationError as error:
            raise self.invalid(_first_problem(error)) from None
        if b"\\u0000" in body:
            raise self.invalid("the answer holds a NUL character")
        return answer

    def _address(self, path: str) -> str:
        if self._url is None:
            raise DependencyFailed(self._dependency, "no address is set for it")
        return self._url + path


RESULTS: Final[dict[type[DependencyFailed], str]] = {
    DependencyFailed: "failed",
    DependencyTimeout: "timed out",
    DependencyInvalid: "invalid",
}


def _within(timeout_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=timeout_s)


def _unreachable(error: Exception) -> str:
    return f"cannot be reached ({type(error).__name__})"


def _trace_headers() -> dict[str, str]:
    """W3C trace context of the call's own span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    trace_id, span_id = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
    return {"traceparent": f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"}


def _tell(current: Span, response: aiohttp.ClientResponse) -> None:
    if current.is_recording():
        current.set_attributes(
            {
                Attr.METHOD: "POST",
                Attr.STATUS_CODE: response.status,
                Attr.SERVER_ADDRESS: response.url.host or "",
                Attr.SERVER_PORT: response.url.port or 0,
                Attr.ATTEMPT: 1,
            }
        )


def _first_problem(error: ValidationError) -> str:
    first: Any = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return "the answer is not JSON"
    where = ".".join(map(str, first["loc"]))[:100] or "shape"
    return f"the answer's {where} is wrong: {first['msg']}"

"""The way to one model API: concurrent questions joined into its array form, each with its own end.

A batch is one HTTP exchange. An item that the API refuses, or answers with nonsense, fails alone; where
the API does not take the array at all, each of its questions is asked by itself. What a caller waits for
never lasts longer than it said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import aiohttp
from opentelemetry import trace
from opentelemetry.trace import Span
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from app.batching import Batcher
from app.metrics import Metrics
from app.telemetry import Attr, SpanName
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from decisioning.model import PriceAnswer, ScoreAnswer

LONGEST_ANSWER_BYTES: Final = 1 << 20
HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}
ALL_REFUSED: Final = frozenset({429, 502, 503, 504})
"""Statuses that no single item caused: asking each one again would only add to the trouble."""

A = TypeVar("A", ScoreAnswer, PriceAnswer)


@dataclass(frozen=True)
class Batching:
    """How many questions share a call at most (1: none do), and how many calls are under way at once.

    Alone, a question is a call of its own as soon as a connection is free.
    """

    largest: int = 64
    in_flight: int = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A request's body, and the loop's instant after which nobody waits for its answer."""

    body: bytes
    deadline: float


class NotAnswered(DependencyFailed):
    """The API answered another status than 200."""

    def __init__(self, dependency: str, status: int) -> None:
        super().__init__(dependency, f"answered {status}")
        self.status = status


class Door(Generic[A]):
    """One model API: asks, and turns whatever goes wrong into a DependencyFailed of its name."""

    def __init__(
        self,
        dependency: str,
        path: str,
        shape: type[A],
        session: aiohttp.ClientSession,
        url: str | None,
        metrics: Metrics,
        batching: Batching,
    ) -> None:
        self._dependency = dependency
        self._path = path
        self._shape: type[A] = shape
        self._shapes: TypeAdapter[list[A]] = TypeAdapter(list[shape])  # type: ignore[valid-type]  # a value
        self._session = session
        self._url = url
        self._calls = metrics.model_calls
        # One question a call needs no place in a queue: the session's connections are the limit.
        in_flight = batching.in_flight if batching.largest > 1 else session_limit(session)
        self._batcher: Batcher[Question, A] = Batcher(
            self._answers, SpanName.BATCH.format(dependency), largest=batching.largest, in_flight=in_flight
        )

    async def ask(self, body: bytes, timeout_s: float) -> A:
        """The API's answer to this request; raises DependencyFailed within timeout_s."""
        try:
            answer = await self._ask(body, timeout_s)
        except DependencyFailed as error:
            self._calls.labels(self._dependency, result_of(error)).inc()
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
            raise self._late() from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def invalid(self, problem: str) -> DependencyInvalid:
        """What came is no answer."""
        return DependencyInvalid(self._dependency, problem)

    async def _ask(self, body: bytes, timeout_s: float) -> A:
        if timeout_s <= 0:
            raise DependencyTimeout(self._dependency, "no time was left to ask")
        question = Question(body, asyncio.get_running_loop().time() + timeout_s)
        try:
            async with asyncio.timeout_at(question.deadline):
                joined = await self._batcher.ask(question)
        except TimeoutError:
            raise self._late() from None
        if joined.call is not None and (current := trace.get_current_span()).is_recording():
            current.add_link(joined.call, {Attr.BATCH_SIZE: joined.size})
            current.set_attribute(Attr.ATTEMPT, 1)
        return joined.answer

    async def _answers(self, questions: Sequence[Question]) -> Sequence[A | BaseException]:
        if len(questions) == 1:
            return [await self._alone(questions[0])]
        body = b"[" + b",".join([question.body for question in questions]) + b"]"
        last = max(question.deadline for question in questions)
        try:
            answers = self._each(await self._post(body, last, len(questions)))
            if len(answers) == len(questions):
                return answers
        except DependencyInvalid:
            pass
        except NotAnswered as error:
            if error.status in ALL_REFUSED:
                raise
        return await asyncio.gather(*map(self._alone, questions), return_exceptions=True)

    async def _alone(self, question: Question) -> A:
        return self._one(await self._post(question.body, question.deadline, 1))

    async def _post(self, body: bytes, deadline: float, answers: int) -> bytes:
        url, headers = self._address(self._path), HEADERS | _trace_headers()
        timeout = _within(max(deadline - asyncio.get_running_loop().time(), 0.001))
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                _tell(trace.get_current_span(), response)
                if response.status != 200:
                    raise NotAnswered(self._dependency, response.status)
                return await self._read(response, answers * LONGEST_ANSWER_BYTES)
        except TimeoutError:
            raise self._late() from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    async def _read(self, response: aiohttp.ClientResponse, longest: int) -> bytes:
        """The body if it is not too long; a longer one is dropped unread."""
        if (response.content_length or 0) > longest:
            raise self.invalid("the answer is too long")
        body = b""
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > longest:
                raise self.invalid("the answer is too long")
        return body

    def _each(self, body: bytes) -> Sequence[A | BaseException]:
        """The answers of an array, at once where all are good, else one by one."""
        if b"\\u0000" not in body:
            try:
                return self._shapes.validate_json(body, strict=True)
            except ValidationError:
                pass
        try:
            items: Any = from_json(body)
        except ValueError:
            raise self.invalid("the answer is not JSON") from None
        if not isinstance(items, list):
            raise self.invalid("the answer is no array")
        return [self._tried(to_json(item, inf_nan_mode="constants")) for item in items]

    def _tried(self, body: bytes) -> A | BaseException:
        try:
            return self._one(body)
        except DependencyInvalid as error:
            return error

    def _one(self, body: bytes) -> A:
        try:
            answer: A = self._shape.model_validate_json(body, strict=True)
        except ValidationError as error:
            raise self.invalid(_first_problem(error)) from None
        if b"\\u0000" in body:
            raise self.invalid("the answer holds a NUL character")
        return answer

    def _address(self, path: str) -> str:
        if self._url is None:
            raise DependencyFailed(self._dependency, "no address is set for it")
        return self._url + path

    def _late(self) -> DependencyTimeout:
        return DependencyTimeout(self._dependency, "did not answer in time")

    def _unreachable(self, error: Exception) -> DependencyFailed:
        return DependencyFailed(self._dependency, f"cannot be reached ({type(error).__name__})")


def result_of(error: DependencyFailed) -> str:
    """The failure as a metric says it."""
    if isinstance(error, DependencyTimeout):
        return "timed out"
    return "invalid" if isinstance(error, DependencyInvalid) else "failed"


def session_limit(session: aiohttp.ClientSession) -> int:
    """How many connections the session may hold."""
    return session.connector.limit if session.connector is not None else 1


def _within(timeout_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=timeout_s)


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

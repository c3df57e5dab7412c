"""The way to one model API: concurrent questions joined into its array form, each with its own end.

A batch is one HTTP exchange. An item that the API refuses, or answers with nonsense, fails alone; where
the API does not take the array at all, each of its questions is asked by itself. What a caller waits for
never lasts longer than it said, and where too many wait for an API already, nobody else does: one that
hangs holds up no more of the service than that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import aiohttp
from opentelemetry import trace
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from app.batching import Batcher
from app.clients.exchange import Care, Exchange, LeftAlone, NotAnswered
from app.metrics import Metrics
from app.telemetry import Attr, SpanName
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from decisioning.model import PriceAnswer, ScoreAnswer

LONGEST_ANSWER_BYTES: Final = 1 << 20
ALL_REFUSED: Final = frozenset({429, 502, 503, 504})
"""Statuses that no single item caused: asking each one again would only add to the trouble."""

A = TypeVar("A", ScoreAnswer, PriceAnswer)


@dataclass(frozen=True)
class Batching:
    """How many questions share a call at most (1: none do), and how many calls are under way at once.

    Alone, a question is a call of its own as soon as a connection is free. At most `waiting` questions
    have no answer yet.
    """

    largest: int = 64
    in_flight: int = 4
    waiting: int = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """A request's body, and the loop's instant after which nobody waits for its answer."""

    body: bytes
    deadline: float


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
        care: Care,
    ) -> None:
        self._dependency = dependency
        self._path = path
        self._exchange = Exchange(dependency, session, url, metrics, care)
        self._waiting, self._most_waiting = 0, batching.waiting
        self._shape: type[A] = shape
        self._shapes: TypeAdapter[list[A]] = TypeAdapter(list[shape])  # type: ignore[valid-type]  # a value
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
        """Return if the API answers HTTP at all; raises DependencyFailed."""
        await self._exchange.knock(timeout_s)

    def invalid(self, problem: str) -> DependencyInvalid:
        """What came is no answer."""
        return DependencyInvalid(self._dependency, problem)

    async def _ask(self, body: bytes, timeout_s: float) -> A:
        if timeout_s <= 0:
            raise DependencyTimeout(self._dependency, "no time was left to ask")
        if self._waiting >= self._most_waiting:
            raise LeftAlone(self._dependency, "is not asked: too many wait for it already")
        question = Question(body, asyncio.get_running_loop().time() + timeout_s)
        self._waiting += 1
        try:
            async with asyncio.timeout_at(question.deadline):
                joined = await self._batcher.ask(question)
        except TimeoutError:
            raise DependencyTimeout(self._dependency, "did not answer in time") from None
        finally:
            self._waiting -= 1
        if joined.call is not None and (current := trace.get_current_span()).is_recording():
            current.add_link(joined.call, {Attr.BATCH_SIZE: joined.size})
        return joined.answer

    async def _answers(self, questions: Sequence[Question]) -> Sequence[A | BaseException]:
        if len(questions) == 1:
            return [await self._alone(questions[0])]
        body = b"[" + b",".join([question.body for question in questions]) + b"]"
        last = max(question.deadline for question in questions)
        longest = len(questions) * LONGEST_ANSWER_BYTES
        try:
            answers = await self._exchange.post(self._path, body, last, longest, self._each)
            if len(answers) == len(questions):
                return answers
        except DependencyInvalid:
            pass
        except NotAnswered as error:
            if error.status in ALL_REFUSED:
                raise
        return await asyncio.gather(*map(self._alone, questions), return_exceptions=True)

    async def _alone(self, question: Question) -> A:
        return await self._exchange.post(
            self._path, question.body, question.deadline, LONGEST_ANSWER_BYTES, self._one
        )

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


def result_of(error: DependencyFailed) -> str:
    """The failure as a metric says it."""
    if isinstance(error, DependencyTimeout):
        return "timed out"
    if isinstance(error, LeftAlone):
        return "left alone"
    return "invalid" if isinstance(error, DependencyInvalid) else "failed"


def session_limit(session: aiohttp.ClientSession) -> int:
    """How many connections the session may hold."""
    return session.connector.limit if session.connector is not None else 1


def _first_problem(error: ValidationError) -> str:
    first: Any = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return "the answer is not JSON"
    where = ".".join(map(str, first["loc"]))[:100] or "shape"
    return f"the answer's {where} is wrong: {first['msg']}"

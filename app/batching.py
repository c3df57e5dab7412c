"""Concurrent calls joined into batches, several of them in flight at once.

What waits takes off as soon as a place is free: nobody lingers for a fuller batch, so a lone caller
waits for nobody, and under load the batches fill by themselves. Each caller gets its own answer or its
own error. A caller that leaves is dropped from what has not taken off, and a batch that all have left
is cancelled, unless its answers mean something that somebody must then undo.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from opentelemetry.trace import SpanContext, SpanKind

from app.telemetry import Attr, Attributes, span

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Run = Callable[[Sequence[Item]], Awaitable[Sequence[Answer | BaseException]]]


@dataclass(frozen=True, slots=True)
class Joined(Generic[Answer]):
    """An answer, how many callers shared the call, and the shared call's span; None for a lone one."""

    answer: Answer
    size: int
    call: SpanContext | None


@dataclass(slots=True, eq=False)
class _Caller(Generic[Item, Answer]):
    item: Item
    answer: "asyncio.Future[Joined[Answer]]"
    context: Context
    batch: "_Batch[Item, Answer] | None" = None


@dataclass(slots=True, eq=False)
class _Batch(Generic[Item, Answer]):
    callers: list[_Caller[Item, Answer]]
    task: "asyncio.Task[None] | None" = field(default=None)

    def left(self) -> None:
        """Somebody left; where nobody waits any more, the work is ended too."""
        if self.task is not None and all(caller.answer.done() for caller in self.callers):
            self.task.cancel()


class Batcher(Generic[Item, Answer]):
    """Joins calls to `run`, which answers many items in their order: a value or an error for each.

    An error that `run` raises is everybody's. A lone call runs in its caller's context; a shared one in
    a fresh one, under a span of its own that begins a trace: it belongs to no caller more than another.
    With `unwanted`, no batch is cancelled, and an answer whose caller has left goes there.
    """

    def __init__(
        self,
        run: "Run[Item, Answer]",
        name: str,
        *,
        largest: int,
        in_flight: int,
        attributes: Attributes | None = None,
        unwanted: Callable[[Answer], None] | None = None,
    ) -> None:
        self._run = run
        self._unwanted = unwanted
        self._name = name
        self._attributes = dict(attributes or {})
        self._largest = largest
        self._places = in_flight
        self._waiting: deque[_Caller[Item, Answer]] = deque()
        self._called = False
        self._flying: set[asyncio.Task[None]] = set()

    async def ask(self, item: Item) -> Joined[Answer]:
        """The answer to this item; raises its error."""
        caller = _Caller(item, asyncio.get_running_loop().create_future(), copy_context())
        self._waiting.append(caller)
        self._call()
        try:
            return await caller.answer
        finally:
            if caller.answer.cancelled() and caller.batch is not None and self._unwanted is None:
                caller.batch.left()

    def _call(self) -> None:
        """Take off in the next turn of the loop, with all who ask in this one."""
        if not self._called and self._places:
            self._called = True
            asyncio.get_running_loop().call_soon(self._take_off, context=Context())

    def _take_off(self) -> None:
        self._called = False
        callers: list[_Caller[Item, Answer]] = []
        while self._waiting and len(callers) < self._largest:
            caller = self._waiting.popleft()
            if not caller.answer.done():
                callers.append(caller)
        if callers:
            self._start(_Batch(callers))
        if self._waiting:
            self._call()

    def _start(self, batch: "_Batch[Item, Answer]") -> None:
        self._places -= 1
        alone = batch.callers[0].context if len(batch.callers) == 1 else Context()
        task = asyncio.get_running_loop().create_task(self._fly(batch), context=alone)
        batch.task = task
        for caller in batch.callers:
            caller.batch = batch
        self._flying.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._places += 1
        if self._waiting:
            self._call()

    async def _fly(self, batch: "_Batch[Item, Answer]") -> None:
        callers = batch.callers
        items = [caller.item for caller in callers]
        call: SpanContext | None = None
        answers: Sequence[Answer | BaseException]
        try:
            if len(items) == 1:
                answers = await self._run(items)
            else:
                attributes = self._attributes | {Attr.BATCH_SIZE: len(items)}
                with span(self._name, SpanKind.CLIENT, attributes) as shared:
                    call = shared.get_span_context()
                    answers = await self._run(items)
        except asyncio.CancelledError:
            for caller in callers:
                caller.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  handed to every caller, who raises it
            answers = [error] * len(callers)
        for caller, answer in zip(callers, answers, strict=True):
            # No circle is left of caller and batch: what they hold is freed at once, without the collector.
            caller.batch = None
            if caller.answer.done() and self._unwanted and not isinstance(answer, BaseException):
                self._unwanted(answer)
            _deliver(caller, answer, len(callers), call)


def _deliver(
    caller: _Caller[Item, Answer], answer: Answer | BaseException, size: int, call: SpanContext | None
) -> None:
    if caller.answer.done():
        return
    if isinstance(answer, BaseException):
        caller.answer.set_exception(answer)
    else:
        caller.answer.set_result(Joined(answer, size, call))

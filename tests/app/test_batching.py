"""Concurrent calls joined: one answer a caller, nobody waits for nobody, nothing is left behind."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from opentelemetry import context, trace

from app.batching import Batcher
from app.telemetry import span


class Doubling:
    """Doubles numbers, refuses negative ones, and remembers its batches and the traces they ran in."""

    def __init__(self, largest: int = 64, in_flight: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.traces: list[int] = []
        self.ended = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.batcher = Batcher(self.run, "doubling batch", largest=largest, in_flight=in_flight)

    async def run(self, items: Sequence[int]) -> Sequence[int | BaseException]:
        """What the batcher calls."""
        self.batches.append(list(items))
        self.traces.append(trace.get_current_span().get_span_context().trace_id)
        try:
            await self.gate.wait()
        finally:
            self.ended += 1
        return [item * 2 if item >= 0 else ValueError(str(item)) for item in items]

    async def ask(self, item: int) -> int:
        """The answer alone."""
        return (await self.batcher.ask(item)).answer


async def until(condition: Callable[[], object]) -> None:
    """Let others run until it holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_those_who_ask_at_once_share_a_call():
    """Twenty callers of one turn are one call, and each gets its own answer."""
    doubling = Doubling()
    assert await asyncio.gather(*(doubling.ask(n) for n in range(20))) == [2 * n for n in range(20)]
    assert doubling.batches == [list(range(20))]


async def test_a_bad_item_fails_alone():
    """An error for one item is raised to its caller and to nobody else."""
    doubling = Doubling()
    found = await asyncio.gather(*map(doubling.ask, (1, -1, 2)), return_exceptions=True)
    assert (found[0], found[2]) == (2, 4)
    assert isinstance(found[1], ValueError)


async def test_no_batch_is_larger_and_no_more_fly_than_was_said():
    """Ten callers with batches of four and two places: two batches at once, the rest waits for a place."""
    doubling = Doubling(largest=4, in_flight=2)
    doubling.gate.clear()
    asked = [asyncio.create_task(doubling.ask(n)) for n in range(10)]
    await until(lambda: len(doubling.batches) == 2)
    await asyncio.sleep(0.01)  # a third would fly by now
    assert doubling.batches == [[0, 1, 2, 3], [4, 5, 6, 7]]
    doubling.gate.set()
    assert await asyncio.gather(*asked) == [2 * n for n in range(10)]
    assert doubling.batches[2:] == [[8, 9]]


async def test_who_leaves_early_is_not_asked_for():
    """A caller that is cancelled while it waits for a place is in no batch."""
    doubling = Doubling(largest=1)
    doubling.gate.clear()
    first, second, third = (asyncio.create_task(doubling.ask(n)) for n in range(3))
    await until(lambda: doubling.batches)
    second.cancel()
    doubling.gate.set()
    assert (await first, await third) == (0, 4)
    assert doubling.batches == [[0], [2]]


async def test_who_leaves_late_spoils_nothing():
    """A caller that leaves a batch under way takes nothing from those who stay."""
    doubling = Doubling()
    doubling.gate.clear()
    leaving, staying = asyncio.create_task(doubling.ask(1)), asyncio.create_task(doubling.ask(2))
    await until(lambda: doubling.batches)
    leaving.cancel()
    await asyncio.sleep(0)
    assert doubling.ended == 0
    doubling.gate.set()
    assert await staying == 4


async def test_what_nobody_waits_for_is_ended():
    """When the last caller of a batch has left, its work is cancelled and its place is free."""
    doubling = Doubling()
    doubling.gate.clear()
    asked = [asyncio.create_task(doubling.ask(n)) for n in range(2)]
    await until(lambda: doubling.batches)
    for task in asked:
        task.cancel()
    await asyncio.wait(asked)
    await until(lambda: doubling.ended)
    doubling.gate.set()
    assert await doubling.ask(3) == 6


async def test_a_deadline_is_each_callers_own():
    """Of two callers of one call the impatient one is let go in time, and the other gets its answer."""
    doubling = Doubling()
    doubling.gate.clear()

    async def impatient() -> int:
        async with asyncio.timeout(0.02):
            return await doubling.ask(1)

    patient = asyncio.create_task(doubling.ask(2))
    with pytest.raises(TimeoutError):
        await impatient()
    doubling.gate.set()
    assert await patient == 4


async def test_an_error_of_the_call_is_everybodys():
    """Where the call itself fails, each caller hears it."""

    async def fail(_items: Sequence[int]) -> Sequence[int]:
        raise OSError("gone")

    batcher = Batcher(fail, "failing batch", largest=8, in_flight=1)
    found = await asyncio.gather(batcher.ask(1), batcher.ask(2), return_exceptions=True)
    assert [type(error) for error in found] == [OSError, OSError]


async def test_a_shared_call_lies_in_a_trace_of_its_own():
    """A lone call runs in its caller's trace; a shared one begins its own and tells each caller which."""
    doubling = Doubling()
    with span("alone") as own:
        alone = await doubling.batcher.ask(1)
        trace_id = own.get_span_context().trace_id
    assert (alone.call, alone.size, doubling.traces) == (None, 1, [trace_id])

    async def traced() -> tuple[int, int]:
        with span("shared") as mine:
            joined = await doubling.batcher.ask(1)
            assert joined.call is not None
            assert joined.size == 2
            return mine.get_span_context().trace_id, joined.call.trace_id

    token = context.attach(context.Context())
    (first, call), (second, same_call) = await asyncio.gather(traced(), traced())
    context.detach(token)
    assert call == same_call == doubling.traces[-1]
    assert len({first, second, call}) == 3

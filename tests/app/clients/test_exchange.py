"""Calls that are made again, doubled or not made at all, over real HTTP."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from app.clients.breaker import BreakerRules
from app.clients.exchange import REMEMBERED, Care, LeftAlone
from app.clients.model_api import HttpScoringModel, open_session
from app.clients.model_door import Batching
from app.metrics import Metrics
from decisioning.errors import DependencyFailed, DependencyTimeout
from decisioning.model import ScoreAnswer
from tests.fakes.http import ScriptedServer, scripted_server
from tests.fakes.models import GOOD_SCORE

PAUSE_S = 1.5
TOUCHY = BreakerRules(least_failures=3, share=0.5, first_pause_s=PAUSE_S, longest_pause_s=2 * PAUSE_S)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A scoring API that answers well once its `first` answers are used up."""
    async with scripted_server() as server:
        server.will_answer("/v1/score", GOOD_SCORE.model_dump(mode="json"))
        yield server


@pytest.fixture
async def session() -> AsyncIterator[Any]:
    """Connections to it."""
    async with open_session(20) as session:
        yield session


def model(server: ScriptedServer, session: Any, metrics: Metrics | None = None, **care: Any):
    """The adapter with this care."""
    return HttpScoringModel(session, server.url, metrics or Metrics(), Batching(1), Care(**care))


async def ask(scoring: HttpScoringModel, timeout_s: float = 2.0) -> ScoreAnswer:
    """One question."""
    return await scoring.score("consumer-loan", {"amount": 900.0}, timeout_s)


def keys(server: ScriptedServer) -> list[str]:
    """The keys of the calls that came, in their order."""
    return [asked.headers["Idempotency-Key"] for asked in server.asked]


def counted(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The counter's series by their labels."""
    samples = [s for m in metrics.registry.collect() for s in m.samples if s.name == f"{name}_total"]
    return {tuple(s.labels.values()): s.value for s in samples}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_call_that_an_api_could_not_take_is_made_again_with_its_key(server, session, status):
    """Two failures and then an answer: one key for the three calls, and the caller gets the answer."""
    metrics = Metrics()
    server.first = [web.Response(status=status), web.Response(status=status)]
    assert await ask(model(server, session, metrics)) == GOOD_SCORE
    assert len(keys(server)) == 3
    assert len(set(keys(server))) == 1
    assert counted(metrics, "credit_model_repeats") == {("scoring", "retry"): 2}


async def test_a_connection_that_breaks_is_tried_again(server, session):
    """An API that was started again closes what it held: no decision is referred for that."""
    server.first = [ConnectionResetError()]
    assert await ask(model(server, session)) == GOOD_SCORE
    assert len(server.asked) == 2


async def test_each_question_has_a_key_of_its_own(server, session):
    """Two questions are two keys, though they say the same."""
    scoring = model(server, session)
    await ask(scoring)
    await ask(scoring)
    assert len(set(keys(server))) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 501])
async def test_an_error_of_its_own_is_not_asked_for_twice(server, session, status):
    """What an API refuses or breaks at, it would refuse or break at again."""
    server.first = [web.Response(status=status)]
    with pytest.raises(DependencyFailed, match=f"answered {status}"):
        await ask(model(server, session))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("first", "calls"),
    [(503, 2), (429, 2), (502, 1), (504, 1), (None, 1)],
    ids=["503", "429", "502", "504", "connection broken"],
)
async def test_where_a_second_call_is_harm_none_is_made_that_may_have_arrived(server, session, first, calls):
    """`never`: only what the API says it did not take is asked again."""
    server.first = [web.Response(status=first) if first else ConnectionResetError()]
    scoring = model(server, session, repeats="never")
    if calls == 1:
        with pytest.raises(DependencyFailed):
            await ask(scoring)
    else:
        assert await ask(scoring) == GOOD_SCORE
    assert len(server.asked) == calls


async def test_retry_after_is_waited_for_or_given_up_on(server, session):
    """A pause that the API asks for and the deadline allows is kept; a longer one ends it at once."""
    server.first = [web.Response(status=503, headers={"Retry-After": wait}) for wait in ("60", "1")]
    start = time.perf_counter()
    with pytest.raises(DependencyFailed, match="answered 503"):
        await ask(model(server, session), timeout_s=30)
    assert time.perf_counter() - start < 30
    start = time.perf_counter()
    assert await ask(model(server, session), timeout_s=30) == GOOD_SCORE
    assert 1.0 <= time.perf_counter() - start < 30


async def test_what_is_asked_again_is_a_share_of_what_is_asked(server, session):
    """An API that answers 503 for ever gets ten calls more than questions, not three times as many."""
    server.will_answer("/v1/score", b"{}", 503)
    scoring = model(server, session, breaker=BreakerRules(least_failures=10_000))
    answers = await asyncio.gather(*(ask(scoring, 5.0) for _ in range(40)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"scoring: answered 503"}
    assert len(server.asked) == 50


async def test_retries_end_with_the_deadline(server, session):
    """However often it fails, the caller knows by its deadline."""
    server.will_answer("/v1/score", b"{}", 503)
    server.delays_s = [0.0]
    server.delay_s = 60
    start = time.perf_counter()
    with pytest.raises(DependencyFailed):
        await ask(model(server, session), timeout_s=0.5)
    assert time.perf_counter() - start < 30


async def test_an_api_that_keeps_failing_is_left_alone_and_found_again(server, session):
    """After three failures nobody asks for a while; then one does, it is back, and everybody does."""
    metrics = Metrics()
    scoring = model(server, session, metrics, breaker=TOUCHY)
    server.first = [web.Response(status=500) for _ in range(3)]
    for _ in range(3):
        with pytest.raises(DependencyFailed, match="answered 500"):
            await ask(scoring)
    with pytest.raises(LeftAlone, match="scoring: is not asked for a while"):
        await ask(scoring)
    assert len(server.asked) == 3
    await asyncio.sleep(PAUSE_S + 0.05)
    assert await ask(scoring) == GOOD_SCORE
    assert await asyncio.gather(*(ask(scoring) for _ in range(5))) == [GOOD_SCORE] * 5
    assert counted(metrics, "credit_model_breaker_changes") == {
        ("scoring", "open"): 1,
        ("scoring", "closed"): 1,
    }
    assert counted(metrics, "credit_model_calls")["scoring", "left alone"] == 1


async def test_nonsense_and_silence_count_as_failures_and_refusals_do_not(server, session):
    """HTML and silence open the breaker; 422 for bad questions never does."""
    server.first = [web.Response(status=422) for _ in range(9)]
    scoring = model(server, session, breaker=TOUCHY)
    for _ in range(9):
        with pytest.raises(DependencyFailed, match="422"):
            await ask(scoring)
    server.first = [web.Response(text="<html>busy</html>") for _ in range(2)]
    for _ in range(2):
        with pytest.raises(DependencyFailed, match="not JSON"):
            await ask(scoring)
    server.delay_s = 5
    with pytest.raises(DependencyTimeout):
        await ask(scoring, timeout_s=0.15)
    with pytest.raises(LeftAlone):
        await ask(scoring)


async def test_an_api_that_hangs_holds_up_so_many_and_no_more(server, session):
    """Bulkhead: with three waiting the fourth is told at once, and a place is free when one is done."""
    server.delay_s = 0.3
    scoring = HttpScoringModel(session, server.url, Metrics(), Batching(1, waiting=3), Care())
    waiting = [asyncio.create_task(ask(scoring)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(LeftAlone, match="too many wait"):
        await ask(scoring)
    assert await asyncio.gather(*waiting) == [GOOD_SCORE] * 3
    assert await ask(scoring) == GOOD_SCORE


async def accustomed(server: ScriptedServer, scoring: HttpScoringModel) -> None:
    """Let it learn what is slow."""
    await asyncio.gather(*(ask(scoring, 5.0) for _ in range(REMEMBERED)))
    server.asked.clear()


async def test_a_slow_call_is_doubled_where_asking_is_free_of_side_effects(server, session):
    """The second call has the key of the first and answers for it."""
    metrics = Metrics()
    scoring = model(server, session, metrics, repeats="free")
    await accustomed(server, scoring)
    server.delays_s = [5.0]
    assert await ask(scoring) == GOOD_SCORE
    assert len(server.asked) == 2
    assert len(set(keys(server))) == 1
    assert counted(metrics, "credit_model_repeats") == {("scoring", "hedge"): 1}


@pytest.mark.parametrize("repeats", ["keyed", "never"])
async def test_no_call_is_doubled_where_it_is_not_free(server, session, repeats):
    """A second bureau inquiry is harm: the slow call is waited for."""
    scoring = model(server, session, repeats=repeats)
    await accustomed(server, scoring)
    server.delays_s = [5.0]
    with pytest.raises(DependencyTimeout):
        await ask(scoring, timeout_s=0.3)
    assert len(server.asked) == 1


async def test_doubling_is_capped(server, session):
    """When everything is slow, five calls are doubled and the rest wait."""
    scoring = model(server, session, repeats="free")
    await accustomed(server, scoring)
    server.delay_s = 60.0
    await asyncio.gather(*(ask(scoring, 2.0) for _ in range(8)), return_exceptions=True)
    assert len(server.asked) == 8 + 5


async def test_a_double_that_fails_does_not_spoil_the_first(server, session):
    """The slow first call may still answer well."""
    scoring = model(server, session, repeats="free")
    await accustomed(server, scoring)
    server.delays_s = [0.4, 0.0]
    server.first = [web.Response(status=500)]
    assert await ask(scoring) == GOOD_SCORE
    assert [json.loads(asked.body)["product"] for asked in server.asked] == ["consumer-loan"] * 2

"""The ports ScoringModel and PricingModel, kept by the fakes and by the real adapters over real HTTP."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from app.clients.model_api import HttpPricingModel, HttpScoringModel, open_session
from app.clients.model_door import Batching
from app.metrics import Metrics
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from decisioning.model import PriceAnswer, ScoreAnswer, Value
from decisioning.ports import PricingModel, ScoringModel
from tests.fakes.http import ScriptedServer, scripted_server
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE, FakePricingModel, FakeScoringModel

APPLICATION: dict[str, Value] = {"amount": 900.0, "term_months": 36, "home": "rent", "income": None}


@dataclass
class Case:
    """A model, and how to make it slow or broken."""

    dependency: str
    call: Callable[[float], Any]
    expected: ScoreAnswer | PriceAnswer
    slow: Callable[[float], None]
    broken: Callable[[], None]
    asked: Callable[[], list[Any]]


def _scoring_call(model: ScoringModel):
    return lambda timeout_s: model.score("consumer-loan", APPLICATION, timeout_s)


def _pricing_call(model: PricingModel):
    return lambda timeout_s: model.price("consumer-loan", APPLICATION, 640, 0.07, timeout_s)


def _fake(dependency: str) -> Case:
    scoring, pricing = FakeScoringModel(), FakePricingModel()
    script = (scoring if dependency == "scoring" else pricing).script
    return Case(
        dependency,
        _scoring_call(scoring) if dependency == "scoring" else _pricing_call(pricing),
        GOOD_SCORE if dependency == "scoring" else GOOD_PRICE,
        lambda seconds: setattr(script, "delay_s", seconds),
        lambda: setattr(script, "failure", DependencyFailed(dependency, "answered 500")),
        lambda: script.asked,
    )


def _real(dependency: str, server: ScriptedServer, session: Any) -> Case:
    path = "/v1/score" if dependency == "scoring" else "/v1/price"
    expected = GOOD_SCORE if dependency == "scoring" else GOOD_PRICE
    server.will_answer(path, expected.model_dump(mode="json"))
    call = (
        _scoring_call(HttpScoringModel(session, server.url, Metrics()))
        if dependency == "scoring"
        else _pricing_call(HttpPricingModel(session, server.url, Metrics()))
    )
    return Case(
        dependency,
        call,
        expected,
        lambda seconds: setattr(server, "delay_s", seconds),
        lambda: server.will_answer(path, {"detail": "no"}, 500),
        lambda: server.asked,
    )


@pytest.fixture(params=["fake scoring", "fake pricing", "http scoring", "http pricing"])
async def case(request) -> AsyncIterator[Case]:
    """Each model, faked and real."""
    kind, dependency = request.param.split()
    if kind == "fake":
        yield _fake(dependency)
        return
    async with scripted_server() as server, open_session(10) as session:
        yield _real(dependency, server, session)


async def test_a_good_answer_comes_back_as_it_was_given(case):
    """The answer is the model's own, and the model was asked once."""
    assert await case.call(2.0) == case.expected
    assert len(case.asked()) == 1


async def test_a_slow_model_is_left_at_the_deadline(case):
    """A model slower than the time left raises DependencyTimeout then, and not later."""
    case.slow(5.0)
    start = time.perf_counter()
    with pytest.raises(DependencyTimeout) as caught:
        await case.call(0.1)
    assert caught.value.dependency == case.dependency
    assert time.perf_counter() - start < 1.0


async def test_a_broken_model_is_named(case):
    """A model that fails raises DependencyFailed with its name."""
    case.broken()
    with pytest.raises(DependencyFailed) as caught:
        await case.call(2.0)
    assert caught.value.dependency == case.dependency
    assert caught.value.problem == "answered 500"


async def test_concurrent_calls_each_get_their_answer(case):
    """Calls do not wait for one another's answers."""
    case.slow(0.05)
    assert await asyncio.gather(*(case.call(2.0) for _ in range(20))) == [case.expected] * 20


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A model API that says what a test wants."""
    async with scripted_server() as server:
        yield server


@pytest.fixture
async def scoring(server) -> AsyncIterator[HttpScoringModel]:
    """The real adapter before that server."""
    async with open_session(10) as session:
        yield HttpScoringModel(session, server.url, Metrics())


@pytest.fixture
async def pricing(server) -> AsyncIterator[HttpPricingModel]:
    """The real adapter before that server."""
    async with open_session(10) as session:
        yield HttpPricingModel(session, server.url, Metrics())


def _score(**changes: Any) -> dict[str, Any]:
    return GOOD_SCORE.model_dump(mode="json") | changes


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>busy</html>",
        b'{"score": 640, "pd": 0.0',
        b"[]",
        b"null",
        b"\xff\xfe",
        {"error": "no such product"},
        _score(score=2000),
        _score(score=10),
        _score(pd=1.2),
        _score(pd=-0.1),
        _score(score="640"),
        _score(score=None),
        _score(contributions="none"),
        _score(model=""),
        _score(version=None),
        b'{"score": NaN, "pd": 0.1, "min": 0, "max": 1, "model": "m", "version": "1", "contributions": []}',
        b'{"score": 1e999, "pd": 0.1, "min": 0, "max": 1, "model": "m", "version": "1", "contributions": []}',
        json.dumps(GOOD_SCORE.model_dump(mode="json") | {"model": "a\x00b"}).encode(),
        b" " * (1 << 20) + b"{}",
    ],
    ids=lambda answer: repr(answer)[:50],
)
async def test_nonsense_is_not_a_score(server, scoring, answer):
    """What is no whole, finite, possible answer raises DependencyInvalid and is not repeated."""
    server.will_answer("/v1/score", answer)
    with pytest.raises(DependencyInvalid) as caught:
        await scoring.score("consumer-loan", APPLICATION, 2.0)
    assert caught.value.dependency == "scoring"
    assert len(caught.value.problem) < 200
    assert "busy" not in caught.value.problem


@pytest.mark.parametrize(
    "change",
    [{"monthly_payment": 0}, {"apr": -0.1}, {"nominal_rate": "8 %"}, {"tier": ""}, {"total_payable": None}],
)
async def test_nonsense_is_not_a_price(server, pricing, change):
    """A price that cannot be is refused."""
    server.will_answer("/v1/price", GOOD_PRICE.model_dump(mode="json") | change)
    with pytest.raises(DependencyInvalid):
        await pricing.price("consumer-loan", APPLICATION, 640, 0.07, 2.0)


async def test_unknown_fields_of_an_answer_are_dropped(server, scoring):
    """A newer API may say more than is read."""
    server.will_answer("/v1/score", _score(calibrated_on="2026-01-01"))
    assert await scoring.score("consumer-loan", APPLICATION, 2.0) == GOOD_SCORE


async def test_a_cut_connection_is_a_failure(server, scoring):
    """An answer that breaks off is no answer."""
    server.will_answer("/v1/score", _score())
    server.cut_after = 20
    with pytest.raises(DependencyFailed) as caught:
        await scoring.score("consumer-loan", APPLICATION, 2.0)
    assert caught.value.problem == "cannot be reached (ClientPayloadError)"


async def test_nobody_listening_is_a_failure(server):
    """A port without a server is told as such, without its address."""
    async with open_session(1) as session:
        scoring = HttpScoringModel(session, "http://127.0.0.1:1", Metrics())
        with pytest.raises(DependencyFailed, match="scoring: cannot be reached"):
            await scoring.score("consumer-loan", APPLICATION, 2.0)
        with pytest.raises(DependencyFailed):
            await scoring.reachable(2.0)


async def test_no_address_is_a_failure():
    """A command that needs no models may run without their addresses; asking them then fails by name."""
    async with open_session(1) as session:
        pricing = HttpPricingModel(session, None, Metrics())
        with pytest.raises(DependencyFailed, match="pricing: no address is set for it"):
            await pricing.price("consumer-loan", APPLICATION, 640, 0.07, 2.0)


async def test_no_time_left_asks_nobody(server, scoring):
    """A budget that is used up is a timeout without a call."""
    with pytest.raises(DependencyTimeout):
        await scoring.score("consumer-loan", APPLICATION, 0.0)
    assert server.asked == []


async def test_redirects_are_not_followed(server, scoring):
    """An application goes to the address that was set and nowhere else."""
    server.will_answer("/v1/score", b"", 307)
    with pytest.raises(DependencyFailed, match="answered 307"):
        await scoring.score("consumer-loan", APPLICATION, 2.0)


async def test_calls_are_counted_by_their_result(server):
    """The counter tells good, late and broken calls apart."""
    metrics = Metrics()
    async with open_session(1) as session:
        scoring = HttpScoringModel(session, server.url, metrics)
        for answer in (_score(), b"{}"):
            server.will_answer("/v1/score", answer)
            with_failure = pytest.raises(DependencyInvalid) if answer == b"{}" else nullcontext()
            with with_failure:
                await scoring.score("consumer-loan", APPLICATION, 2.0)
    counted = {
        (s.labels["credit_model"], s.labels["credit_result"]): s.value
        for m in metrics.registry.collect()
        for s in m.samples
        if s.name == "credit_model_calls_total"
    }
    assert counted == {("scoring", "ok"): 1.0, ("scoring", "invalid"): 1.0}


def _batch_answer(*answers: Any) -> bytes:
    return json.dumps(list(answers)).encode()


async def _ask_all(scoring: HttpScoringModel, count: int, timeout_s: float = 2.0) -> list[Any]:
    asked = (scoring.score("consumer-loan", APPLICATION | {"amount": n}, timeout_s) for n in range(count))
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_concurrent_questions_share_a_call(server, scoring):
    """Three questions at once go as one array and each gets the answer in its place."""
    server.will_answer("/v1/score", _batch_answer(*(_score(score=500 + n) for n in range(3))))
    assert [answer.score for answer in await _ask_all(scoring, 3)] == [500, 501, 502]
    (asked,) = server.asked
    assert [each["application"]["amount"] for each in json.loads(asked.body)] == [0, 1, 2]


@pytest.mark.parametrize("bad", [{"error": "no"}, {"score": None}, "x", _score(pd=2), _score(score=9000)])
async def test_one_bad_answer_in_a_batch_fails_only_itself(server, scoring, bad):
    """Nonsense in one place of the array is its own caller's failure."""
    server.will_answer("/v1/score", _batch_answer(_score(), bad, _score(score=700)))
    first, second, third = await _ask_all(scoring, 3)
    assert (first.score, third.score) == (GOOD_SCORE.score, 700)
    assert isinstance(second, DependencyInvalid)


async def test_an_api_without_arrays_is_asked_one_by_one(server, scoring):
    """Where the array is refused, or answered with something else, each question is asked by itself."""
    server.will_answer("/v1/score", _score())
    assert await _ask_all(scoring, 3) == [GOOD_SCORE] * 3
    assert len(server.asked) == 4


async def test_an_overloaded_api_is_not_asked_one_by_one(server, scoring):
    """A 503 for the array is everybody's: what is asked again is the whole array, and not often."""
    server.will_answer("/v1/score", b"{}", 503)
    assert [error.problem for error in await _ask_all(scoring, 3)] == ["answered 503"] * 3
    assert len(server.asked) == 3
    assert {len(json.loads(asked.body)) for asked in server.asked} == {3}


async def test_a_batch_obeys_each_callers_deadline(server, scoring):
    """Of two callers of one slow call the impatient one is told in time, the patient one gets its answer."""
    server.will_answer("/v1/score", _batch_answer(_score(), _score()))
    server.delay_s = 0.3
    start = time.perf_counter()

    async def impatient() -> float:
        with pytest.raises(DependencyTimeout):
            await scoring.score("consumer-loan", APPLICATION, 0.05)
        return time.perf_counter() - start

    patient, waited_s = await asyncio.gather(scoring.score("consumer-loan", APPLICATION, 5.0), impatient())
    assert patient == GOOD_SCORE
    assert waited_s < 0.25


async def test_one_question_a_call_where_batching_is_off(server):
    """With batches of one, twenty questions are twenty calls, and none waits for another's end."""
    server.will_answer("/v1/score", _score())
    server.delay_s = 0.05
    async with open_session(20) as session:
        scoring = HttpScoringModel(session, server.url, Metrics(), Batching(1))
        assert await _ask_all(scoring, 20) == [GOOD_SCORE] * 20
    assert len(server.asked) == 20
    assert server.most_at_once > 1

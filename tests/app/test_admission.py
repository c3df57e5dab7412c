"""A worker refuses what it cannot answer in time, and ends what hangs."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app import admission, bodies, decisions
from app.admission import Pace
from app.rates import Rates
from tests.app.conftest import Edge, listening, request_body
from tests.app.test_auth import key_for
from tests.app.test_connections import posted, until

OPERATIONS = ("/healthz", "/readyz", "/metrics", "/openapi.json")


@pytest.fixture
def narrow(settings):
    """A worker that takes two requests at once."""
    return Edge(settings.model_copy(update={"max_requests": 2}))


async def test_one_too_many_is_told_to_come_back(narrow):
    """With two under way the third gets 503 and Retry-After at once: nothing is asked, nothing stored."""
    narrow.scoring.script.delay_s = 0.5
    async with narrow.running():
        busy = [asyncio.create_task(narrow.post()) for _ in range(2)]
        await until(lambda: len(narrow.scoring.script.asked) == 2)
        refused = [await narrow.post(key="k"), await narrow.client.get("/v1/decisions")]
        for response in refused:
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["type"] == "urn:credence:problem:overloaded"
            assert response.json()["trace_id"] == response.headers["x-trace-id"]
        assert [(await narrow.client.get(path)).status_code for path in OPERATIONS] == [200] * 4
        assert [response.status_code for response in await asyncio.gather(*busy)] == [201, 201]
        assert (await narrow.post(key="k")).status_code == 201
        assert await narrow.stored() == 3
        assert (
            'credit_requests_refused_total{credit_why="too many"} 2.0'
            in (await narrow.client.get("/metrics")).text
        )


def test_decisions_that_would_wait_too_long_are_refused():
    """A hundred under way at five a second wait twenty seconds; at fifty a second two."""
    slow, fast = Pace(), Pace()
    for pace, per_s in ((slow, 5), (fast, 50)):
        for _ in range(100 + 3 * per_s):
            pace.begin(0.0)
        for n in range(3 * per_s):
            pace.end(n / per_s)
    assert slow.wait_s(3.0) == pytest.approx(20, rel=0.3)
    assert fast.wait_s(3.0) == pytest.approx(2, rel=0.3)


def test_a_worker_that_was_idle_knows_nothing_of_its_past():
    """After a pause nobody is refused for what was slow before it."""
    pace = Pace()
    for _ in range(100):
        pace.begin(0.0)
    for _ in range(100):
        pace.end(60.0)
    pace.begin(100.0)
    assert pace.wait_s(100.0) == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2)), max_size=100))
@bounded(max_examples=50, deadline=None)
def test_the_pace_counts_what_is_under_way(events):
    """Whatever begins and ends when, the count is right and the wait is a number."""
    pace, now_s, under_way = Pace(), 0.0, 0
    for begins, later_s in events:
        now_s += later_s
        if begins:
            pace.begin(now_s)
            under_way += 1
        elif under_way:
            pace.end(now_s)
            under_way -= 1
        assert pace.under_way == under_way
        assert pace.wait_s(now_s) >= 0


async def test_decisions_are_refused_when_they_would_come_too_late(edge, monkeypatch):
    """By their pace one more would take a minute: it is refused with 503; a search is not."""
    monkeypatch.setattr(admission, "PACE_FROM", 1)
    monkeypatch.setattr(Pace, "wait_s", lambda _self, _now_s: 60.0)
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    edge.scoring.script.meanwhile = wait
    waiting = asyncio.create_task(edge.post())
    await until(lambda: edge.scoring.script.asked)
    response = await edge.post()
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["detail"].startswith("a decision would take too long")
    assert (await edge.client.get("/v1/decisions")).status_code == 200
    gate.set()
    assert (await waiting).status_code == 201
    assert (await edge.post()).status_code == 201


@asynccontextmanager
async def locked(edge: Edge, table: str):
    """Nobody else reads or writes that table."""
    async with edge.services.engine.connect() as connection:
        await connection.exec_driver_sql(f"lock table {table} in access exclusive mode")
        yield
        await connection.rollback()


async def test_a_database_that_hangs_is_told_by_the_deadline(edge, monkeypatch):
    """A read and a decision that a lock holds up get 503 in time; their connections are free again."""
    monkeypatch.setattr(admission, "READ_WITHIN_S", 0.3)
    monkeypatch.setattr(decisions, "STORED_WITHIN_S", -9.5)
    assert (await edge.post()).status_code == 201
    async with locked(edge, "decision"):
        answers = await asyncio.gather(
            edge.client.get("/v1/decisions"), edge.post(key="k"), edge.post(), return_exceptions=False
        )
    for response in answers:
        assert response.status_code == 503
        assert response.json()["type"] == "urn:credence:problem:too-slow"
        assert response.headers["retry-after"] == "1"
    await until(lambda: edge.connections_held() == 0)
    async with asyncio.timeout(5):
        while (again := await edge.post(key="k")).status_code == 409:
            await asyncio.sleep(0.05)
    assert again.status_code == 201
    async with edge.services.engine.connect() as connection:
        kept = await connection.exec_driver_sql("select count(response) from idempotency_key")
        assert kept.scalar_one() == 1


async def test_a_body_that_comes_drop_by_drop_is_cut(settings, monkeypatch):
    """A caller that sends half a body and then nothing gets 408 in time."""
    monkeypatch.setattr(bodies, "WITHIN_S", 0.3)
    edge = Edge(settings)
    async with listening(edge) as port:
        async with posted(port, "/v1/decisions", request_body(), **{"Content-Length": "90000"}) as reader:
            async with asyncio.timeout(5):
                status = await reader.readline()
        assert status.startswith(b"HTTP/1.1 408")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.post("/v1/decisions", json=request_body())).status_code == 201
        assert await edge.stored() == 1


async def test_a_key_that_asks_too_often_waits(settings):
    """Two at once at one a second, then 429 and Retry-After; another key is not held up."""
    edge = Edge(settings.model_copy(update={"auth": "on", "rate_limit": 1.0}))
    async with edge.running():
        _, first = await key_for(edge, "decide")
        _, second = await key_for(edge, "decide")
        answers = [await edge.post(**first) for _ in range(3)]
        assert [response.status_code for response in answers] == [201, 201, 429]
        assert answers[2].headers["retry-after"] == "1"
        assert answers[2].headers["content-type"] == "application/problem+json"
        assert answers[2].json()["type"] == "urn:credence:problem:too-many-requests"
        assert (await edge.post(**second)).status_code == 201
        assert await edge.stored() == 3


@given(st.floats(1, 100), st.lists(st.floats(0, 1), max_size=200))
@bounded(max_examples=50, deadline=None)
def test_a_key_never_gets_more_than_its_rate(per_s, pauses_s):
    """In any stretch of time: at most what fits in the bucket and what the rate adds."""
    rates, now_s, taken = Rates(per_s), 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        wait_s = rates.take(UUID(int=1), now_s)
        taken += wait_s == 0
        assert 0 <= wait_s <= 1 / per_s + 1e-9
        assert taken <= 2 * per_s + now_s * per_s + 1e-6


async def test_without_keys_nobody_counts(settings):
    """On this machine, with authentication off, a load is a load."""
    edge = Edge(settings.model_copy(update={"rate_limit": 1.0}))
    async with edge.running():
        assert {(await edge.post()).status_code for _ in range(10)} == {201}

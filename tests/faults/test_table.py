"""docs/faults.md, row by row: what the caller gets, what is stored and what is logged when a part fails."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial

import orjson
import pytest

from app.storage.idempotency import claims_by
from tests.faults.conftest import World
from tests.faults.faulty import HUGE_MIB, SECRET, FaultyApi, FaultyPostgres

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # LiteLLM's own, where it is left at the deadline before it began to ask
    pytest.mark.filterwarnings("ignore:coroutine 'OpenAIChatCompletion:RuntimeWarning"),
]

BY_THE_DEADLINE_S = 5.0
"""The budget of a second, what storing may take, and this machine's slowness."""


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr("app.explaining.LAST_WORDS_S", 0.5)
    monkeypatch.setattr("app.decisions.STORED_WITHIN_S", 1.5)
    monkeypatch.setattr("app.storage.batches.claims_by", partial(claims_by, lease_s=2.0))
    monkeypatch.setattr("app.admission.READ_WITHIN_S", 1.0)


@dataclass(frozen=True)
class Row:
    """How a part fails, and the words for it; empty where nobody notices."""

    part: str
    fault: str
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.part} {self.fault}"


MODELS = [
    Row(part, fault, problem)
    for part in ("scoring", "pricing")
    for fault, problem in (
        ("down", "cannot be reached (ClientConnectorError)"),
        ("slow", "did not answer in time"),
        ("flapping", ""),
        ("broken", "answered 500"),
        ("html", "the answer is not JSON"),
        ("truncated", "the answer is not JSON"),
        ("nan", "the answer's "),
        ("impossible", "the answer's "),
        ("huge", "the answer is too long"),
    )
]


@pytest.mark.parametrize("row", MODELS, ids=str)
async def test_a_model_api_that_fails(world: World, row: Row):
    """The product that refers stores a referral that names the cause; the one that refuses gives 503,
    stores nothing and frees the key. Neither repeats what the API said, and all is well afterwards."""
    await world.heal()
    part = world.parts[row.part]
    await part.become(row.fault)
    before, start = await world.stored(), time.perf_counter()
    world.lines()
    key = world.new_key()
    referred, refused = await world.decide(), await world.decide("strict-loan", key=key)
    assert time.perf_counter() - start < 2 * BY_THE_DEADLINE_S
    lines = world.lines()
    assert SECRET not in referred.text + refused.text + str(lines)
    decision = referred.json()
    if not row.problem:
        assert (referred.status_code, refused.status_code) == (201, 201)
        assert decision["causes"] == []
        assert await world.stored() == before + 2
        return
    assert (referred.status_code, decision["outcome"]) == (201, "refer")
    [cause] = decision["causes"]
    assert cause["dependency"] == row.part
    assert cause["problem"].startswith(row.problem)
    assert (decision["offer"], decision["pricing"]) == (None, None)
    assert (decision["score"] is None) == (row.part == "scoring")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "urn:credence:problem:dependency-unavailable"
    assert await world.stored() == before + 1
    [told] = [line for line in lines if line["event"] == "decision"]
    assert (told["outcome"], told["causes"]) == ("refer", [row.part])
    assert told["trace_id"] == decision["trace_id"]
    assert isinstance(part, FaultyApi)
    assert part.sent_mib < HUGE_MIB / 8
    await world.heal()
    again = await world.decide("strict-loan", key=key)
    assert (again.status_code, again.json()["causes"]) == (201, [])


LLM = [
    Row("llm", fault)
    for fault in ("down", "slow", "flapping", "broken", "html", "truncated", "impossible", "huge")
]


@pytest.mark.parametrize("row", LLM, ids=str)
async def test_an_llm_that_fails(world: World, row: Row):
    """The decision is the same and its explanation is whole, in our own words, and says so."""
    await world.heal()
    await world.decide(explain="sync")
    part = world.parts["llm"]
    await part.become(row.fault)
    before, start = await world.stored(), time.perf_counter()
    world.lines()
    response = await world.decide(explain="sync")
    assert time.perf_counter() - start < BY_THE_DEADLINE_S
    decision = response.json()
    assert (response.status_code, decision["causes"]) == (201, [])
    explanation = decision["explanation"]
    assert (explanation["status"], explanation["writer"]) == ("fallback", "deterministic")
    assert explanation["sentences"]
    assert await world.stored() == before + 1
    lines = world.lines()
    assert SECRET not in response.text + str(lines)
    [told] = [line for line in lines if line["event"] == "decision"]
    assert told["explanation"] == "fallback"
    assert isinstance(part, FaultyApi)
    assert part.sent_mib < HUGE_MIB / 8
    kept = await world.client.get(f"/v1/decisions/{decision['id']}/explanation")
    assert kept.json() == explanation


EMBEDDING = [
    Row("embedding", fault)
    for fault in ("down", "slow", "flapping", "broken", "html", "truncated", "nan", "huge")
]


@pytest.mark.parametrize("row", EMBEDDING, ids=str)
async def test_an_embedding_model_that_fails(world: World, row: Row):
    """The decision is explained from the clauses that its claims name; a search alone is 503."""
    await world.heal()
    await world.forget()
    part = world.parts["embedding"]
    await part.become(row.fault)
    before, start = await world.stored(), time.perf_counter()
    world.lines()
    response = await world.decide(explain="sync")
    assert time.perf_counter() - start < BY_THE_DEADLINE_S
    decision = response.json()
    assert (response.status_code, decision["causes"]) == (201, [])
    assert decision["explanation"]["status"] == "fallback"
    assert decision["explanation"]["sentences"]
    assert await world.stored() == before + 1
    kept = await world.client.get(f"/v1/decisions/{decision['id']}/explanation")
    assert kept.json() == decision["explanation"]
    found = await world.client.get("/v1/policies/search", params={"q": f"income {row}"})
    lines = world.lines()
    assert SECRET not in response.text + found.text + str(lines)
    if row.fault != "flapping":
        assert (found.status_code, found.headers["retry-after"]) == (503, "1")
        [warned] = [line for line in lines if line["event"] == "explanation written without context"]
        # What fails at once is named; what has not answered by its share of the time is only late.
        assert warned["level"] == "warning"
        assert warned["dependency"] in ("embedding", "search")
    assert isinstance(part, FaultyApi)
    assert part.sent_mib < HUGE_MIB / 8


@pytest.mark.parametrize("fault", ["down", "slow", "html", "truncated"])
async def test_a_database_that_fails(world: World, fault: str):
    """503 with Retry-After by the deadline, nothing acknowledged, nothing half stored; when it is back,
    the same key leads to one decision."""
    await world.heal()
    before = await world.stored()
    await world.parts["postgres"].become(fault)
    world.lines()
    key, start = world.new_key(), time.perf_counter()
    answers = await asyncio.gather(
        world.decide(), world.decide(key=key), world.client.get("/v1/decisions"), world.client.get("/readyz")
    )
    assert time.perf_counter() - start < BY_THE_DEADLINE_S
    assert [response.status_code for response in answers] == [503] * 4
    for response in answers[:3]:
        assert response.headers["retry-after"] == "1"
        assert response.json()["type"].rpartition(":")[2] in {"database-unavailable", "too-slow"}
        assert SECRET not in response.text
    lines = world.lines()
    assert SECRET not in str(lines)
    assert not [line for line in lines if line["level"] == "error"], lines
    await world.heal()
    healed = await world.stored()
    async with asyncio.timeout(31):
        while (again := await world.decide(key=key)).status_code == 409:
            await asyncio.sleep(0.2)
    assert again.status_code == 201
    assert (await world.decide(key=key)).content == again.content
    # Without a key, what was being stored may be: the caller was told.
    assert await world.stored() <= healed + 1
    assert healed - before <= 3 + 2


async def test_a_database_that_flaps(world: World):
    """Connections break all the time: each answer is 201 or 503, each 201 is stored, each key ends once."""
    await world.heal()
    before = await world.stored()
    await world.parts["postgres"].become("flapping")
    keys = [world.new_key() for _ in range(30)]
    first = await asyncio.gather(*(world.decide(key=key) for key in keys))
    assert {response.status_code for response in first} <= {201, 503, 409}
    await world.parts["postgres"].become("good")
    ended = {}
    async with asyncio.timeout(40):
        for key in keys:
            while (again := await world.decide(key=key)).status_code != 201:
                assert again.status_code in {409, 503}
                await asyncio.sleep(0.1)
            ended[key] = again.content
    for key, response in zip(keys, first, strict=True):
        if response.status_code == 201:
            assert ended[key] == response.content
    assert len({orjson.loads(body)["id"] for body in ended.values()}) == 30
    assert await world.stored() == before + 30


async def test_a_database_that_is_stopped(world: World):
    """A server that says goodbye to idle connections, before it closes them: 503 or 201, and then 201."""
    await world.heal()
    await asyncio.gather(*(world.decide(key=world.new_key()) for _ in range(4)))
    postgres = world.parts["postgres"]
    assert isinstance(postgres, FaultyPostgres)
    assert postgres.clients
    postgres.say_goodbye()
    await asyncio.sleep(0.1)
    reads = [world.client.get("/v1/decisions") for _ in range(4)]
    answers = await asyncio.gather(*(world.decide(key=world.new_key()) for _ in range(4)), *reads)
    assert {answer.status_code for answer in answers} <= {200, 201, 503}, [a.text for a in answers]
    async with asyncio.timeout(5):
        while (await world.decide(key=world.new_key())).status_code != 201:
            await asyncio.sleep(0.05)
    assert not [line for line in world.lines() if line["level"] == "error"]

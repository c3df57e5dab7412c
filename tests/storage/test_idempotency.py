"""Idempotency keys: one execution a key, the same bytes back, nothing stuck."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.decisions import iterate_all, load_decision, store_decision, store_decisions
from app.storage.errors import LeaseLost, UnknownRecord
from app.storage.idempotency import (
    RECORD,
    Answer,
    Claimed,
    Finished,
    InProgress,
    OtherBody,
    claim,
    forget_expired,
    release,
)
from app.storage.keys import create_key
from app.storage.rows import NewDecision, record_json
from tests.storage.building import NOW, make_new, new_id

BODY = b"\1" * 32
OTHER = b"\2" * 32


async def claim_now(
    engine: AsyncEngine,
    key: str = "k-1",
    body: bytes = BODY,
    product: str = "consumer-loan",
    api_key_id: UUID | None = None,
    lease_s: float = 30.0,
) -> Any:
    """A claim as a request makes it."""
    return await claim(engine, api_key_id, product, key, body, lease_s)


def answering(claimed: Claimed, response: bytes = b'{"id": 1}') -> NewDecision:
    """A decision that finishes a claim."""
    new = make_new()
    return replace(new, answer=Answer(claimed, new.decision.id, response))


async def test_of_many_claims_at_once_exactly_one_is_claimed(engine):
    """Fifty requests with one key at the same time: one runs, the others hear that it is in progress."""
    claims = await asyncio.gather(*(claim_now(engine) for _ in range(50)))
    assert sorted(type(c).__name__ for c in claims) == ["Claimed"] + ["InProgress"] * 49


async def test_the_same_bytes_come_back(engine):
    """Once finished, a key gives the first answer byte for byte, also through another engine."""
    response = '{"name": "Ñ", "n": 1.0}\n'.encode()
    await store_decision(engine, answering(await claim_now(engine), response))
    assert await claim_now(engine) == Finished(response)


async def test_an_answer_that_is_the_record_is_not_kept_twice(engine):
    """Where the record itself was the answer, its very bytes come back though the key does not hold them."""
    new = answering(await claim_now(engine), RECORD)
    await store_decision(engine, new)
    assert await claim_now(engine) == Finished(record_json(new.decision).encode())


async def test_another_body_is_told_apart(engine):
    """Another body under a key is refused while the first is running and after it."""
    claimed = await claim_now(engine)
    assert await claim_now(engine, body=OTHER) == OtherBody()
    await store_decision(engine, answering(claimed))
    assert await claim_now(engine, body=OTHER) == OtherBody()


async def test_a_key_belongs_to_a_caller_and_a_product(engine):
    """The same key of another API key or for another product is another key."""
    caller = new_id()
    await create_key(engine, caller, "branch", {"decide"}, NOW)
    claims = [
        await claim_now(engine),
        await claim_now(engine, product="car-loan"),
        await claim_now(engine, api_key_id=caller),
    ]
    assert [type(c) for c in claims] == [Claimed] * 3
    assert await claim_now(engine, api_key_id=caller) == InProgress()


async def test_a_released_key_is_free(engine):
    """A request that ends without a decision frees its key at once, for another body too."""
    await release(engine, await claim_now(engine))
    assert isinstance(await claim_now(engine, body=OTHER), Claimed)


async def test_a_lease_that_ran_out_is_taken_over_by_one(engine):
    """When the lease of a dead request ends, exactly one of those who wait gets the key."""
    await claim_now(engine)
    assert await claim_now(engine) == InProgress()
    async with engine.begin() as connection:  # a lease that ends while it is asked about would be a race
        await connection.exec_driver_sql("update idempotency_key set leased_until = now()")
    claims = await asyncio.gather(*(claim_now(engine) for _ in range(20)))
    assert sorted(type(c).__name__ for c in claims) == ["Claimed"] + ["InProgress"] * 19


async def test_a_lost_lease_stores_nothing(engine):
    """Who was overtaken cannot store its decision, answer or release the key; who overtook can."""
    first = await claim_now(engine, lease_s=0.05)
    await asyncio.sleep(0.1)
    second = await claim_now(engine)
    late = answering(first, b"late")
    with pytest.raises(LeaseLost) as lost:
        await store_decision(engine, late)
    assert lost.value.tokens == {first.token}
    with pytest.raises(UnknownRecord):
        await load_decision(engine, late.decision.id)
    await release(engine, first)
    await store_decision(engine, answering(second, b"in time"))
    assert await claim_now(engine) == Finished(b"in time")


async def test_a_slow_request_that_nobody_overtook_keeps_its_answer(engine):
    """A lease that ran out while nobody else asked is still good for its decision."""
    claimed = await claim_now(engine, lease_s=0.05)
    await asyncio.sleep(0.1)
    await store_decision(engine, answering(claimed))
    assert isinstance(await claim_now(engine), Finished)


async def test_one_lost_lease_names_itself_in_a_batch(engine):
    """A batch with a lost claim stores nothing and names the claim, so that the rest can be stored again."""
    lost = await claim_now(engine, key="lost")
    await release(engine, lost)
    news = [answering(lost), answering(await claim_now(engine, key="held"))]
    with pytest.raises(LeaseLost) as failure:
        await store_decisions(engine, news)
    assert failure.value.tokens == {lost.token}
    await store_decisions(engine, news[1:])
    assert [stored.decision.id async for stored in iterate_all(engine)] == [news[1].decision.id]


async def test_stores_and_claims_at_once_end_in_one_decision_a_key(engine):
    """Requests that race on five keys, some giving up, leave one decision a key and one answer."""

    async def request(key: str, gives_up: bool) -> bytes:
        while True:
            found = await claim_now(engine, key=key)
            if isinstance(found, Finished):
                return found.response
            if isinstance(found, Claimed):
                if gives_up:
                    await release(engine, found)
                    gives_up = False
                    continue
                new = answering(found, str(found.token).encode())
                await store_decision(engine, new)
                return str(found.token).encode()
            await asyncio.sleep(0.01)

    keys = [f"k-{number % 5}" for number in range(40)]
    answers = await asyncio.gather(*(request(key, n % 3 == 0) for n, key in enumerate(keys)))
    assert len(set(zip(keys, answers, strict=True))) == 5
    assert len([stored async for stored in iterate_all(engine)]) == 5


async def test_only_the_claim_commits_asynchronously(engine):
    """A claim does not wait for the disk, and the connection it used is durable again afterwards."""
    behind = sa.text("select pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()")

    async def was_not_flushed(number: int) -> bool:
        await claim_now(engine, key=f"k-{number}")
        async with engine.connect() as connection:
            assert await connection.scalar(sa.text("show synchronous_commit")) == "on"
            return bool(await connection.scalar(behind))

    assert any([await was_not_flushed(number) for number in range(20)])


async def test_answers_are_kept_for_a_day(engine):
    """Keys are forgotten a day after they were answered, or after their request died; not before."""
    await store_decision(engine, answering(await claim_now(engine, key="answered late")))
    await store_decision(engine, answering(await claim_now(engine, key="answered")))
    await claim_now(engine, key="dead")
    await claim_now(engine, key="alive")
    age = sa.text("""
        update idempotency_key set
            leased_until = leased_until - interval '1 day 1 minute',
            finished_at = finished_at - case key when 'answered' then interval '1 day 1 minute' else '0' end
        where key <> 'alive'
    """)
    async with engine.begin() as connection:
        await connection.execute(age)
    assert await forget_expired(engine) == 2
    kept = [await claim_now(engine, key=key) for key in ("answered late", "alive", "answered", "dead")]
    assert [type(found) for found in kept] == [Finished, InProgress, Claimed, Claimed]
    with pytest.raises(ValueError, match="24 hours"):
        await forget_expired(engine, timedelta(hours=1))


async def test_a_lease_lasts_thirty_seconds_at_most(engine):
    """No claim may keep a key from others for longer than half a minute."""
    with pytest.raises(ValueError, match="30 s"):
        await claim_now(engine, lease_s=31)

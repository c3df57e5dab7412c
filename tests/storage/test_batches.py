"""What concurrent requests write together: durable for each, and each on its own where one is bad."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import sqlalchemy as sa

from app.storage.batches import Batches
from app.storage.decisions import iterate_all, load_decision
from app.storage.engine import open_engine
from app.storage.errors import DatabaseUnavailable, DecisionExists, LeaseLost, UnknownRecord
from app.storage.idempotency import (
    CLAIM,
    FIND,
    FINISH,
    Answer,
    Claimed,
    Finished,
    InProgress,
    Wanted,
    claims_by,
    release,
)
from decisioning.model import Outcome
from tests.storage.building import make_new, new_id

BODY = b"\1" * 32


@pytest.fixture
async def batches(engine) -> AsyncIterator[Batches]:
    """The joined writes of one worker."""
    batches = Batches(engine)
    yield batches
    await batches.close()


@pytest.fixture
async def other_worker(engine) -> AsyncIterator[Batches]:
    """Those of another worker on the same database."""
    batches = Batches(engine)
    yield batches
    await batches.close()


def wanted(key: str, product: str = "consumer-loan") -> Wanted:
    """A key as a request asks for it."""
    return Wanted(None, product, key, BODY)


async def transactions(engine) -> int:
    """In how many transactions the stored decisions were written."""
    async with engine.connect() as connection:
        counted = await connection.execute(sa.text("select count(distinct xmin::text) from decision"))
        return int(counted.scalar_one())


async def test_concurrent_decisions_share_commits(engine, batches):
    """Forty decisions at once are all stored, in far fewer transactions than forty."""
    news = [make_new() for _ in range(40)]
    await asyncio.gather(*(batches.store(new) for new in news))
    stored = [each.decision.id async for each in iterate_all(engine)]
    assert sorted(stored) == sorted(new.decision.id for new in news)
    assert await transactions(engine) <= 4


async def test_a_decision_that_cannot_be_fails_alone(engine, batches):
    """Of a batch with an impossible decision and one that is there already, all others are stored."""
    there, good = make_new(), [make_new() for _ in range(3)]
    await batches.store(there)
    impossible = make_new(Outcome.APPROVE, offer=None)
    found = await asyncio.gather(
        *(batches.store(new) for new in (good[0], impossible, good[1], there, good[2])),
        return_exceptions=True,
    )
    assert [type(each).__name__ for each in found] == [
        "Joined", "CheckViolationError", "Joined", "DecisionExists", "Joined",
    ]  # fmt: skip
    assert isinstance(found[3], DecisionExists)
    assert [await load_decision(engine, new.decision.id) for new in good] == [n.decision for n in good]
    with pytest.raises(UnknownRecord):
        await load_decision(engine, impossible.decision.id)


async def test_a_lost_lease_fails_alone(engine, batches):
    """Of two decisions of a batch, the one whose claim is gone is not stored and the other one is."""
    lost, held = await batches.claim(wanted("lost")), await batches.claim(wanted("held"))
    assert isinstance(lost, Claimed)
    assert isinstance(held, Claimed)
    await release(engine, lost)
    news = [make_new(), make_new()]
    answers = [
        Answer(claimed, new.decision.id, b"{}") for claimed, new in zip((lost, held), news, strict=True)
    ]
    found = await asyncio.gather(
        *(batches.store(replace(new, answer=a)) for new, a in zip(news, answers, strict=True)),
        return_exceptions=True,
    )
    assert isinstance(found[0], LeaseLost)
    assert [stored.decision.id async for stored in iterate_all(engine)] == [news[1].decision.id]
    assert await batches.claim(wanted("held")) == Finished(b"{}")


async def test_two_workers_that_race_on_a_key_execute_once(batches, other_worker):
    """Two hundred claims of twenty keys from two workers at once: each key is claimed once, no deadlock."""
    asked = [(worker, f"k-{n}") for n in range(20) for worker in (batches, other_worker) for _ in range(5)]
    claims = await asyncio.gather(*(worker.claim(wanted(key)) for worker, key in asked))
    names = [key for (_, key), claim in zip(asked, claims, strict=True) if isinstance(claim, Claimed)]
    assert sorted(names) == sorted({key for _, key in asked})
    assert sum(isinstance(claim, InProgress) for claim in claims) == len(asked) - 20


async def test_a_connection_that_died_is_replaced(engine, batches):
    """After the database ended our connections, the next decision is stored on a new one."""
    await batches.store(make_new())
    others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    async with engine.connect() as connection, asyncio.timeout(20):
        await connection.execute(sa.text(f"select pg_terminate_backend(pid) {others}"))
        while await connection.scalar(sa.text(f"select count(*) {others}")):
            await connection.rollback()  # a transaction sees the same activity to its end
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    await batches.store(make_new())
    assert len([stored async for stored in iterate_all(engine)]) == 2


async def test_a_database_that_is_away_is_named(tmp_path):
    """Where no server answers, every caller of a batch hears DatabaseUnavailable."""
    engine = open_engine(f"postgresql://postgres@/postgres?host={tmp_path}")
    batches = Batches(engine)
    found = await asyncio.gather(
        batches.store(make_new()), batches.claim(wanted("k")), return_exceptions=True
    )
    assert [type(error) for error in found] == [DatabaseUnavailable] * 2
    await engine.dispose()


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (FIND, (["a"], ["p"], ["k"], [new_id()]), "pk_idempotency_key"),
        (FINISH, (["a"], ["p"], ["k"], [new_id()], [new_id()], [b"{}"]), "pk_idempotency_key"),
    ],
)
async def test_hot_statements_find_rows_by_index(engine, statement, parameters, index):
    """However many keys are kept, finding and finishing some reads their index and no whole table."""
    fill = """
        insert into idempotency_key (caller, product, key, body_sha256, token, leased_until)
        select '', 'consumer-loan', n::text, decode(repeat('00', 32), 'hex'), gen_random_uuid(), now()
        from generate_series(1, 5000) n
    """
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.execute(fill)
        await driver.execute("analyze idempotency_key")
        plan = "\n".join(row[0] for row in await driver.fetch(f"explain {statement}", *parameters))
    assert f"Index Scan using {index}" in plan
    assert "Seq Scan" not in plan


async def test_a_claim_waits_for_no_disk_and_a_decision_does(engine):
    """The claim alone commits asynchronously, and only its own transaction does."""
    assert "set_config('synchronous_commit', 'off', true)" in CLAIM
    async with engine.connect() as connection:
        driver: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection
        await driver.fetch(CLAIM, [""], ["p"], ["k"], [BODY], [new_id()], 30.0)
        assert await driver.fetchval("show synchronous_commit") == "on"


async def test_a_claim_whose_caller_left_is_freed(batches, other_worker, monkeypatch):
    """Whoever hangs up before the answer to a claim came holds no key: it is free at once."""

    async def slowly(*asked):
        claims = await claims_by(*asked)
        await asyncio.sleep(0.3)
        return claims

    monkeypatch.setattr("app.storage.batches.claims_by", slowly)
    for keys in (["one"], ["two", "three"]):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.gather(*(batches.claim(wanted(key)) for key in keys))
    monkeypatch.undo()
    async with asyncio.timeout(10):
        for key in ("one", "two", "three"):
            while not isinstance(await other_worker.claim(wanted(key)), Claimed):
                await asyncio.sleep(0.02)

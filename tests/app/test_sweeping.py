"""The sweep: old keys are forgotten, promised words written, notices that wait are told; one at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.errors import Conflict
from app.explaining import pending
from app.storage.explanations import load_explanation, put_explanation
from app.sweeping import PROMISED_FOR, Swept, keep_sweeping, sweep
from tests.app.conftest import Edge, request_body
from tests.factories import application

DECLINED = application(income=300)


async def promised(edge: Edge, ago: timedelta) -> str:
    """The id of a decision whose explanation was promised that long ago by a process that is gone."""
    decision_id = (await edge.post()).json()["id"]
    await put_explanation(edge.services.engine, decision_id, pending(), None, datetime.now(UTC) - ago)
    return str(decision_id)


async def test_a_sweep_does_what_no_request_does(edge):
    """It forgets a key after its day, writes what was promised long ago, and counts notices that wait."""
    await edge.post(key="old")
    await edge.post(key="young")
    async with edge.services.engine.begin() as connection:
        await connection.exec_driver_sql(
            "update idempotency_key set finished_at = now() - interval '25 hours',"
            " leased_until = now() - interval '25 hours' where key = 'old'"
        )
    long_ago = await promised(edge, PROMISED_FOR * 2)
    just_now = await promised(edge, timedelta(0))
    for days in (1, 28, 31):
        received = datetime.now(UTC) - timedelta(days=days)
        body = request_body(application=DECLINED, received_at=received.strftime("%Y-%m-%dT%H:%M:%SZ"))
        assert (await edge.post(body)).status_code == 201
    assert await sweep(edge.services) == Swept(1, 1, 1, 1)
    engine = edge.services.engine
    written, waiting = [await load_explanation(engine, UUID(each)) for each in (long_ago, just_now)]
    assert written is not None
    assert waiting is not None
    assert (written.explanation.status != "pending", waiting.explanation.status) == (True, "pending")
    page = (await edge.client.get("/metrics")).text
    assert 'credit_notices_waiting{credit_due="overdue"} 1.0' in page
    assert 'credit_notices_waiting{credit_due="due soon"} 1.0' in page
    assert await sweep(edge.services) == Swept(0, 0, 1, 1)


async def test_one_process_sweeps_at_a_time(edge):
    """While one is at it, another leaves it alone; the next turn is free again."""
    async with edge.services.engine.connect() as other:
        await other.exec_driver_sql("select pg_advisory_lock(1129465156)")
        assert await sweep(edge.services) is None
        await other.exec_driver_sql("select pg_advisory_unlock(1129465156)")
    assert await sweep(edge.services) == Swept(0, 0, 0, 0)


async def test_a_sweep_that_fails_is_tried_again(edge, monkeypatch):
    """A failure is told and does not end the sweeping."""
    turns: list[int] = []

    async def fails(services):
        turns.append(1)
        raise Conflict("not now")

    monkeypatch.setattr("app.sweeping.sweep", fails)
    sweeping = asyncio.create_task(keep_sweeping(edge.services, 0.001))
    async with asyncio.timeout(5):
        while len(turns) < 3:
            await asyncio.sleep(0.001)
    sweeping.cancel()


async def test_the_service_sweeps_while_it_runs(edge):
    """A running service has its sweep under way in the background."""
    assert edge.services.background.is_running("sweep")

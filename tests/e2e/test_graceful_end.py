"""SIGTERM on the real service: what runs is answered and stored, what comes later is refused at once."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.e2e.processes import start_service
from tests.fakes.http import scripted_server
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE

GRACE_S = 15.0
SLOW_S = 1.7
IN_FLIGHT = 8


async def test_decisions_in_flight_end_and_new_ones_are_refused(new_home, declined):
    """Eight decisions wait for a slow model when the end is asked for: each hears 201 and is stored; a
    caller that comes meanwhile cannot connect; the service is gone within its grace period."""
    async with scripted_server() as models:
        models.will_answer("/v1/score", GOOD_SCORE.model_dump(mode="json"))
        models.will_answer("/v1/price", GOOD_PRICE.model_dump(mode="json"))
        models.delay_s = SLOW_S
        home = new_home(
            CREDENCE_SCORING_URL=models.url, CREDENCE_PRICING_URL=models.url, CREDENCE_MODEL_BATCH="1"
        )
        running = await asyncio.to_thread(start_service, home, "--workers", "2")
        async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as client:
            waiting = [asyncio.create_task(post(client, declined, n)) for n in range(IN_FLIGHT)]
            while len(models.asked) < IN_FLIGHT:
                await asyncio.sleep(0.02)
            running.command.process.terminate()
            asked_at = time.monotonic()
            await refused(running.url)
            assert not any(task.done() for task in waiting)
            answers = await asyncio.gather(*waiting)
        assert await asyncio.to_thread(running.command.ended, GRACE_S) == 0
        assert time.monotonic() - asked_at < GRACE_S
    assert [answer.status_code for answer in answers] == [201] * IN_FLIGHT
    again = await asyncio.to_thread(home.run, "replay", "--all", "--json")
    assert again.process.returncode == 0, again.stderr
    for answer in answers:
        assert answer.json()["id"] in again.stdout


async def post(client: httpx.AsyncClient, request: dict[str, Any], number: int) -> httpx.Response:
    """Ask for a decision without words."""
    body = {**request, "explain": "none", "external_id": f"in-flight-{number}"}
    return await client.post("/v1/decisions", json=body)


async def refused(url: str) -> None:
    """Return when a new connection is refused; it must be while the others still wait."""
    async with asyncio.timeout(SLOW_S):
        while True:
            async with httpx.AsyncClient(trust_env=False, timeout=SLOW_S) as other:
                try:
                    await other.get(f"{url}/healthz")
                except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
                    break
            await asyncio.sleep(0.02)
    async with httpx.AsyncClient(trust_env=False, timeout=SLOW_S) as other:
        with pytest.raises(httpx.ConnectError):
            await other.get(f"{url}/healthz")

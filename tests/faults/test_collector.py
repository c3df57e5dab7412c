"""docs/faults.md, the rows of the collector: decisions do not wait for whoever watches them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from app.storage.engine import open_engine
from tests.conftest import ROOT, fresh_database
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE
from tests.faults.conftest import APPLICATION, _one_or_many
from tests.faults.faulty import SECRET, FaultyApi, faulty_api

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRIVATE = "Marker Person"


@dataclass
class Traced:
    """A process that decides on command, and its collector."""

    process: asyncio.subprocess.Process
    collector: FaultyApi
    database_url: str

    async def decide(self) -> tuple[int, float]:
        """The status of a decision and its milliseconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        async with asyncio.timeout(60):
            status, ms = json.loads(await self.process.stdout.readline())
        return status, ms

    async def stored(self) -> int:
        """How many decisions are stored."""
        engine = open_engine(self.database_url, pool_size=1)
        async with engine.connect() as connection:
            count = int((await connection.exec_driver_sql("select count(*) from decision")).scalar_one())
        await engine.dispose()
        return count


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def traced(postgres_server, template_database) -> AsyncIterator[Traced]:
    """The process, its models well and its spans sent every 50 ms."""
    async with (
        fresh_database(postgres_server, template_database) as url,
        faulty_api({"/v1/score": _one_or_many(GOOD_SCORE.model_dump(mode="json"))}) as scoring,
        faulty_api({"/v1/price": _one_or_many(GOOD_PRICE.model_dump(mode="json"))}) as pricing,
        faulty_api({"/v1/traces": lambda _: {}}) as collector,
    ):
        environment = {
            "CREDENCE_DATABASE_URL": url,
            "CREDENCE_SCORING_URL": scoring.url,
            "CREDENCE_PRICING_URL": pricing.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("CREDENCE_", "OTEL_"))}
        body = {
            "product": "consumer-loan",
            "application": APPLICATION,
            "explain": "none",
            "applicant": {"name": PRIVATE, "address": PRIVATE},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.traced_process",
            json.dumps(body),
            cwd=ROOT,
            env=inherited | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            traced = Traced(process, collector, url)
            assert (await traced.decide())[0] == 201
            yield traced
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()


@pytest.mark.parametrize("fault", ["down", "slow", "flapping", "broken", "html", "truncated", "huge"])
async def test_a_collector_that_fails(traced: Traced, fault: str):
    """The caller notices nothing: 201 as fast as ever, the decision stored."""
    await traced.collector.become(fault)
    before = await traced.stored()
    for _ in range(2):
        status, ms = await traced.decide()
        assert (status, ms < 2_000) == (201, True)
        await asyncio.sleep(0.1)
    assert await traced.stored() == before + 2


async def test_a_collector_that_hangs_does_not_keep_the_process(traced: Traced):
    """It ends in good time though its last spans find nobody; what failed is said without content."""
    await traced.collector.become("slow")
    assert (await traced.decide())[0] == 201
    assert traced.process.stdin is not None
    traced.process.stdin.close()
    async with asyncio.timeout(28):
        _, errors = await traced.process.communicate()
    assert traced.process.returncode == 0
    assert SECRET.encode() not in errors
    assert PRIVATE.encode() not in errors
    assert b'"event":"decision"' in errors

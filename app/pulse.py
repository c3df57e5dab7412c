"""The pulse of a process: once a second, what is saturated and how late the event loop is."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.metrics import Metrics

EVERY_S: Final = 1.0


@asynccontextmanager
async def pulse(metrics: Metrics, engine: AsyncEngine, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """While the block runs, the gauges of this process are kept up to date."""
    beating = asyncio.create_task(_beat(metrics, cast("QueuePool", engine.pool), every_s))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat(metrics: Metrics, pool: QueuePool, every_s: float) -> None:
    loop, cpu_s = asyncio.get_running_loop(), 0.0
    metrics.connections_max.set(pool.size())
    while True:
        used_s = time.process_time()
        metrics.cpu_time.inc(used_s - cpu_s)
        cpu_s = used_s
        metrics.connections.labels("used").set(pool.checkedout())
        metrics.connections.labels("idle").set(pool.checkedin())
        metrics.share()
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        metrics.loop_lag.set(max(0.0, loop.time() - due))

"""What nobody's request does: forget old keys, write words that were promised, tell of notices that wait.

Every worker sweeps now and then; of all that share a database one does at a time. A sweep is bounded, and
one that fails is told of and tried again at the next turn.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.explaining import explanation_of
from app.logs import failure, log
from app.storage.engine import single_statements
from app.storage.errors import StorageError
from app.storage.explanations import pending_since
from app.storage.idempotency import forget_expired
from app.storage.notices import unsent_notices
from app.wiring import Services
from decisioning.errors import CredenceError, DependencyFailed

EVERY_S: Final = 900.0
PROMISED_FOR: Final = timedelta(minutes=10)
"""An explanation that was promised longer ago has lost the process that would have written it."""
MOST_WRITTEN: Final = 20
MOST_NOTICES: Final = 1000
DUE_SOON: Final = timedelta(days=7)
_LOCK: Final = 0x43524544  # "CRED": this sweep, among whatever else locks in the database


@dataclass(frozen=True)
class Swept:
    """What a sweep did and found; notices that are overdue do not count as due soon."""

    keys_forgotten: int
    explanations_written: int
    notices_due_soon: int
    notices_overdue: int


async def keep_sweeping(services: Services, every_s: float = EVERY_S) -> None:
    """Sweep again and again, each worker at its own moments."""
    while True:
        await asyncio.sleep(every_s * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the load, hides nothing
        try:
            await sweep(services)
        except (CredenceError, OSError) as error:
            log.warning("sweep failed", **failure(error))


async def sweep(services: Services) -> Swept | None:
    """One sweep, None where another process is at it; raises DatabaseUnavailable."""
    async with _alone(services.engine) as mine:
        if not mine:
            return None
        swept = Swept(
            await forget_expired(services.engine),
            await _write_promised(services),
            *await _waiting_notices(services),
        )
    services.metrics.notices_waiting.labels("due soon").set(swept.notices_due_soon)
    services.metrics.notices_waiting.labels("overdue").set(swept.notices_overdue)
    level = log.warning if swept.notices_overdue else log.info
    level("swept", **vars(swept))
    return swept


async def _write_promised(services: Services) -> int:
    """Write explanations whose process ended before it could; stops where the policy cannot be read."""
    written = 0
    for decision_id, reader in await pending_since(
        services.engine, services.now() - PROMISED_FOR, MOST_WRITTEN
    ):
        try:
            explanation = await explanation_of(services, decision_id, reader)
        except DependencyFailed:
            break
        except StorageError:
            continue
        written += explanation.status != "pending"
    return written


async def _waiting_notices(services: Services) -> tuple[int, int]:
    """Notices due soon and overdue, each counted to a bound."""
    now = services.now()
    waiting = await unsent_notices(services.engine, now + DUE_SOON, MOST_NOTICES)
    overdue = sum(notice.due_at < now for notice in waiting)
    return len(waiting) - overdue, overdue


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[bool]:
    """Whether this process holds the sweep while inside; the lock goes with its connection at the latest."""
    async with single_statements(engine) as connection:
        taken: bool = (await connection.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK)))).scalar_one()
        try:
            yield taken
        finally:
            if taken:
                await connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))

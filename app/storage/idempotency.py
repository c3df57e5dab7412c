"""Idempotency keys: who may run a request, and what the first one answered.

A claim is a lease. Its token fences the decision it leads to: the answer is kept in the decision's own
transaction, and only while the claim is still ours, so that of two requests with one key at most one
stores a decision, whatever dies in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.engine import single_statements
from app.storage.errors import LeaseLost
from app.storage.tables import idempotency_key as table

LONGEST_LEASE_S = 30.0
"""After this long the key of a process that died is free."""
KEPT = timedelta(hours=24)
"""How long an answer is kept at least."""


@dataclass(frozen=True)
class Claimed:
    """The key is ours until the lease ends; finish it with the decision, or release it."""

    caller: str
    product: str
    key: str
    token: UUID


@dataclass(frozen=True)
class Finished:
    """The first request's answer, byte for byte."""

    response: bytes


@dataclass(frozen=True)
class InProgress:
    """The first request is still running."""


@dataclass(frozen=True)
class OtherBody:
    """The key was used with another body."""


@dataclass(frozen=True)
class Answer:
    """What a claim led to, to be kept with the decision."""

    claimed: Claimed
    decision_id: UUID
    response: bytes


Claim = Claimed | Finished | InProgress | OtherBody

# A free key is one that nobody holds: never used, or claimed by a request that died before its answer.
# The claim alone may commit asynchronously: to lose it in a crash harms nobody, for the token is then
# gone too. `set_config(…, true)` ends with this statement's transaction.
_CLAIM = sa.text("""
    insert into idempotency_key as k (caller, product, key, body_sha256, token, leased_until)
    select :caller, :product, :key, :body_sha256, :token, clock_timestamp() + make_interval(secs => :lease_s)
    where set_config('synchronous_commit', 'off', true) = 'off'
    on conflict (caller, product, key) do update
    set body_sha256 = excluded.body_sha256, token = excluded.token, leased_until = excluded.leased_until
    where k.response is null and k.leased_until < clock_timestamp()
    returning token
""").bindparams(sa.bindparam("token", type_=sa.Uuid), sa.bindparam("body_sha256", type_=BYTEA))

_FINISH = sa.text("""
    update idempotency_key k
    set decision_id = a.decision_id, response = a.response, finished_at = clock_timestamp()
    from unnest(:callers, :products, :keys, :tokens, :decision_ids, :responses)
        as a (caller, product, key, token, decision_id, response)
    where (k.caller, k.product, k.key, k.token) = (a.caller, a.product, a.key, a.token)
        and k.response is null
    returning k.token
""").bindparams(
    sa.bindparam("callers", type_=ARRAY(sa.Text)),
    sa.bindparam("products", type_=ARRAY(sa.Text)),
    sa.bindparam("keys", type_=ARRAY(sa.Text)),
    sa.bindparam("tokens", type_=ARRAY(sa.Uuid)),
    sa.bindparam("decision_ids", type_=ARRAY(sa.Uuid)),
    sa.bindparam("responses", type_=ARRAY(BYTEA)),
)


async def claim(
    engine: AsyncEngine,
    api_key_id: UUID | None,
    product: str,
    key: str,
    body_sha256: bytes,
    lease_s: float = LONGEST_LEASE_S,
) -> Claim:
    """Claim a key for a request with that body; of any number at once exactly one is Claimed."""
    if not 0 < lease_s <= LONGEST_LEASE_S:
        raise ValueError(f"a lease lasts up to {LONGEST_LEASE_S:.0f} s, not {lease_s}")
    wanted = Claimed(str(api_key_id or ""), product, key, uuid4())
    values = {**vars(wanted), "body_sha256": body_sha256, "lease_s": lease_s}
    async with single_statements(engine) as connection:
        while True:
            if (await connection.execute(_CLAIM, values)).first():
                return wanted
            found = (await connection.execute(_select(wanted))).first()
            # Nothing found: it was released between the two statements, and is free again.
            if found:
                return _state(found.body_sha256, found.response, body_sha256)


async def release(engine: AsyncEngine, claimed: Claimed) -> None:
    """Free a key whose request ended without a decision; a claim that is no longer ours stays."""
    async with single_statements(engine) as connection:
        await connection.execute(
            sa.delete(table).where(
                table.c.response.is_(None), table.c.token == claimed.token, *_named(claimed)
            )
        )


async def keep_answers(connection: AsyncConnection, answers: Sequence[Answer]) -> None:
    """Keep the answers in the caller's transaction; raises LeaseLost, which must end it."""
    if not answers:
        return
    values = {
        "callers": [a.claimed.caller for a in answers],
        "products": [a.claimed.product for a in answers],
        "keys": [a.claimed.key for a in answers],
        "tokens": [a.claimed.token for a in answers],
        "decision_ids": [a.decision_id for a in answers],
        "responses": [a.response for a in answers],
    }
    kept = set((await connection.execute(_FINISH, values)).scalars())
    lost = frozenset(a.claimed.token for a in answers) - kept
    if lost:
        raise LeaseLost(lost)


async def forget_expired(engine: AsyncEngine, older_than: timedelta = KEPT) -> int:
    """Delete keys whose answer, or whose dead claim, is older; returns how many."""
    if older_than < KEPT:
        raise ValueError("an answer is kept for 24 hours at least")
    async with single_statements(engine) as connection:
        limit = sa.func.clock_timestamp() - older_than
        unanswered_or_old = sa.or_(table.c.finished_at.is_(None), table.c.finished_at < limit)
        expired = sa.delete(table).where(table.c.leased_until < limit, unanswered_or_old)
        return (await connection.execute(expired)).rowcount


def _state(body_then: bytes, response: bytes | None, body_now: bytes) -> Claim:
    if body_then != body_now:
        return OtherBody()
    return InProgress() if response is None else Finished(response)


def _select(wanted: Claimed) -> sa.Select[tuple[bytes, bytes | None]]:
    return sa.select(table.c.body_sha256, table.c.response).where(*_named(wanted))


def _named(wanted: Claimed) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.caller == wanted.caller,
        table.c.product == wanted.product,
        table.c.key == wanted.key,
    )

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
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import Execute, executing, single_statements
from app.storage.errors import LeaseLost
from app.storage.tables import idempotency_key as table

LONGEST_LEASE_S = 30.0
"""After this long the key of a process that died is free."""
KEPT = timedelta(hours=24)
"""How long an answer is kept at least."""
RECORD = b""
"""What stands in place of an answer that is the decision's record, byte for byte."""


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
    """What a claim led to, to be kept with the decision.

    `response` is RECORD where it is the decision's record as it is stored: it is not kept twice.
    """

    claimed: Claimed
    decision_id: UUID
    response: bytes


Claim = Claimed | Finished | InProgress | OtherBody

# A free key is one that nobody holds: never used, or claimed by a request that died before its answer.
# The claim alone may commit asynchronously: to lose it in a crash harms nobody, for the token is then
# gone too. `set_config(…, true)` ends with this statement's transaction. Rows go in in the order of their
# keys, so that two batches with the same keys wait for one another and never deadlock.
CLAIM = """
    insert into idempotency_key as k (caller, product, key, body_sha256, token, leased_until)
    select caller, product, key, body_sha256, token, clock_timestamp() + make_interval(secs => $6)
    from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::uuid[])
        as a (caller, product, key, body_sha256, token)
    where set_config('synchronous_commit', 'off', true) = 'off'
    order by caller, product, key
    on conflict (caller, product, key) do update
    set body_sha256 = excluded.body_sha256, token = excluded.token, leased_until = excluded.leased_until
    where k.response is null and k.leased_until < clock_timestamp()
    returning token
"""

FIND = """
    select a.token, k.body_sha256, coalesce(convert_to(d.record::text, 'UTF8'), k.response)
    from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as a (caller, product, key, token)
    join idempotency_key k using (caller, product, key)
    left join decision d on d.id = k.decision_id and k.response = ''
"""

FINISH = """
    update idempotency_key k
    set decision_id = a.decision_id, response = a.response, finished_at = clock_timestamp()
    from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::bytea[])
        as a (caller, product, key, token, decision_id, response)
    where (k.caller, k.product, k.key, k.token) = (a.caller, a.product, a.key, a.token)
        and k.response is null
    returning k.token
"""


@dataclass(frozen=True)
class Wanted:
    """A key that a request with this body asks for."""

    api_key_id: UUID | None
    product: str
    key: str
    body_sha256: bytes


async def claim(
    engine: AsyncEngine,
    api_key_id: UUID | None,
    product: str,
    key: str,
    body_sha256: bytes,
    lease_s: float = LONGEST_LEASE_S,
) -> Claim:
    """Claim a key for a request with that body; of any number at once exactly one is Claimed."""
    (found,) = await claim_each(engine, [Wanted(api_key_id, product, key, body_sha256)], lease_s)
    return found


async def claim_each(
    engine: AsyncEngine, wanted: Sequence[Wanted], lease_s: float = LONGEST_LEASE_S
) -> list[Claim]:
    """Claim many keys in one statement; of several that are the same, one is Claimed at most."""
    if not 0 < lease_s <= LONGEST_LEASE_S:
        raise ValueError(f"a lease lasts up to {LONGEST_LEASE_S:.0f} s, not {lease_s}")
    async with single_statements(engine) as connection:
        return await claims_by(executing(connection), wanted, lease_s)


async def claims_by(
    execute: Execute, wanted: Sequence[Wanted], lease_s: float = LONGEST_LEASE_S
) -> list[Claim]:
    """Claim many keys, each statement its own transaction."""
    claims: dict[int, Claim] = {}
    while open_places := [place for place in range(len(wanted)) if place not in claims]:
        # A statement may write a row once: what repeats a key waits for the next turn.
        turn: dict[tuple[str, str, str], tuple[int, Claimed]] = {}
        for place in open_places:
            asked = _claimed(wanted[place])
            turn.setdefault((asked.caller, asked.product, asked.key), (place, asked))
        claims |= await _claim_turn(execute, wanted, list(turn.values()), lease_s)
    return [claims[place] for place in range(len(wanted))]


async def _claim_turn(
    execute: Execute, wanted: Sequence[Wanted], turn: Sequence[tuple[int, Claimed]], lease_s: float
) -> dict[int, Claim]:
    """What became of these, by place. One released between the two statements is missing: it is free."""
    bodies = [wanted[place].body_sha256 for place, _ in turn]
    callers, products, keys, tokens = _columns([asked for _, asked in turn])
    ours = {token for (token,) in await execute(CLAIM, (callers, products, keys, bodies, tokens, lease_s))}
    found: dict[int, Claim] = {place: asked for place, asked in turn if asked.token in ours}
    others = {asked.token: (place, asked) for place, asked in turn if asked.token not in ours}
    if others:
        names = _columns([asked for _, asked in others.values()])
        for token, body_then, response in await execute(FIND, names):
            place, _ = others[token]
            found[place] = _state(body_then, response, wanted[place].body_sha256)
    return found


def _claimed(wanted: Wanted) -> Claimed:
    return Claimed(str(wanted.api_key_id or ""), wanted.product, wanted.key, uuid4())


def _columns(claims: Sequence[Claimed]) -> tuple[list[str], list[str], list[str], list[UUID]]:
    return (
        [claimed.caller for claimed in claims],
        [claimed.product for claimed in claims],
        [claimed.key for claimed in claims],
        [claimed.token for claimed in claims],
    )


async def release(engine: AsyncEngine, claimed: Claimed) -> None:
    """Free a key whose request ended without a decision; a claim that is no longer ours stays."""
    async with single_statements(engine) as connection:
        await connection.execute(
            sa.delete(table).where(
                table.c.response.is_(None), table.c.token == claimed.token, *_named(claimed)
            )
        )


async def keep_answers(execute: Execute, answers: Sequence[Answer]) -> None:
    """Keep the answers in the caller's transaction; raises LeaseLost, which must end it."""
    if not answers:
        return
    names = _columns([answer.claimed for answer in answers])
    values = (*names, [a.decision_id for a in answers], [a.response for a in answers])
    kept = {token for (token,) in await execute(FINISH, values)}
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


def _named(wanted: Claimed) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.caller == wanted.caller,
        table.c.product == wanted.product,
        table.c.key == wanted.key,
    )

"""API keys: shown once, stored hashed.

A key is 256 random bits, so a plain sha256 of it can be neither guessed nor looked up in a table.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import single_statements
from app.storage.errors import UnknownRecord
from app.storage.tables import api_key as table

PREFIX = "ck_"


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret; `scopes` are among decide, analyst, policy, audit."""

    id: UUID
    name: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None


async def create_key(
    engine: AsyncEngine, key_id: UUID, name: str, scopes: Collection[str], created_at: datetime
) -> str:
    """Store a new key and return its secret, which nobody can read again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {
        "id": key_id,
        "name": name,
        "hash": _hash(secret),
        "scopes": sorted(scopes),
        "created_at": created_at,
    }
    async with single_statements(engine) as connection:
        await connection.execute(sa.insert(table).values(row))
    return secret


async def find_key(engine: AsyncEngine, secret: str) -> ApiKey | None:
    """The key with that secret; None where it is unknown or revoked."""
    digest = _hash(secret)
    select = sa.select(table).where(table.c.hash == digest, table.c.revoked_at.is_(None))
    async with single_statements(engine) as connection:
        row = (await connection.execute(select)).first()
    # The index compared byte by byte; what is let in is compared in constant time.
    if row is None or not hmac.compare_digest(row.hash, digest):
        return None
    return _read(row)


async def revoke_key(engine: AsyncEngine, key_id: UUID, revoked_at: datetime) -> None:
    """From now on the key opens nothing; the first revocation stays. Raises UnknownRecord."""
    first = sa.func.coalesce(table.c.revoked_at, revoked_at)
    async with single_statements(engine) as connection:
        revoked = await connection.execute(
            sa.update(table).where(table.c.id == key_id).values(revoked_at=first)
        )
    if revoked.rowcount == 0:
        raise UnknownRecord(f"there is no key {key_id}")


async def list_keys(engine: AsyncEngine) -> list[ApiKey]:
    """Every key, newest first."""
    async with single_statements(engine) as connection:
        rows = (await connection.execute(sa.select(table).order_by(table.c.id.desc()))).all()
    return [_read(row) for row in rows]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _read(row: sa.Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(row.id, row.name, frozenset(row.scopes), row.created_at, row.revoked_at)

"""Ids that are the same in every run: what is worded by an id is worded alike.

An id is of the form that production's have (RFC 9562, version 7): the instant at which evals stand still, and
in the place of chance a hash of the case and of how many ids that case has asked for.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from uuid_utils.compat import uuid7

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""The instant that it is in every eval."""

_VERSION, _VARIANT = 0x7, 0b10


def _numbered(case: str) -> Iterator[UUID]:
    milliseconds = int(NOW.timestamp() * 1000)
    for n in count():
        drawn = int.from_bytes(hashlib.sha256(f"{case} {n}".encode()).digest(), "big")
        above = milliseconds << 80 | _VERSION << 76 | (drawn >> 62 & 0xFFF) << 64
        yield UUID(int=above | _VARIANT << 62 | drawn & (1 << 62) - 1)


_of_case: ContextVar[Iterator[UUID] | None] = ContextVar("ids", default=None)


@contextmanager
def of_case(case: str) -> Iterator[None]:
    """Within it, in this task and those begun by it, `new_id` counts for this case."""
    token = _of_case.set(_numbered(case))
    try:
        yield
    finally:
        _of_case.reset(token)


def new_id() -> UUID:
    """The next id of the case that is measured; production's where none is."""
    ids = _of_case.get()
    return uuid7() if ids is None else next(ids)

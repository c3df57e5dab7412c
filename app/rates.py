"""How often a key may ask: a bucket of tokens for each, filled at a steady rate.

Each worker counts for itself: with several, a key gets at most that many times the rate.
"""

import time
from typing import Final
from uuid import UUID

from cachetools import LRUCache

REMEMBERED: Final = 10_000
"""Keys with a bucket, the least recently used forgotten first: a forgotten one is full again."""


class Rates:
    """Tokens by key: `per_s` a second, and twice as many at once; None takes everybody."""

    def __init__(self, per_s: float | None) -> None:
        self._per_s = per_s
        self._buckets: LRUCache[UUID, tuple[float, float]] = LRUCache(REMEMBERED)

    def take(self, key_id: UUID, now_s: float | None = None) -> float:
        """Take a token: 0 where there was one, else the seconds until there is."""
        if self._per_s is None:
            return 0.0
        now_s = time.monotonic() if now_s is None else now_s
        most = 2 * self._per_s
        left, then_s = self._buckets.get(key_id, (most, now_s))
        left = min(most, left + (now_s - then_s) * self._per_s)
        if left < 1:
            self._buckets[key_id] = (left, now_s)
            return (1 - left) / self._per_s
        self._buckets[key_id] = (left - 1, now_s)
        return 0.0

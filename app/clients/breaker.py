"""When an API that fails is left alone, and how often a call may be made again.

Pure state machines: whoever uses them says what time it is, in seconds of any monotonic clock.
"""

from dataclasses import dataclass
from typing import Final

SPAN_S: Final = 5.0
"""Half of what is remembered: the counts of this span and of the one before it decide."""


@dataclass(frozen=True)
class BreakerRules:
    """It opens at that many failures in the last 5 to 10 s, where they are that share of the calls.

    Open, it lets one call through after `first_pause_s`, twice as long after each that fails, at most
    `longest_pause_s`; the first good answer closes it.
    """

    least_failures: int = 20
    share: float = 0.5
    first_pause_s: float = 0.5
    longest_pause_s: float = 5.0


USUAL: Final = BreakerRules()


class Breaker:
    """Closed, or open until an instant after which one call tries whether the API is back."""

    def __init__(self, rules: BreakerRules = USUAL) -> None:
        self._rules = rules
        self._good = self._bad = self._good_before = self._bad_before = 0
        self._since_s = float("-inf")
        self._pause_s = 0.0
        self._next_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._pause_s > 0

    def admits(self, now_s: float) -> bool:
        """Whether a call may be made now; where it is open, a True is the one trial of this pause."""
        if self._pause_s == 0:
            return True
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._pause_s
        return True

    def succeeded(self, now_s: float) -> bool:
        """An answer came; returns whether that closed it."""
        self._turn(now_s)
        self._good += 1
        if self._pause_s == 0:
            return False
        self._pause_s = 0.0
        self._good = self._bad = self._good_before = self._bad_before = 0
        return True

    def failed(self, now_s: float) -> bool:
        """No answer came; returns whether that opened it."""
        if self._pause_s > 0:
            self._pause_s = min(2 * self._pause_s, self._rules.longest_pause_s)
            self._next_s = now_s + self._pause_s
            return False
        self._turn(now_s)
        self._bad += 1
        bad = self._bad + self._bad_before
        calls = bad + self._good + self._good_before
        if bad < self._rules.least_failures or bad < self._rules.share * calls:
            return False
        self._pause_s = self._rules.first_pause_s
        self._next_s = now_s + self._pause_s
        return True

    def _turn(self, now_s: float) -> None:
        age_s = now_s - self._since_s
        if age_s < SPAN_S:
            return
        recent = age_s < 2 * SPAN_S
        self._good_before, self._bad_before = (self._good, self._bad) if recent else (0, 0)
        self._good = self._bad = 0
        self._since_s = now_s


class Allowance:
    """Calls beyond the first: each takes 1, each good answer earns `share`, up to `most`.

    So what is asked again adds at most that share to a load, and nothing once an API keeps failing.
    """

    def __init__(self, share: float, most: float) -> None:
        self._share = share
        self._most = most
        self._left = most

    def earn(self) -> None:
        """A good answer came."""
        if self._left < self._most:
            self._left = min(self._left + self._share, self._most)

    def take(self) -> bool:
        """Whether there is one left; it is taken."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

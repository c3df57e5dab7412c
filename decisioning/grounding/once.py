"""What is found out about a sentence, a name or a word is found out once for each pool."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from decisioning.grounding.pool import Pool

S = TypeVar("S", bound=Hashable)
T = TypeVar("T")


def once(finds: Callable[[S, Pool], T]) -> Callable[[S, Pool], T]:
    """The same function, asked once a sentence: the answer is kept for as long as the pool lives.

    To a check that runs blind it is one question: nothing of the pool but the answer is seen.
    """

    def found(about: S, pool: Pool) -> T:
        return pool.answer(finds, about)

    return found

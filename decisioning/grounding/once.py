"""What is found out about a sentence is found out once for each pool."""

from collections.abc import Callable
from typing import TypeVar

from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said

T = TypeVar("T")


def once(finds: Callable[[Said, Pool], T]) -> Callable[[Said, Pool], T]:
    """The same function, asked once a sentence: the answer is kept for as long as the pool lives."""

    def found(said: Said, pool: Pool) -> T:
        return pool.answer(finds, said)

    return found

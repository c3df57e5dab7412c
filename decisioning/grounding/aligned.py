"""Which word of a clause a word of a sentence stands for, and how much of a sentence a clause covers."""

from collections.abc import Iterable
from functools import lru_cache

from decisioning.grounding.lexicon import is_neutral, keys, near
from decisioning.grounding.passages import Passage
from decisioning.grounding.text import Word

_SAME, _LISTED, _NEAR = 1.0, 0.8, 0.6
"""What a word counts: its stem stands in the passage, is listed with one, is near one in a dictionary."""


def cover(content: Iterable[Word], passage: Passage) -> float:
    """How much of the words a passage covers: the same words whole, others a little less."""
    every = list(content)
    counted = [w for w in every if not is_neutral(w.stem)] or every
    if not counted:
        return 0.0
    beside = nearby(passage)
    return sum(
        _SAME
        if w.stem in passage.stems
        else _LISTED
        if keys(w.stem) & passage.keys
        else _NEAR * (w.stem in beside)
        for w in counted
    ) / len(counted)


@lru_cache(maxsize=4096)
def nearby(passage: Passage) -> frozenset[str]:
    """The stems that a dictionary has near any word of a passage."""
    return frozenset(other for stem in passage.stems for other in near(stem))


def counterparts(stem: str, passage: Passage) -> tuple[Word, ...]:
    """The words of a passage that a word of this stem stands for: the same ones, or else the nearest ones."""
    for fits in (
        lambda w: w.stem == stem,
        lambda w: bool(keys(w.stem) & keys(stem)),
        lambda w: w.stem in near(stem),
    ):
        found = tuple(w for w in passage.content if fits(w))
        if found:
            return found
    return ()

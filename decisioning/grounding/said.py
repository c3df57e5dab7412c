"""A sentence as the checker reads it: words, quantities, comparing phrases, segments."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

from decisioning.grounding.lexicon import is_stop
from decisioning.grounding.text import Word, words
from decisioning.model import Problem
from decisioning.numbers import Kind, Phrase, Quantity, comparing_phrases, quantities, trailing_phrases

_BOUNDARY = re.compile(
    r"[,;:()\u2013\u2014\"\u201c\u201d]|\s-\s|\b(?:and|but|because|while|whereas|as|since|which|so|although|though|when|if|where"
    r"|hence|therefore|with|plus)\b",
    re.IGNORECASE,
)


_CLOSE = 40
"""Characters before a quantity in which what it is said of stands close."""


@dataclass(frozen=True)
class Said:
    """A sentence taken apart once."""

    text: str
    names: tuple[str, ...] = ()

    def problem(self, code: str, problem: str) -> Problem:
        """A problem of this sentence, in words that its writer can act on."""
        return Problem(sentence=self.text, code=code, problem=problem)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All its words."""
        return words(self.text)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All its quantities."""
        return quantities(self.text, self.names)

    @cached_property
    def amounts(self) -> tuple[Quantity, ...]:
        """Its quantities that are neither names of clauses nor ranks nor days."""
        return tuple(q for q in self.quantities if q.kind not in (Kind.CLAUSE, Kind.ORDINAL, Kind.DATE))

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """Its comparing phrases."""
        return tuple(comparing_phrases(self.text))

    @cached_property
    def trailing(self) -> tuple[Phrase, ...]:
        """What trails its quantities and compares: the "or less" of "60 % or less"."""
        return tuple(trailing_phrases(self.text, [q.end for q in self.amounts]))

    @cached_property
    def content(self) -> tuple[Word, ...]:
        """Its words that carry content and are no part of a quantity."""
        return tuple(
            w
            for w in self.words
            if not is_stop(w.text) and not any(q.start <= w.start < q.end for q in self.quantities)
        )

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all its words."""
        return frozenset(w.stem for w in self.words)

    @cached_property
    def boundaries(self) -> tuple[int, ...]:
        """Where one part of the sentence ends and the next begins."""
        spans = [(q.start, q.end) for q in self.quantities]
        found = (m.start() for m in _BOUNDARY.finditer(self.text))
        return tuple(p for p in found if not any(a <= p < b for a, b in spans))

    @cached_property
    def sequence(self) -> tuple[str, ...]:
        """The stems of all its words in order."""
        return tuple(w.stem for w in self.words)

    def ordered(self, start: int, end: int) -> tuple[str, ...]:
        """The stems of the words that stand in that span, in order."""
        return tuple(w.stem for w in self.words if start <= w.start and w.end <= end)

    def between(self, start: int, end: int) -> frozenset[str]:
        """The stems of the words that stand in that span."""
        return frozenset(w.stem for w in self.words if start <= w.start and w.end <= end)

    def left_of(self, quantity: Quantity) -> frozenset[str]:
        """The words before a quantity, back to the previous quantity or part."""
        return self.between(self._left(quantity), quantity.start)

    def before(self, quantity: Quantity) -> tuple[str, ...]:
        """The words before a quantity, as `left_of` has them, in order."""
        return self.ordered(self._left(quantity), quantity.start)

    def close_to(self, quantity: Quantity) -> frozenset[str]:
        """The last few words before a quantity, in its own part."""
        return self.between(max(self._left(quantity), quantity.start - _CLOSE), quantity.start)

    def right_of(self, quantity: Quantity) -> frozenset[str]:
        """The words after a quantity, up to the next quantity or part."""
        later = [q.start for q in self.quantities if q.start >= quantity.end]
        edges = [b for b in self.boundaries if b >= quantity.end]
        return self.between(quantity.end, min([*later, *edges, len(self.text)]))

    def part_of(self, quantity: Quantity) -> str:
        """The part of the sentence around a quantity, other quantities included."""
        left = max([b for b in self.boundaries if b < quantity.start], default=0)
        right = min([b for b in self.boundaries if b >= quantity.end], default=len(self.text))
        return self.text[left:right]

    def same_part(self, one: Quantity, other: Quantity) -> bool:
        """Whether two quantities stand in one part of the sentence; brackets part nothing here."""
        low, high = sorted((one.start, other.start))
        return not any(low < b < high for b in self.boundaries if self.text[b] not in "()")

    def _left(self, quantity: Quantity) -> int:
        earlier = [q.end for q in self.quantities if q.end <= quantity.start]
        edges = [b for b in self.boundaries if b < quantity.start]
        return max([*earlier, *edges, 0])


def said_of(text: str, clauses: Collection[str] = ()) -> Said:
    """That sentence taken apart, with the clauses of these names that it mentions; kept for the next time."""
    return _said_of(text, tuple(sorted(name for name in clauses if name in text)))


@lru_cache(maxsize=2048)
def _said_of(text: str, names: tuple[str, ...]) -> Said:
    return Said(text, names)

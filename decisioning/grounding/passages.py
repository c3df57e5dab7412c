"""Sentences of clauses and of catalogue texts, taken apart once, and how much of a text they carry."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.text import Word, sentences, words
from decisioning.grounding.topics import all_named, vocabulary
from decisioning.numbers import Quantity, quantities


@dataclass(frozen=True)
class Passage:
    """One sentence of a clause or of a catalogue text, taken apart once."""

    source: str
    clause: str | None
    text: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]

    def __hash__(self) -> int:
        return hash(self.text)

    @cached_property
    def content(self) -> tuple[Word, ...]:
        """Its words that carry content."""
        return tuple(w for w in self.words if not is_stop(w.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(w.stem for w in self.content)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What its content words can be matched by, other names of what it names among them."""
        found = {key for word in self.content for key in keys(word.stem)}
        for name in all_named(self.stems):
            found |= vocabulary(name)
        return frozenset(found)


def share(content: Iterable[Word], carried: frozenset[str]) -> float:
    """Which share of the words is carried by these keys; all of nothing."""
    every = list(content)
    counted = [w for w in every if not is_neutral(w.stem)] or every
    return sum(1 for w in counted if keys(w.stem) & carried) / len(counted) if counted else 1.0


def likeness(content: Iterable[Word], passage: Passage) -> float:
    """How much of the words stands in the passage: its own words count whole, their likes half."""
    every = list(content)
    own = [w for w in every if not is_neutral(w.stem)] or every
    if not own:
        return 0.0
    return sum(
        1.0 if w.stem in passage.stems else 0.5 * bool(keys(w.stem) & passage.keys) for w in own
    ) / len(own)


_ITEM = re.compile(r"\(?(?:[a-z]{1,2}|[ivx]{1,4}|\d{1,2})[).]\s", re.IGNORECASE)
_LEADS = re.compile(r"[:\u2014\u2013-]\s*$")


def _led_in(pieces: Iterable[str]) -> Iterator[str]:
    """The items of a list, each behind the words that lead the list in."""
    head = ""
    for piece in pieces:
        if head and _ITEM.match(piece):
            yield f"{head} {_ITEM.sub('', piece, count=1)}"
        else:
            yield piece
            head = _LEADS.sub("", piece) if _LEADS.search(piece) else ""


@lru_cache(maxsize=4096)
def passages_of(source: str, clause: str | None, text: str) -> tuple[Passage, ...]:
    """The sentences of a text as passages of that source."""
    pieces = _led_in(text[a:b] for a, b in sentences(text))
    return tuple(Passage(source, clause, p, words(p), quantities(p)) for p in pieces)

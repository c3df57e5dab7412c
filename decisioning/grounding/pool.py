"""All that a text may draw on: numbers with their roles, passages, rules, and the words of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache

from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.text import Word, sentences, words
from decisioning.grounding.topics import named_in, stems_of
from decisioning.model import Comparator, Outcome, Rule, Unit
from decisioning.numbers import Quantity, quantities


class Role(StrEnum):
    """What a number is to the decision: a limit is not a value."""

    VALUE = "value"
    LIMIT = "limit"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Known:
    """A number that may be said, of which fact, in which role; `unit` None means that nobody said."""

    value: float
    unit: Unit | None
    role: Role
    name: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A day that may be said; `words` are stems that tell which day it is, none if any may."""

    day: date
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Passage:
    """One sentence of a clause or of a catalogue text, taken apart once."""

    source: str
    clause: str | None
    text: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]

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
        """What its content words can be matched by."""
        return keys_of(self.content)


@dataclass(frozen=True)
class Carrier:
    """A claim as the checker sees it: what it names, in which words it may be put, where it rests."""

    id: str
    kind: str
    names: tuple[str, ...]
    clauses: tuple[str, ...]
    keys: frozenset[str]
    passages: tuple[Passage, ...] = ()
    rule: Rule | None = None


@dataclass(frozen=True)
class Pool:
    """What one text is checked against."""

    numbers: tuple[Known, ...] = ()
    dates: tuple[KnownDate, ...] = ()
    passages: tuple[Passage, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    rules: tuple[Rule, ...] = ()
    labels: frozenset[tuple[str, str]] = frozenset()
    clauses: frozenset[str] = frozenset()
    outcome: Outcome | None = None
    currency_unit: int = 1
    titles: Mapping[str, str] = field(default_factory=dict)
    extra: frozenset[str] = field(default_factory=frozenset)

    def named(self, name: str, stems: frozenset[str]) -> float:
        """How well words with these stems name the fact, by its name, its title or another of its names."""
        return named_in(name, stems, self.titles.get(name, ""))

    def near(self, stems: frozenset[str]) -> frozenset[str]:
        """The facts that any of these stems may name."""
        return frozenset(name for word in stems for name in self._named_by.get(word, ()))

    @cached_property
    def _named_by(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name in self.names:
            for word in stems_of(name, self.titles.get(name, "")):
                found.setdefault(word, set()).add(name)
        return {word: frozenset(names) for word, names in found.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """The facts that any number of the pool belongs to."""
        return frozenset(k.name for k in self.numbers if k.name)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What any word of the pool can be matched by."""
        found = set(self.extra)
        for passage in self.passages:
            found |= passage.keys
        for carrier in self.carriers:
            found |= carrier.keys
        return frozenset(found)

    @cached_property
    def written(self) -> frozenset[str]:
        """Every word of the passages as it is written, in lower case."""
        return frozenset(w.text.lower() for p in self.passages for w in p.words)


def keys_of(found: Iterable[Word]) -> frozenset[str]:
    """Everything that these words can be matched by."""
    return frozenset(key for word in found for key in keys(word.stem))


@lru_cache(maxsize=4096)
def passages_of(source: str, clause: str | None, text: str) -> tuple[Passage, ...]:
    """The sentences of a text as passages of that source."""
    pieces = (text[a:b] for a, b in sentences(text))
    return tuple(Passage(source, clause, p, words(p), quantities(p)) for p in pieces)


COMPLEMENT = {
    Comparator.GT: Comparator.LE,
    Comparator.GE: Comparator.LT,
    Comparator.LT: Comparator.GE,
    Comparator.LE: Comparator.GT,
    Comparator.EQ: Comparator.NE,
    Comparator.NE: Comparator.EQ,
}
"""What a policy asks for when a rule acts on the contrary."""

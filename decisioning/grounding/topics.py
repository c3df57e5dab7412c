"""What a fact is called: its own name, its title, and the other names that people use for it."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.stems import lines, stem

_UNIT_WORDS = frozenset(
    {
        "months",
        "years",
        "days",
        "points",
        "amount",
        "value",
        "number",
        "count",
        "level",
        "share",
        "percent",
        "percentage",
    }
)
NAMED = 1.0
"""From here on a fact is named, by a name that is its own."""
_BETWEEN = 2
MEANT = 0.8
"""From here on it may be meant."""

Phrase = tuple[str, ...]
"""A name as the stems of its words."""


@cache
def _aliases() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found = {}
    for line in lines("topics.txt"):
        name, _, phrases = line.partition(":")
        own, _, meant = phrases.partition("|")
        found[name.strip()] = (_split(own), _split(meant))
    return found


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in phrases.split(";") if p.strip())


@lru_cache(maxsize=4096)
def phrases(name: str, title: str = "") -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
    """The phrases that name a fact and no other, and those that may mean it."""
    parts = [p for p in re.split(r"[\W_]+", name.lower()) if p and not is_stop(p)]
    plain = " ".join([p for p in parts if p not in _UNIT_WORDS] or parts)
    titled = " ".join(w for w in re.split(r"[\W_]+", title.lower()) if w and not is_stop(w))
    own, meant = _aliases().get(name, ((), ()))
    return _stemmed(plain, titled, *own), _stemmed(*meant)


def _stemmed(*texts: str) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(tuple(stem(w) for w in text.split()) for text in texts if text))


@lru_cache(maxsize=4096)
def vocabulary(name: str, title: str = "") -> frozenset[str]:
    """Every key of every phrase that names or may mean the fact."""
    return frozenset(key for word in stems_of(name, title) for key in keys(word))


@lru_cache(maxsize=4096)
def stems_of(name: str, title: str = "") -> frozenset[str]:
    """The stem of every word of every phrase that names or may mean the fact."""
    return frozenset(word for group in phrases(name, title) for phrase in group for word in phrase)


@lru_cache(maxsize=32768)
def named_in(name: str, stems: frozenset[str], title: str = "") -> float:
    """How surely words with these stems name the fact: NAMED and more, MEANT and more, or less.

    Only stems count here, not what may stand for them: a name is a name. Longer phrases weigh a
    little more, so that "nominal rate" beats "rate" where both stand.
    """
    if stems.isdisjoint(stems_of(name, title)):
        return 0.0
    own, meant = phrases(name, title)
    return max(_best(own, stems, NAMED), _best(meant, stems, MEANT))


def _best(group: tuple[Phrase, ...], stems: frozenset[str], whole: float) -> float:
    best = 0.0
    for phrase in group:
        hits = sum(word in stems for word in phrase)
        if hits:
            share = hits / len(phrase)
            best = max(best, whole + 0.02 * hits if share == 1 else 0.7 * whole * share)
    return best


def words_of(name: str, found: Sequence[str], title: str = "") -> frozenset[str]:
    """The stems of the longest phrase that is the fact's own name and stands together there, if any does."""
    there = frozenset(found)
    if there.isdisjoint(stems_of(name, title)):
        return frozenset()
    standing = [p for p in phrases(name, title)[0] if there.issuperset(p) and stands(p, found)]
    return frozenset(max(standing, key=lambda p: (len(set(p)), p), default=()))


def stands(phrase: Phrase, found: Sequence[str]) -> bool:
    """Whether the words of a phrase stand together among these stems, a few others between them at most."""
    wanted = set(phrase)
    span = len(wanted) + _BETWEEN
    return any(wanted <= set(found[n : n + span]) for n, stem_ in enumerate(found) if stem_ in wanted)


def all_named(stems: frozenset[str]) -> frozenset[str]:
    """The facts known by other names that these stems name."""
    return frozenset(name for name in _aliases() if named_in(name, stems) >= NAMED)


class Names:
    """What the facts of many decisions are called."""

    def __init__(self, names: frozenset[str], titles: Sequence[tuple[str, str]]) -> None:
        self.names, self.titles = names, dict(titles)
        self._stems = tuple((n, stems_of(n, self.titles.get(n, ""))) for n in names)
        self.may_name = lru_cache(maxsize=4096)(self._may_name)
        self.topics = lru_cache(maxsize=4096)(self._topics)

    def named(self, name: str, stems: frozenset[str]) -> float:
        """How surely words with these stems name the fact."""
        return named_in(name, stems, self.titles.get(name, ""))

    def _may_name(self, stems: frozenset[str]) -> frozenset[str]:
        """The facts that any of these stems may name."""
        return frozenset(n for n, own in self._stems if not stems.isdisjoint(own))

    def _topics(self, found: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        """Each topic that these stems name, in their order, as the facts that share a name."""
        near = self.may_name(frozenset(found))
        named = {name: words_of(name, found, self.titles.get(name, "")) for name in near}
        groups: dict[frozenset[str], set[str]] = {}
        for name, own in named.items():
            if own and not any(own < other for other in named.values()):
                groups.setdefault(own, set()).add(name)
        return tuple(frozenset(groups[own]) for own in sorted(groups, key=sorted))


@lru_cache(maxsize=64)
def naming_of(names: frozenset[str], titles: tuple[tuple[str, str], ...]) -> Names:
    """What facts of these names and titles are called, the same value for the same ones."""
    return Names(names, titles)

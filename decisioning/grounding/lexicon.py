"""Which words may stand for which: word lists beside this file, read once."""

from functools import cache, lru_cache

from decisioning.grounding.stems import lines, stem

_PREFIX = 6
"""Stems of at least this length that begin alike are taken for one family (purchas-, obligat-)."""


@cache
def _groups() -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for number, line in enumerate(lines("synonyms.txt")):
        for word in line.replace("-", " ").split():
            groups.setdefault(stem(word), set()).add(f"group {number}")
    return {word: frozenset(names) for word, names in groups.items()}


@cache
def _sides() -> dict[str, frozenset[tuple[int, int]]]:
    sides: dict[str, set[tuple[int, int]]] = {}
    for number, line in enumerate(lines("antonyms.txt")):
        for side, words in enumerate(line.split(":")):
            for word in words.split():
                sides.setdefault(stem(word), set()).add((number, side))
    return {word: frozenset(found) for word, found in sides.items()}


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word for line in lines(name) for word in line.split())


@cache
def _neutral() -> frozenset[str]:
    return listed("neutral.txt")


@cache
def listed(name: str) -> frozenset[str]:
    """The stems of a word list."""
    return frozenset(stem(word) for word in _listed(name))


@lru_cache(maxsize=16384)
def is_stop(word: str) -> bool:
    """Whether a word as written only holds a sentence together."""
    return word.lower().replace("\u2019", "'") in _listed("stop.txt")


def is_neutral(stem_: str) -> bool:
    """Whether a word of this stem states nothing of its own about a decision."""
    return stem_ in _neutral()


@lru_cache(maxsize=65536)
def keys(stem_: str) -> frozenset[str]:
    """What a stem can be matched by: two stems with a key in common may stand for one another."""
    found = {stem_} | _groups().get(stem_, frozenset())
    if len(stem_) >= _PREFIX:
        found.add("begins " + stem_[:_PREFIX])
    return frozenset(found)


@cache
def _near() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in lines("near.txt"):
        own, _, others = line.partition(":")
        for other in others.split():
            found.setdefault(own, set()).add(other)
            found.setdefault(other, set()).add(own)
    return {word: frozenset(others) for word, others in found.items()}


def near(stem_: str) -> frozenset[str]:
    """The stems that a dictionary has beside this one: weaker than `keys`."""
    return _near().get(stem_, frozenset())


def are_opposed(one: str, other: str) -> bool:
    """Whether one stem says the contrary of the other."""
    sides = _sides()
    return any(
        (number, 1 - side) in sides.get(other, frozenset()) for number, side in sides.get(one, frozenset())
    )

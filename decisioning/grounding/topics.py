"""What a fact is called: its own name, and the other names that people use for it."""

import re
from functools import cache, lru_cache

from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.stems import lines, stem

_UNIT_WORDS = frozenset({"months", "years", "days", "points", "amount", "value", "number", "count", "level"})

Phrase = tuple[str, ...]
"""A name as the stems of its words."""


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    table = (line.partition(":") for line in lines("topics.txt"))
    return {name.strip(): tuple(p.strip() for p in phrases.split(";")) for name, _, phrases in table}


@lru_cache(maxsize=4096)
def phrases(name: str, title: str = "") -> tuple[Phrase, ...]:
    """Every phrase that names a fact: its own name without unit words, its title, the known others."""
    parts = [p for p in re.split(r"[\W_]+", name.lower()) if p and not is_stop(p)]
    plain = [p for p in parts if p not in _UNIT_WORDS] or parts
    titled = " ".join(w for w in re.split(r"[\W_]+", title.lower()) if w and not is_stop(w))
    texts = (" ".join(plain), titled, *_aliases().get(name, ()))
    return tuple(dict.fromkeys(tuple(stem(w) for w in text.split()) for text in texts if text))


@lru_cache(maxsize=4096)
def vocabulary(name: str, title: str = "") -> frozenset[str]:
    """Every key of every phrase that names the fact."""
    return frozenset(key for phrase in phrases(name, title) for word in phrase for key in keys(word))


@lru_cache(maxsize=4096)
def stems_of(name: str, title: str = "") -> frozenset[str]:
    """The stem of every word of every phrase that names the fact."""
    return frozenset(word for phrase in phrases(name, title) for word in phrase)


def named_in(name: str, stems: frozenset[str], title: str = "") -> float:
    """How well words with these stems name the fact: the best share of a phrase that stands among them.

    Only stems count here, not what may stand for them: a name is a name. Longer phrases weigh a
    little more, so that "nominal rate" beats "rate" where both stand.
    """
    if not stems:
        return 0.0
    best = 0.0
    for phrase in phrases(name, title):
        hits = len(stems.intersection(phrase))
        share = hits / len(phrase)
        best = max(best, share + 0.02 * hits if share == 1 else share * 0.9)
    return best

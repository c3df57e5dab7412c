"""What is left of an English word when its endings are gone."""

import re
from functools import cache, lru_cache
from importlib import resources

_LONG = 6


def lines(name: str) -> tuple[str, ...]:
    """The lines of a word list of this package, without its comments."""
    text = resources.files("decisioning.grounding").joinpath("lexicon", name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _irregular() -> dict[str, str]:
    table = (line.partition(":") for line in lines("stems.txt"))
    return {word: own.strip() for own, _, words in table for word in words.split()}


@cache
def _suffixes() -> tuple[tuple[str, str], ...]:
    parts = (line.partition(" ") for line in lines("suffixes.txt"))
    return tuple((ending, replacement) for ending, _, replacement in parts)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a lower-case word: what is left when its endings are gone, at least three letters.

    Rough on purpose: "applicant", "application" and "apply" share one, as do "decline" and "declined".
    """
    irregular = _irregular()
    word = word.removesuffix("'s").removesuffix("'")
    for _ in range(4):
        if word in irregular:
            return irregular[word]
        shorter = _strip(word)
        if shorter == word:
            return word
        word = shorter
    return word


def _strip(word: str) -> str:
    for suffix, replacement in _suffixes():
        if not word.endswith(suffix) or (suffix == "s" and word.endswith(("ss", "us", "is"))):
            continue
        root = word[: -len(suffix)] + replacement
        if len(root) >= (3 if len(suffix) < 4 else 4) and re.search("[aeiouy]", root):
            return _undouble(root) if suffix in ("ed", "ing", "er", "ers") else root
    return word


def _undouble(root: str) -> str:
    if len(root) >= _LONG and root.endswith("ell"):  # travelled, cancelling
        return root[:-1]
    return root[:-1] if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz" else root

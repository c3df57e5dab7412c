"""The word lists of the chat, read once from `words.txt` beside this file."""

from functools import cache
from importlib import resources


@cache
def listed(name: str) -> frozenset[str]:
    """The words of the list of that name, as they are written."""
    found: set[str] = set()
    inside = False
    text = resources.files("decisioning.chat").joinpath("words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            inside = line == f"[{name}]"
        elif inside and not line.startswith("#"):
            found.update(line.split())
    if not found:
        raise KeyError(name)
    return frozenset(found)

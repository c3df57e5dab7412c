"""Forms of words, by name: one list beside this file, compiled once."""

import re
from collections.abc import Iterator
from functools import cache

from decisioning.grounding.stems import lines

_PERSON = "person|officer|underwriter|analyst|colleague|specialist|reviewer|human"


class Form:
    """Finds any of the forms of one name, whatever their case; a match's own text is in lower case.

    A pattern that knows its letters is several times as fast as one that ignores their case.
    """

    def __init__(self, alternatives: str) -> None:
        self._exact = re.compile(rf"\b(?:{alternatives})\b")
        self._any = re.compile(self._exact.pattern, re.IGNORECASE)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The first form in the text from there on."""
        lowered = text.lower()
        return (
            self._exact.search(lowered, start) if len(lowered) == len(text) else self._any.search(text, start)
        )

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every form in the text, in order."""
        lowered = text.lower()
        return self._exact.finditer(lowered) if len(lowered) == len(text) else self._any.finditer(text)


@cache
def form(name: str) -> Form:
    """What finds any of the forms of that name."""
    return Form(pattern(name))


@cache
def pattern(name: str) -> str:
    """The alternatives of that name as the inside of a regular expression."""
    return "|".join(_forms()[name])


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines("forms.txt"):
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        else:
            alternatives = (part.strip() for part in line.split(";"))
            found[name] += [a.replace("PERSON", _PERSON).replace(" ", r"\s+") for a in alternatives if a]
    return {name: tuple(forms) for name, forms in found.items()}

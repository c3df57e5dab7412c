"""Forms of words, by name: one list beside this file, compiled once."""

import re
from functools import cache

from decisioning.grounding.stems import lines

_PERSON = "person|officer|underwriter|analyst|colleague|specialist|reviewer|human"


@cache
def form(name: str) -> re.Pattern[str]:
    """The pattern that finds any of the forms of that name, whatever their case."""
    return re.compile(rf"\b(?:{pattern(name)})\b", re.IGNORECASE)


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

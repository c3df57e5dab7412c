"""What a clause refers to and what it defines, read from its words."""

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.model import Provision

_NUMBERED = re.compile(r"\b[A-Z][A-Za-z]*-\d+(?:\.\d+)*(?:\([a-z0-9]{1,4}\))*")


def resolved(provisions: Sequence[Provision]) -> tuple[Provision, ...]:
    """The same provisions, each with the clauses that it names."""
    return tuple(replace(one, refers_to=_referred(one)) for one in provisions)


def names(query: str) -> list[str]:
    """The words of a question that may be a clause's number, as they are written."""
    words = (word.strip(".,;:?!\"'`\u2018\u2019\u201c\u201d") for word in query.split())
    return list(dict.fromkeys(word for word in words if any(c.isdigit() for c in word)))


def _referred(one: Provision) -> tuple[str, ...]:
    named = dict.fromkeys(_NUMBERED.findall(one.text))
    return tuple(name for name in named if name != one.clause)

"""A single case of a clause: a loan of 6 million is one above 5 million."""

import re
from collections.abc import Iterator
from decimal import Decimal

from decisioning.comparison import compare
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, length_of, quoting
from decisioning.grounding.said import Said
from decisioning.grounding.stems import stem
from decisioning.grounding.swapped import likest
from decisioning.grounding.turning import WORDS
from decisioning.grounding.working import fits_predicate
from decisioning.numbers import OPPOSITE, Kind, Quantity, bound_of

_VERB = re.compile(
    r"\b(?:must|shall|may|can|cannot|will|is|are|was|were|has\s+to|have\s+to|needs?|requires?|pays?|costs?|gets?|equals?)\b",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"^(?:(?:on|for|in|with|at|to|under|if|where|when|without|of)\b|an?\b|any\b|no\b|somebody\b|someone\b)",
    re.IGNORECASE,
)
_IF = re.compile(r"^(?:if|where|when)\b", re.IGNORECASE)
_NOUN = re.compile(r"\s+(?P<noun>[a-z]{3,})", re.IGNORECASE)


def instances(said: Said, pool: Pool) -> Iterator[tuple[str, bool]]:
    """The sentence about all cases of which it names one, and whether the clause's limit is met there.

    Only a number in the subject, before any verb, makes a case; what follows a verb is a statement.
    """
    if not _CASE.match(said.text):
        return
    for quantity in said.amounts:
        if quantity.bound or quantity.comparator or quoting(quantity, pool) or pool.meaning(quantity):
            continue
        part = said.text[: quantity.start].rpartition(",")[2]
        if _VERB.search(part.strip().partition(" ")[2]) and not _IF.match(part.strip()):
            continue
        for passage in likest(said, pool):
            for limit, worth, own in _comparable(said, quantity, passage):
                bound = bound_of(limit)
                if bound not in WORDS:
                    continue
                met = compare(float(own), bound, float(worth))
                if not fits_predicate(said.text, passage.text, met=met):
                    continue
                words = WORDS[bound if met else OPPOSITE[bound]]
                yield f"{said.text[: quantity.start]}{words} {limit.text}{said.text[quantity.end :]}", met


def _comparable(
    said: Said, quantity: Quantity, passage: Passage
) -> Iterator[tuple[Quantity, Decimal, Decimal]]:
    """The numbers of a passage of the same sort: the same unit, or the same noun behind."""
    for other in passage.quantities:
        if other.kind is not quantity.kind:
            continue
        if quantity.kind is Kind.DURATION:
            (sort, worth), (own_sort, own) = length_of(other), length_of(quantity)
            if sort == own_sort:
                yield other, worth, own
        elif quantity.kind is Kind.NUMBER:
            if _noun(said.text, quantity) == _noun(passage.text, other) != "":
                yield other, other.value, quantity.value
        elif quantity.kind in (Kind.PERCENT, Kind.MONEY, Kind.POINTS) and quantity.unit == other.unit:
            yield other, other.value, quantity.value


def _noun(text: str, quantity: Quantity) -> str:
    found = _NOUN.match(text, quantity.end)
    return stem(found["noun"].lower()) if found else ""

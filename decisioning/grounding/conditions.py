"""Of two conditions one is not enough, and what a fact does not meet has no consequence."""

import re
from collections.abc import Iterable, Iterator

from decisioning.comparison import compare
from decisioning.grounding.aligned import counterparts
from decisioning.grounding.lexicon import is_neutral
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.working import limits_of, value_of
from decisioning.model import Problem
from decisioning.numbers import Quantity, bound_of

_IF = re.compile(
    r"\b(?:if|where|when|whenever|provided\s+that|in\s+the\s+case\s+of|for\s+an?\s+amount|with\s+regard\s+to)\b",
    re.IGNORECASE,
)
_THEN = re.compile(
    r",\s+(?:then\s+)?(?:[\w'\u2019-]+\s+){1,8}?(?:must|shall|may|can|is|are|has|have|does|do|will|cannot)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r",\s+(?:the|an?|it|they|each|no|such|any)\s", re.IGNORECASE)
_JOINS = re.compile(r";\s*(?:and\s+)?|,\s+(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_EITHER = re.compile(r"[,;]\s*or\b|\beither\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|no|never|without|neither|cannot|unless|only|until|above|below|exceeds?|within|less|more|at\s+least|at\s+most)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(r"\b(?:must|shall|may|can|cannot)\b", re.IGNORECASE)
_BESIDE = 40
"""Characters around a limit that belong to the condition."""
_NOT = re.compile(r"\b(?:not|no|never|neither|cannot)\b", re.IGNORECASE)
_HALF, _TWO = 0.5, 2
_LEAST = 0.4

Span = tuple[int, int]


def check_conditions(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence leaves out one of two conditions, or a fact does not meet one."""
    spared = bool(_NOT.search(said.text)) and any(unmet(said, nearest, pool))
    for passage in nearest[:1] if not spared else ():
        left = _left_out(said, passage)
        if left:
            yield said.problem("exception", f'the clause asks for "{left.strip()}" as well')
            return
    yield from _unmet(said, nearest, pool)


def _left_out(said: Said, passage: Passage) -> str:
    """A condition of which the sentence tells nothing, though it tells another one and what follows."""
    region = _region(passage.text)
    if region is None or _EITHER.search(passage.text, *region):
        return ""
    told = [(part, *_told(said, passage, part)) for part in _parts(passage, region)]
    some = any(n and n >= _HALF * of for _, n, of in told)
    follows = (
        _told(said, passage, (0, region[0]))[0] + _told(said, passage, (region[1], len(passage.text)))[0]
    )
    if not some or not follows:
        return ""
    return next((passage.text[a:b] for (a, b), n, of in told if n == 0 and of >= _TWO), "")


def _region(text: str) -> Span | None:
    """Where the conditions of a passage stand: from its "if" to what follows from it."""
    start = _IF.search(text)
    if start is None:
        return None
    then = _THEN.search(text, start.end()) or _last(text, start)
    if then is None and start.start() == 0:
        return None
    return start.end(), then.start() if then else len(text)


def _last(text: str, start: re.Match[str]) -> re.Match[str] | None:
    """Where a sentence that begins with its condition goes on with "the" or "it", for the last time."""
    found = list(_GOES_ON.finditer(text, start.end())) if start.start() == 0 else []
    return found[-1] if found else None


def _parts(passage: Passage, region: Span) -> list[Span]:
    inside = [(q.start, q.end) for q in passage.quantities]
    joins = [m.span() for m in _JOINS.finditer(passage.text, *region)]
    joins = [j for j in joins if not any(a < j[0] < b for a, b in inside)]
    edges = [region[0], *(e for span in joins for e in span), region[1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _told(said: Said, passage: Passage, span: Span) -> tuple[int, int]:
    """How many words of a part the sentence tells, and of how many; a limit not told is none of two."""
    bounds = [q for q in passage.quantities if span[0] <= q.start < span[1] and bound_of(q)]
    if bounds and not any(equal(q, own) for q in bounds for own in said.amounts):
        return 0, _TWO
    found = [w for w in passage.content if span[0] <= w.start < span[1] and not is_neutral(w.stem)]
    own = said_words(said)
    return sum(any(w in counterparts(stem, passage) for stem in own) for w in found), len(found)


def said_words(said: Said) -> frozenset[str]:
    """The stems of a sentence's words with content."""
    return frozenset(w.stem for w in said.content)


def _unmet(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """A debt of 960 does not have the consequence of one of 1,000 or more."""
    if _DENIES.search(said.text):
        return
    for passage, quantity in unmet(said, nearest, pool):
        around = [w for w in passage.content if abs(w.start - quantity.start) > _BESIDE]
        own = said_words(said)
        told = sum(any(w in counterparts(stem, passage) for stem in own) for w in around)
        if told and told >= _LEAST * len(around):
            yield said.problem("comparator", f'the fact does not meet "{quantity.text}" of the clause')
            return


def unmet(said: Said, passages: Iterable[Passage], pool: Pool) -> Iterator[tuple[Passage, Quantity]]:
    """The sentences of the clauses whose condition a fact that is told does not meet, with its limit."""
    among = set(passages)
    for known, limits in limits_of(said, pool).items():
        if not any(known in pool.meaning(q) for q in said.amounts):
            continue
        for worth, quantity, passage in limits:
            bound = bound_of(quantity)
            rules = passage in among and not _DUTY.search(passage.text[: quantity.start])
            if rules and bound and not compare(float(value_of(known, pool)), bound, float(worth)):
                yield passage, quantity

"""What a length of time runs from and what a thing is because of: as the clause has it, nothing else."""

import re
from collections.abc import Iterable, Iterator

from decisioning.grounding.aligned import counterparts
from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word, words
from decisioning.model import Problem
from decisioning.numbers import Kind, Quantity

_FROM = re.compile(
    r"\s*,?\s*(?:of|from|after|before|following|since|prior\s+to|counted\s+from|preceding)\s+(?:the\s+(?:date|day|time|moment)\s+(?:that|when|on\s+which|of)\s+)?(?P<what>[^,.;:()]{3,80})",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:if|unless|where|when|and\s+(?:the|is|are|must|shall|may|in)|so|but|for|to|that|in\s+which)\b",
    re.IGNORECASE,
)
_DATES = frozenset(("date", "day", "time", "month", "year", "moment", "end"))
_BECAUSE = re.compile(
    r"\b(?:because(?!\s+of\s+th(?:is|at)\b)|on\s+the\s+ground\s+that|for\s+the\s+reason\s+that|owing\s+to|due\s+to)\s+(?P<why>[^,.;]+)",
    re.IGNORECASE,
)
_CAUSAL = re.compile(
    r"\b(?:because|since|as|so\s+that|therefore|for\s+(?:that|this)\s+reason|ground|reason|owing|due|so|in\s+order|if|where|when|who|which)\b",
    re.IGNORECASE,
)
_LEAST = 0.5
_EDGE = re.compile(r"[,;:.]|\b(?:and|but|while|whereas)\b", re.IGNORECASE)


def check_anchors(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence counts from something else than the clause, or gives another cause."""
    yield from _starts(said, nearest)
    yield from _causes(said, pool)
    yield from _attached(said, nearest)


def _starts(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "Within 30 days of the decision" is not "within 30 days of the application"."""
    for quantity in (q for q in said.amounts if q.kind is Kind.DURATION):
        own = _what(said.text, quantity.end)
        found = [
            (p, w)
            for p in nearest
            for o in p.quantities
            if equal(quantity, o) and (w := _what(p.text, o.end))
        ]
        if own and found and not any(_share(own, p) for p, _ in found if _meet(own, p, found)):
            text = " ".join(w.text for w in found[0][1])
            yield said.problem("time", f'"{quantity.text}" runs from something else in the clause: "{text}"')
            return


def _meet(own: list[Word], passage: Passage, found: list[tuple[Passage, list[Word]]]) -> bool:
    theirs = {w.stem for p, anchor in found if p is passage for w in anchor}
    return any(c.stem in theirs for w in own for c in counterparts(w.stem, passage))


def _share(own: list[Word], passage: Passage) -> bool:
    return any(counterparts(w.stem, passage) for w in own)


def _what(text: str, end: int) -> list[Word]:
    """The words with content that a length of time is counted from."""
    found = _FROM.match(text, end)
    if not found:
        return []
    edge = _ENDS.search(found["what"], 1)
    what = found["what"][: edge.start()] if edge else found["what"]
    return [w for w in words(what) if not is_stop(w.text) and w.text.lower() not in _DATES]


def _causes(said: Said, pool: Pool) -> Iterator[Problem]:
    """A cause is one that a clause names."""
    found = _BECAUSE.search(said.text)
    if not found or any(found.start() <= q.start for q in said.amounts):
        return
    why = [w for w in words(found["why"]) if not is_stop(w.text) and not is_neutral(w.stem)]
    causal = [p for p in pool.passages if _CAUSAL.search(p.text)]
    carried = [w for w in why if any(counterparts(w.stem, p) for p in causal)]
    if why and len(carried) < _LEAST * len(why) + 0.01:
        yield said.problem("unknown_reason", f'no clause says "{found.group()}"')


def _attached(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """Of two numbers of a clause each stays with its own: so much at home is not so much on journeys."""
    for quantity in said.amounts:
        for passage in nearest:
            alike = [o for o in passage.quantities if o.kind is quantity.kind]
            own = [o for o in alike if equal(quantity, o)]
            others = [
                o for o in alike if not equal(quantity, o) and not any(equal(o, q) for q in said.amounts)
            ]
            if len(own) != 1 or not others:
                continue
            mine = beside(passage, own[0])
            theirs = frozenset(s for o in others for s in beside(passage, o)) - mine
            told = frozenset(
                s for s in mine | theirs if any(s in keys(w.stem) or s == w.stem for w in said.content)
            )
            if mine - theirs and told & theirs and not told & mine:
                yield said.problem(
                    "number_out_of_place", f'"{quantity.text}" belongs to something else in the clause'
                )
                return


def stays(said: Said, quantity: Quantity, passages: Iterable[Passage]) -> bool:
    """Whether a number stands with words that it stands with in one of the passages, and in no other part."""
    told = frozenset(k for w in said.content for k in keys(w.stem))
    return any(
        told & (beside(p, o) - frozenset(s for x in p.quantities if x is not o for s in beside(p, x)))
        for p in passages
        for o in p.quantities
        if equal(quantity, o)
    )


def beside(passage: Passage, quantity: Quantity) -> frozenset[str]:
    """The stems of the words that a number stands with: those behind it, or else before it."""
    after = _EDGE.search(passage.text, quantity.end)
    end = after.start() if after else len(passage.text)
    behind = [w.stem for w in passage.content if quantity.end <= w.start < end]
    if behind:
        return frozenset(behind)
    start = max((m.end() for m in _EDGE.finditer(passage.text, 0, quantity.start)), default=0)
    return frozenset(w.stem for w in passage.content if start <= w.start < quantity.start)

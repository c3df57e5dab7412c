"""What a clause leaves, a sentence must not demand; what it demands, a sentence must not leave."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from decisioning.grounding.aligned import counterparts, cover
from decisioning.grounding.lexicon import is_stop, listed
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word
from decisioning.model import Problem

_MODAL = re.compile(
    r"\b(?P<spared>need\s+not|(?:is|are)\s+not\s+(?:required|obliged)\s+to|(?:does|do)\s+not\s+(?:have|need)\s+to"
    r"|(?:is|are)\s+under\s+no\s+(?:duty|obligation)\s+to)\b"
    r"|\b(?P<banned>(?:must|shall|may|can|should)\s+not|cannot|(?:is|are)\s+(?:prohibited|forbidden|barred)\s+from"
    r"|(?:is|are)\s+not\s+(?:allowed|permitted|free)\s+to|(?:no|nobody|none|neither)\b[\w\s]{0,30}?\b(?:may|shall|must|can))\b"
    r"|\b(?P<duty>must|shall|ha(?:s|ve)\s+(?:\w+ly\s+)?to|(?:is|are)\s+(?:\w+ly\s+)?(?:required|obliged|bound)\s+to|needs?\s+to"
    r"|(?:is|are)\s+(?:compulsory|mandatory))\b"
    r"|\b(?P<example>examples?|for\s+instance|such\s+as|e\.g\.)|\b(?P<leave>may|can|could|might|should|(?:is|are)\s+(?:\w+ly\s+)?(?:allowed|permitted|free|entitled|encouraged|able)\s+to"
    r"|(?:ha(?:s|ve)\s+)?the\s+(?:option|right|choice)\s+(?:of|to)|(?:is|are)\s+(?:allowed|permitted|optional))\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"[;:]|\b(?:if|where|when|whenever|unless|because|provided|whether|which|who)\b", re.IGNORECASE
)
_COVERED, _BESIDE = 0.4, 0.25
"""How much of a sentence another sentence of the clauses covers that is looked at too."""
_AFTER = 4
"""How many words with content behind a modal tell what it is about."""
_ONLY = re.compile(r"\b(?:only|no\s+[\w\s]{0,20}?other\s+than)\b", re.IGNORECASE)
_MUST_NOT = re.compile(r"(?:must|shall)\s+not", re.IGNORECASE)
_STRICTLY_LEFT = re.compile(r"\b(?:may|free|allowed|permitted|optional|need)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Modal:
    """A modal of a text, its kind, and where it stands."""

    kind: str
    text: str
    start: int
    end: int


def check_duties(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence puts a "must" for a "may" of what it restates, or the reverse."""
    for modal in _modals(said.text):
        if modal.kind == "example" or (modal.kind == "leave" and _limits(said, modal)):
            continue
        own = _governed(said.text, said.words, modal)
        if _is_invented(own, modal, nearest, pool):
            yield said.problem("duty", f'no clause says "{modal.text} {own[0].text}"')
            return
        theirs = Counter(
            kind for passage in _best(own, _near(said, nearest, pool)) for kind in _governing(own, passage)
        )
        if not theirs:
            continue
        wrong = _contrary(modal, theirs, only=bool(_ONLY.search(said.text)))
        if wrong:
            yield said.problem("duty", f'"{modal.text}" is {wrong}')
            return


def _is_invented(own: list[Word], modal: _Modal, nearest: tuple[Passage, ...], pool: Pool) -> bool:
    """Whether a permission is given of which no clause has the verb, nor the nearest any choice."""
    if modal.kind != "leave" or not _STRICTLY_LEFT.search(modal.text) or not own:
        return False
    if any(m.kind == "leave" for p in nearest for m in _modals(p.text)):
        return False
    return not any(counterparts(own[0].stem, p) for p in pool.passages)


def _limits(said: Said, modal: _Modal) -> bool:
    """Whether a modal is followed by a limit: what may be at most so much must not be more."""
    edge = _PART.search(said.text, modal.end)
    end = edge.start() if edge else len(said.text)
    return any(modal.end <= q.start < end and (q.comparator or q.bound) for q in said.amounts)


def _best(own: list[Word], passages: tuple[Passage, ...]) -> list[Passage]:
    """Those of the passages that speak most of what a modal governs."""
    told = [sum(bool(counterparts(w.stem, p)) for w in own) for p in passages]
    return [p for p, n in zip(passages, told, strict=True) if n and n == max(told)]


def _near(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> tuple[Passage, ...]:
    """What a sentence may restate: the nearest sentences of the clauses and others that cover much of it."""
    own = [w for w in said.content if not is_stop(w.text)]
    best = max((cover(own, p) for p in pool.passages), default=0.0)
    return tuple(p for p in pool.passages if p in nearest or cover(own, p) >= max(_COVERED, best - _BESIDE))


def _contrary(modal: _Modal, theirs: Counter[str], *, only: bool) -> str:
    strong = theirs["duty"] + theirs["plain"] + theirs["banned"]
    if modal.kind == "duty" and theirs["leave"] + theirs["spared"] + theirs["example"] and not strong:
        return "more than the clause asks: it leaves this"
    left = modal.kind == "spared" or (
        modal.kind == "leave" and _STRICTLY_LEFT.search(modal.text) and not only
    )
    if left and theirs["duty"] and not (theirs["leave"] or theirs["plain"] or theirs["banned"]):
        return "less than the clause asks: it demands this"
    if (
        modal.kind == "leave"
        and theirs["banned"]
        and not (theirs["leave"] or theirs["plain"] or theirs["duty"])
    ):
        return "what the clause forbids"
    if _MUST_NOT.match(modal.text) and theirs["leave"] and set(theirs) == {"leave"}:
        return "more than the clause asks: it leaves this"
    return ""


def _modals(text: str) -> list[_Modal]:
    return [_Modal(str(m.lastgroup), m.group(), m.start(), m.end()) for m in _MODAL.finditer(text)]


def _governed(text: str, found: tuple[Word, ...], modal: _Modal) -> list[Word]:
    """The first words with content that a modal governs."""
    edge = _PART.search(text, modal.end)
    end = edge.start() if edge else len(text)
    behind = [w for w in found if modal.end <= w.start < end and not is_stop(w.text)]
    return [w for w in behind if w.stem not in listed("light.txt")][:_AFTER] or behind[:_AFTER]


def _governing(own: list[Word], passage: Passage) -> Iterator[str]:
    """The kind of the modal that governs each counterpart of the first of these words that has any."""
    modals = _modals(passage.text)
    for word in own:
        theirs = counterparts(word.stem, passage)
        if theirs:
            yield from (_kind_at(passage.text, modals, w.start) for w in theirs)
            return


def _kind_at(text: str, modals: list[_Modal], position: int) -> str:
    """The kind of the last modal before a place, in its part of the sentence; "plain" where there is none."""
    before = [m for m in modals if m.end <= position]
    if not before or _PART.search(text, before[-1].end, position):
        return "plain"
    return before[-1].kind

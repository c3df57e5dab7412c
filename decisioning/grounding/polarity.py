"""A sentence must not say the contrary of what carries it: a lost "not", "included" for "excluded"."""

import re
from collections.abc import Iterator
from functools import lru_cache

from decisioning.grounding.conditions import unmet
from decisioning.grounding.content import own_words
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import are_opposed, is_neutral, is_stop, keys, listed
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.text import Word
from decisioning.model import Problem
from decisioning.numbers import comparing_phrases

_VERBAL = (
    r"(?:\b(?:is|are|was|were|be|been|do|does|did|has|have|had|will|would|can|could|may|must|might|shall|should|need)"
    r"\s+(?:\w+\s+)?not\b|\bcannot\b|n['\u2019]t\b|\bnever\b|\bas\s+not\b)"
)
"""A "not" that denies a verb; one that contrasts things ("the score and not the income") denies nothing."""
_PURPOSE = r"\bno\s+(?:reason|need|ground|basis|cause)\s+(?:to|for)\b"
_NOMINAL = r"\b(?:no|none|nothing|nobody|neither|nor|without)\b"
_NEGATOR = re.compile(f"(?P<purpose>{_PURPOSE})|(?P<verbal>{_VERBAL})|(?P<nominal>{_NOMINAL})", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"[,;:()]|\b(?:because|as|since|and|but|so|which|that|if|when|where|while|although|unless|whose|who|or|until|than|except)\b",
    re.IGNORECASE,
)
_PHRASE_END = re.compile(
    _CLAUSE_END.pattern + r"|\b(?:under|in|at|by|for|from|to|on|into|through|of)\b", re.IGNORECASE
)
_UNLESS = re.compile(r"\bunless\b", re.IGNORECASE)
_LIST = re.compile(r"\s+\w+ed\b[^.;:]*?,[^.;:]*?\bor\s+\w+ed\b", re.IGNORECASE)
_WHOLLY = re.compile(r"^(?:no|nobody|none|neither)\b", re.IGNORECASE)
_TO = re.compile(r"\s*(?:to|for|in|of|by)\b")
_NO_IS = re.compile(
    r"no\s+(?:[\w'\u2019-]+\s+){1,3}?(?:is|are|was|were|has\s+been|have\s+been)\b", re.IGNORECASE
)
""" "No income is stated" denies that it is stated, not the income."""
_FINITE = re.compile(r"\s+\w+\s+(?:is|are|was|were|must|shall|may|can|will)\b", re.IGNORECASE)
""" "that is not stated | is asked for": the second verb is not denied."""
_REACH = {"verbal": 1, "nominal": 3, "purpose": 4}
"""How many words with content a negation governs at most."""
_TOLD = 3
_COPIED, _COPY = 5, 0.8
"""How many words with content a text has that can be copied, and which share of them makes a copy."""
_ANY_NOT = re.compile(r"\b(?:not|no|never|cannot)\b|n['\u2019]t\b", re.IGNORECASE)
_DENYING = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|unless|only|other\s+than|except|against|instead|rather\s+than"
    r"|(?:refus|declin|prohibit|exclud|lack|fail|forbid)\w*)\b|n['\u2019]t\b|\bnon-",
    re.IGNORECASE,
)
_NO_CASE = re.compile(
    r"\b(?:does|do)\s+not\s+(?:include|mean|comprise|count|cover|constitute)\b|\b(?:is|are)\s+not\s+an?\s",
    re.IGNORECASE,
)
_IS = re.compile(r"\b(?:is|are|counts?|includes?)\b", re.IGNORECASE)
_FIRST = 4
_TIMES = frozenset(("day", "week", "month", "quarter", "year"))
_ALIKE = 0.5
"""From which likeness on a passage is taken for one that a general sentence restates."""
_RESTATED = 0.75
"""The same for a sentence about this application."""
_ACTORS = (
    re.compile(
        r"\b(?:applicants?|borrowers?|customers?|clients?)\s+(?!(?:that|whose|who|for|to|of|by|in|with|and)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:lender|bank|creditor|underwriter|officer)s?\s+(?!(?:that|whose|who|for|to|of|by|in|with|and)\b)|\bwe\s+",
        re.IGNORECASE,
    ),
)


def check_polarity(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a word that the sentence denies is affirmed wherever it comes from, or the reverse."""
    said = own_words(said, pool)
    yield from _turned_copies(said, pool)
    least = _ALIKE if is_general(said, pool) else _RESTATED
    if least is _RESTATED and (pool.topics(said.sequence) or not _retold(said, pool)):
        return
    alike = [(likeness(said.content, p), p) for p in pool.passages]
    best = max((s for s, _ in alike), default=0.0)
    nearest = [p for s, p in alike if s >= max(least, best - (0.25 if least is _ALIKE else 0.1))]
    if any(form("waived").search(p.text) for p in nearest) and _NEGATOR.search(said.text):
        return
    if not nearest:
        return
    yield from _actors(said, nearest if pool.outcome is not None else list(pool.passages))
    general = least is _ALIKE
    if general and not _NEGATOR.search(said.text) and all(_WHOLLY.search(p.text) for p in nearest):
        yield said.problem("negation", f'"{nearest[0].text}" denies what is affirmed here')
        return
    if pool.outcome is None and _DENYING.search(said.text) and any(unmet(said, nearest, pool)):
        return
    if pool.outcome is None:
        yield from _excluded(said, nearest, pool)
    yield from _turned_words(said, nearest, pool, general=general)


def _turned_words(said: Said, nearest: list[Passage], pool: Pool, *, general: bool) -> Iterator[Problem]:
    """The first word that is denied on one side and affirmed on the other."""
    alone = pool.outcome is None
    least = _ALIKE if alone and not _DENYING.search(said.text) else _RESTATED
    denied, open_ = _denied(said.text, said.words, nominal=general)
    for word in said.content:
        if _compared(said.text, word) or word.stem in open_ or _is_light(word.stem, denied, general=general):
            continue
        if alone and word.stem in _TIMES:
            continue
        of = {p: _signs(word.stem, p, said.content, general=general, least=least) for p in nearest}
        signs = {sign for found in of.values() for sign in found}
        if not signs or (word.stem in denied) in signs:
            continue
        theirs = [p for p, found in of.items() if found]
        if not (alone and _both_deny(said, theirs) and not _literal(said, theirs)):
            how = "denied" if word.stem in denied else "affirmed"
            yield said.problem("negation", f'"{word.text}" is {how} here and not in "{nearest[0].text}"')
            return


def _excluded(said: Said, nearest: list[Passage], pool: Pool) -> Iterator[Problem]:
    """What a definition leaves out is no case of it."""
    if _DENYING.search(said.text) or not _IS.search(said.text):
        return
    clauses = {p.clause for p in nearest}
    for passage in (p for p in pool.passages if p.clause in clauses):
        found = _NO_CASE.search(passage.text)
        left_out = [w for w in passage.content if found and w.start >= found.end()]
        told = sum(bool(keys(w.stem) & keys(own.stem)) for w in left_out[:_FIRST] for own in said.content)
        if found and told and told >= min(len(left_out), _FIRST) / 2:
            yield said.problem("negation", f'"{passage.text}" leaves out what is told here')
            return


def _literal(said: Said, passages: list[Passage]) -> bool:
    """Whether a passage has each of its words with content: it is a copy, or the contrary of one."""
    return any(said.content and all(w.stem in p.stems for w in said.content) for p in passages)


def _both_deny(said: Said, passages: list[Passage]) -> bool:
    """Whether both deny something: on which word it falls is a matter of wording."""
    return bool(_DENYING.search(said.text)) and all(_DENYING.search(p.text) for p in passages)


def _turned_copies(said: Said, pool: Pool) -> Iterator[Problem]:
    """A text of the catalogue told nearly word for word must keep its "not" and its "more than"."""
    for passage in _copied(said, pool):
        denied = len(_ANY_NOT.findall(said.text)) != len(_ANY_NOT.findall(passage.text))
        own, theirs = ({p.comparator for p in comparing_phrases(t)} for t in (said.text, passage.text))
        if denied or own != theirs:
            yield said.problem("negation", f'this turns "{passage.text}" round')
            return


@once
def _copied(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The texts of the catalogue that the sentence tells nearly word for word."""
    return tuple(
        p
        for c in pool.carriers
        for p in c.passages
        if len(p.content) >= _COPIED
        and len(said.stems & p.stems) >= _COPY * len(p.stems)
        and len(said.content) <= len(p.content) / _COPY
    )


def _is_light(stem_: str, denied: frozenset[str], *, general: bool) -> bool:
    """Whether a word is not to be judged: a light verb, or an outcome, which is judged elsewhere."""
    if not general:
        return stem_ in listed("light.txt") or stem_ in listed("outcomes.txt") or is_neutral(stem_)
    return stem_ in listed("light.txt") and bool(denied) and denied != {stem_}


def _retold(said: Said, pool: Pool) -> bool:
    """Whether a sentence about this application says enough, and no value of it, to retell a clause."""
    return len(said.content) >= _TOLD and not any(
        k.role is Role.VALUE for q in said.amounts for k in pool.meaning(q)
    )


def _actors(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """What a clause has the lender do, the applicant does not do."""
    own = {n for n, form in enumerate(_ACTORS) if form.search(said.text)}
    theirs = {
        n for p in nearest for n, form in enumerate(_ACTORS) if re.search(_WHO[n], p.text, re.IGNORECASE)
    }
    if own and theirs and not own & theirs:
        problem = f'in "{nearest[0].text}" it is not the one named here who acts'
        yield said.problem("wrong_actor", problem)


_WHO = (r"\b(?:applicant|borrower|customer)", r"\b(?:lender|bank|creditor|underwriter|officer|who\b)")


def _signs(
    own: str, passage: Passage, content: tuple[Word, ...], *, general: bool, least: float = _RESTATED
) -> set[bool]:
    """How a passage has a word, or the contrary of one: denied (True) or affirmed (False)."""
    denied, open_ = _denied(passage.text, passage.words, nominal=general)
    if own in open_ or own in _elliptic(passage):
        return {True, False}
    signs = {w.stem in denied for w in passage.content if w.stem == own}
    if signs or not general:
        return signs
    outside = [w for w in passage.words if not _compared(passage.text, w)]
    alike = {w.stem in denied for w in outside if keys(w.stem) & keys(own) and not are_opposed(w.stem, own)}
    if alike:
        return alike if alike == {True} and likeness(content, passage) >= least else set()
    return {w.stem not in denied for w in outside if are_opposed(w.stem, own)}


def _elliptic(passage: Passage) -> frozenset[str]:
    """The words before "and never to ...": denied of what follows, affirmed of what went before."""
    found = re.search(r"\b(?:never|not)\s+(?:to|for|in|of|by)\b", passage.text, re.IGNORECASE)
    return frozenset(w.stem for w in passage.words if found and w.end <= found.start())


@lru_cache(maxsize=4096)
def _denied(text: str, found: tuple[Word, ...], *, nominal: bool) -> tuple[frozenset[str], frozenset[str]]:
    """The stems that a negation of the text governs, and those behind them that it may govern.

    A negation that turns a comparison round governs none.
    """
    folded = [(max(0, p.start - 40), p.end) for p in comparing_phrases(text) if p.negated]
    denied: set[str] = set()
    behind: set[str] = set()
    for negator in _NEGATOR.finditer(text):
        kind = str(negator.lastgroup)
        if any(a <= negator.start() < b for a, b in folded) or (kind == "nominal" and not nominal):
            continue
        ofwhat = _NO_IS.match(text, negator.start()) if kind == "nominal" else None
        if ofwhat:
            behind |= {w.stem for w in found if negator.end() <= w.start < ofwhat.end()}
            kind = "verbal"
        inner, outer = _governed(text, ofwhat or negator, kind, found)
        inner |= _listed_after(text, negator, found) if kind == "verbal" else set()
        denied |= inner
        behind |= outer
    unless = _UNLESS.search(text)
    behind |= {w.stem for w in found if unless and w.start > unless.start()}
    return frozenset(denied), frozenset(behind - denied)


def _listed_after(text: str, negator: re.Match[str], found: tuple[Word, ...]) -> set[str]:
    """ "is not estimated, copied or replaced" denies each of the three."""
    sequence = _LIST.match(text, negator.end())
    if not sequence:
        return set()
    return {
        w.stem
        for w in found
        if negator.end() <= w.start < sequence.end() and w.text.endswith(("ed", "en", "t"))
    }


def _governed(
    text: str, negator: re.Match[str], kind: str, found: tuple[Word, ...]
) -> tuple[set[str], set[str]]:
    first = _TO.match(text, negator.end())
    start = first.end() if first else negator.end()
    clause = _CLAUSE_END.search(text, start)
    phrase = (_CLAUSE_END if kind == "purpose" else _PHRASE_END).search(text, start)
    content = [w for w in found if negator.end() <= w.start and not is_stop(w.text)]
    finite = _FINITE.match(text, start) if kind == "verbal" else None
    if finite:
        content = [w for w in content if w.start < finite.end()]
    inner = [w for w in content if phrase is None or w.start < phrase.start()]
    outer = {w.stem for w in content if clause is None or w.start < clause.start()}
    if kind == "verbal" and inner and inner[0].stem in listed("light.txt"):
        return {w.stem for w in content[:2]}, outer
    return {w.stem for w in inner[: _REACH[kind]]}, outer


def _compared(text: str, word: Word) -> bool:
    return any(p.start <= word.start < p.end for p in comparing_phrases(text)) or word.stem in (
        "under",
        "over",
    )

"""The contrary case of a clause in so many words: what must not exceed 60 % is not accepted above 60 %."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool
from decisioning.grounding.text import words
from decisioning.model import Comparator
from decisioning.numbers import OPPOSITE, bound_of, comparing_phrases, quantities

_DUTY = re.compile(
    r"\b(?:must|shall|may|can|does|do)\b(?:\s+not\b)?(?:\s+be\b)?|\bcannot\b(?:\s+be\b)?"
    r"|\b(?:is|are)\s+(?=(?:capped|limited|restricted)\b)",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(?P<be>is|are)\s+(?:declined|refused|rejected|not\s+eligible(?:\s+for\b)?)", re.IGNORECASE
)
_ACCEPTED = (
    r"(?:accept(?:ed|able)|approved|granted|allowed|permitted|permissible|possible|eligible|made|lent)"
)
_DENIES = re.compile(
    r"\b(?:no|not|never|cannot|without|neither|unacceptable|ineligible|too|refused)\b|\w+n['\u2019]t\b",
    re.IGNORECASE,
)
_NO = re.compile(
    rf"^no\s+(?P<what>.+?)\s+(?P<can>can|may|will|shall|must|is|are)\s+(?P<be>be\s+)?(?P<verb>{_ACCEPTED})\b",
    re.IGNORECASE,
)
_TOO = re.compile(
    r"\b(?:is|are|would\s+be|will\s+be)\s+(?:too\s+\w+|insufficient|not\s+enough)\b", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s*\([A-Z]+[-\u2011][\d.]+\)")
_ONLY_IF = re.compile(
    rf"(?P<head>.+?)\s+(?P<be>is|are)\s+(?P<verb>{_ACCEPTED})\s+only\s+(?:if|where|when)\s+(?:they|it|he|she)\s+(?:is|are)\s+(?P<what>.+)",
    re.IGNORECASE,
)
_ONLY_ON = re.compile(
    rf"(?P<head>.+?)\s+(?P<be>is|are)\s+(?P<verb>{_ACCEPTED})\s+only\s+(?P<where>on|for|in|with|after|to|at)\b",
    re.IGNORECASE,
)
WORDS = {
    Comparator.GT: "more than",
    Comparator.GE: "at least",
    Comparator.LT: "less than",
    Comparator.LE: "at most",
}
"""What each comparison is called in so many words."""
_REQUIRES = re.compile(
    r"^(?P<head>[^,;]+?)\s+(?:requires?|needs?|must\s+have)\s+(?P<what>[^,;]+?)\.?$", re.IGNORECASE
)
_BETWEEN = 8
"""How many words stand between a duty and its limit at most."""


def denies(text: str) -> bool:
    """Whether a sentence denies anything, so that it may tell the contrary case of a clause."""
    return bool(_DENIES.search(text))


def as_refusal(text: str) -> str:
    """ "No loan above it can be accepted" as "Any loan above it can not be accepted"."""
    text = _TOO.sub("is not accepted", text)
    return _NO.sub(lambda m: f"Any {m['what']} {m['can']} not {m['be'] or ''}{m['verb']}", text)


def contrary(pool: Pool) -> Pool:
    """A pool whose clauses tell their contrary cases, where they have one."""
    if "contrary" not in pool.kept:
        told = tuple(q for p in pool.passages for q in _turned(p) or (p,))
        pool.kept["contrary"] = replace(pool, passages=told)
    found: Pool = pool.kept["contrary"]
    return found


@lru_cache(maxsize=1024)
def _turned(passage: Passage) -> tuple[Passage, ...]:
    texts = (*_refusal(passage.text), *_limit(passage), *_only(passage), *_required(passage.text))
    return tuple(Passage(passage.source, passage.clause, t, words(t), quantities(t)) for t in texts)


def _refusal(text: str) -> Iterator[str]:
    """What is declined is not accepted."""
    if _BAD.search(text):
        yield _BAD.sub(lambda m: f"{m['be']} not accepted", _REFERENCE.sub("", text))


def _limit(passage: Passage) -> Iterator[str]:
    """What must be at least so much is not accepted below it."""
    duties = list(_DUTY.finditer(passage.text))
    bounded = [q for q in passage.quantities if bound_of(q) in WORDS]
    if len(duties) != 1 or len(bounded) != 1:
        return
    quantity, duty = bounded[0], duties[0]
    bound = bound_of(quantity)
    between = passage.text[duty.end() : quantity.start]
    if bound is None or quantity.start < duty.end() or len(between.split()) > _BETWEEN:
        return
    head, rest = passage.text[: duty.start()].rstrip(), passage.text[quantity.end :].rstrip(". ")
    told = f"{head} {WORDS[OPPOSITE[bound]]} {quantity.text}{rest} is not accepted."
    yield _REFERENCE.sub("", told)


def _only(passage: Passage) -> Iterator[str]:
    """What is accepted only if certified is refused where it is not, or on the other side of its limit."""
    found = _ONLY_IF.match(passage.text)
    if found:
        yield (
            f"{found['head']} that {found['be']} not {found['what'].rstrip('. ')} "
            f"{found['be']} refused and not {found['verb']}."
        )
    limited = _ONLY_ON.match(passage.text)
    bounded = [q for q in passage.quantities if limited and q.start > limited.end() and bound_of(q) in WORDS]
    bound = bound_of(bounded[0]) if bounded else None
    if limited and bound is not None:
        phrase = next((p for p in comparing_phrases(passage.text) if p.end <= bounded[0].start), None)
        start = phrase.start if phrase and phrase.start >= limited.end("where") else bounded[0].start
        what = passage.text[limited.start("where") : start]
        yield (
            f"{limited['head']} {limited['be']} not {limited['verb']} {what}"
            f"{WORDS[OPPOSITE[bound]]} {bounded[0].text}{passage.text[bounded[0].end :]}"
        )


def _required(text: str) -> Iterator[str]:
    """What requires an approval is not accepted without it."""
    found = _REQUIRES.match(text)
    if found:
        yield f"Without {found['what']} {found['head']} is not accepted."

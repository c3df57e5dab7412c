"""Who does a thing: what a clause has one do, another that it speaks of does not do."""

import re
from collections.abc import Iterator

from decisioning.grounding.aligned import cover
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.grounding.stems import stem
from decisioning.grounding.text import Word, words
from decisioning.model import Problem

_MODAL = re.compile(
    r"\b(?:must|shall|may|can|cannot|has\s+to|have\s+to|is\s+(?:required|obliged|allowed|permitted|free)\s+to)\s+(?P<not>not\s+)?"
    r"(?:(?:also|then|only|first|always|therefore)\s+)?"
    r"(?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
_BY_WHOM = re.compile(
    r"\b(?:is|are|be|been|was|were)\s+(?:\w+ly\s+)?(?P<verb>[a-z]+(?:ed|en|t|de|ld|nt))\s+by\s+(?P<who>(?:the|an?|its)\s+[\w\s]{3,40})",
    re.IGNORECASE,
)
_SIMPLE = re.compile(
    r"(?P<who>(?:the|an?|our|each|every)\s+(?:[\w'-]+\s+){0,3}?[\w'-]+)\s+(?P<verb>[a-z]{3,}(?<![su])s)\s+(?:the|an?|its|their|all|any|every)\b",
    re.IGNORECASE,
)
_START = re.compile(
    r"[,;:]\s|\b(?:if|when|where|that|which|and|but|or|unless|whenever|because)\b", re.IGNORECASE
)
_OF = re.compile(r"\b(?:of|for|in|by|with|on|who|whose|under|from|at)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(applicant|borrower|lender|bank|creditor|underwriter|committee|director|manager|employee|employer|insurer|policyholder|regulator"
    r"|guarantor|spouse|owner|tenant|landlord|lessee|lessor|buyer|seller|trustee|supervisor|issuer|auditor|depositor|cardholder|driver"
    r"|customer|client|consumer"
    r"|beneficiary|agent|broker|investor|operator)s?\b",
    re.IGNORECASE,
)
_COPY = 0.8
_ALSO = {"creditor": "lender", "bank": "lender", "issuer": "lender"}
_HEARS = frozenset(stem(w) for w in ("hear", "learn", "receive", "get", "obtain", "know"))
"""Who is told hears: these turn the one who acts round."""


def check_actors(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """What a clause has the lessee do, the lessor that it speaks of elsewhere does not do."""
    yield from _strangers(said, nearest, pool)
    for verb, actors in _acting(said.text):
        same = [
            (p, a)
            for p in nearest
            for v, a in _acting(p.text)
            if keys(v) & keys(verb) and (v in _HEARS) is (verb in _HEARS)
        ]
        if not same or any(_names(actors) & (_names(a) | _before(p.text, verb)) for p, a in same):
            continue
        if any(_names(a) & _before(said.text, verb) for _, a in same):
            continue
        clauses = {p.clause for p, _ in same}
        others = {_name(w) for p in pool.passages if p.clause in clauses for w in p.words}
        theirs = {_name(w) for _, a in same for w in a}
        replaced = any(v == verb for p, _ in same for v, _ in _acting(p.text)) and not any(
            keys(w.stem) & keys(t.split(",")[0]) for w in said.words for t in theirs
        )
        if _name(actors[-1]) in others or replaced:
            yield said.problem(
                "wrong_actor", f'in "{same[0][0].text}" it is not "{actors[-1].text}" who acts'
            )
            return


def _strangers(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """Nobody takes the place of the one whom a clause names: an offer binds the lender, not the applicant."""
    own, theirs = _people(said.text), _people(" ".join(p.text for p in nearest))
    clauses = {p.clause for p in nearest}
    known = _people(" ".join(p.text for p in pool.passages if p.clause in clauses))
    strange, left_out = own - known, theirs - own
    copied = _people(" ".join(p.text for p in nearest if cover(said.content, p) >= _COPY))
    if copied:
        strange, left_out = strange | (own - copied), left_out | (copied - own)
    if own and own <= strange and left_out:
        yield said.problem(
            "wrong_actor", f'the clause speaks of the "{min(left_out)}", not of the "{min(strange)}"'
        )


def _people(text: str) -> frozenset[str]:
    return frozenset(_ALSO.get(m[1].lower(), m[1].lower()) for m in _PERSON.finditer(text))


def _acting(text: str) -> list[tuple[str, tuple[Word, ...]]]:
    """Each verb of a text, and the words that name who does it: before it, or behind its "by"."""
    found = []
    for modal in _MODAL.finditer(text):
        actor = _subject(text[: modal.start()])
        verb = words(modal["verb"])[0].stem
        if actor and modal["verb"].lower() == "be":
            done = [w for w in words(text[modal.end() :])[:3] if not is_stop(w.text)]
            verb = f"is {done[0].stem}" if done else ""
        if actor and verb and (modal["verb"].lower() == "be" or not is_stop(modal["verb"])):
            found.append((verb, actor))
    for passive in _BY_WHOM.finditer(text):
        actor = _subject(passive["who"])
        if actor and not is_stop(passive["verb"]):
            found.append((words(passive["verb"])[0].stem, actor))
    first = _SIMPLE.match(text)
    if first and not is_stop(first["verb"]):
        found.append((words(first["verb"])[0].stem, _subject(first["who"])))
    return [(verb, actor) for verb, actor in found if actor]


def _subject(left: str) -> tuple[Word, ...]:
    """The words that name who acts at the end of a text: of its last part, without what an "of" adds."""
    cut = max((m.end() for m in _START.finditer(left)), default=0)
    of = next((m for m in _OF.finditer(left, cut) if left[cut : m.start()].strip()), None)
    return tuple(w for w in words(left[cut : of.start() if of else len(left)]) if not is_stop(w.text))


def _before(text: str, verb: str) -> set[str]:
    """The names before the first such verb of a text, back to where the part that it stands in begins."""
    found = words(text)
    place = next((n for n, w in enumerate(found) if keys(w.stem) & keys(verb.removeprefix("is "))), 0)
    return _names(tuple(w for w in found[:place] if not is_stop(w.text)))


def _names(actors: tuple[Word, ...]) -> set[str]:
    return {_name(w) for w in actors}


def _name(word: Word) -> str:
    """A word as one who acts: a lessee is no lessor, though both lease."""
    lower = word.text.lower().rstrip("s")
    return f"{word.stem}, passive" if lower.endswith("ee") else word.stem

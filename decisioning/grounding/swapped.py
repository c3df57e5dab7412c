"""One thing of a clause put in the place of another: a modifier, a count, an actor, what a number is for.

These look at clauses alone; with a decision, its claims say what may be told.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from decisioning.comparison import compare
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.stems import stem
from decisioning.grounding.text import Word, words
from decisioning.model import Comparator, Problem
from decisioning.numbers import Kind, Quantity, bound_of, negated_at, quantities

_MARGIN = 0.1
_LEAST = 0.5
_OF_WHAT = re.compile(r"\s+of\s+(?:(?:the|an?|its|their|his|her|your)\s+)?", re.IGNORECASE)
_PERIOD = re.compile(
    r"\b(?:every|each|per|once\s+an?|times\s+an?)\s+(?P<noun>day|week|month|quarter|year)\b"
    r"|\b(?P<adverb>daily|weekly|monthly|quarterly|yearly|annually)\b",
    re.IGNORECASE,
)
_ADVERBS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
}
_AFTER_COUNT = re.compile(r"\s+(?:[a-z]+\s+)?(?P<noun>[a-z]{3,})", re.IGNORECASE)
_PER = re.compile(
    r"\s*(?:per|for\s+each|for\s+every|an?|each)\s+(?P<noun>[a-z]{3,})(?:\s+and\s+(?P<also>[a-z]{3,}))?",
    re.IGNORECASE,
)
_MODAL = re.compile(
    r"\b(?:must|shall|may|can|cannot|has\s+to|have\s+to|is\s+(?:required|obliged|allowed|permitted|free)\s+to)\s+(?P<not>not\s+)?"
    r"(?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
_START = re.compile(
    r"[,;:]\s|\b(?:if|when|where|that|which|and|but|or|unless|whenever|because)\b", re.IGNORECASE
)
_OF = re.compile(r"\b(?:of|for|in|by|with|on|who|whose|under|from|at)\b", re.IGNORECASE)
_STRICT = (Comparator.GT, Comparator.LT)
_HEARS = frozenset(stem(w) for w in ("hear", "learn", "receive", "get", "obtain", "know"))
"""Who is told hears: these turn the one who acts round."""
_ON_DAY = re.compile(r"\bon\s+the\s+(?P<day>\d+(?:st|nd|rd|th))\b", re.IGNORECASE)
_NOT_ON = r"\b(?:after|before)\s+the\s+{}\b"


def check_swapped(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each thing that the clause with the sentence's numbers or words has otherwise."""
    if pool.outcome is not None:
        return
    nearest = nearest_to(said, pool)
    if not nearest:
        return
    for check in (_modifiers, _counts, _each, _actors, _boundaries):
        yield from check(said, nearest, pool)


@once
def nearest_to(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The sentences of the clauses that this one restates: with most of its numbers, then the likest."""
    ranked = [
        (sum(_fits(q, p) * _weight(q) for q in said.amounts), likeness(said.content, p), p)
        for p in pool.passages
    ]
    most = max((n for n, _, _ in ranked), default=0)
    ranked = [r for r in ranked if r[0] == most]
    best = max((alike for _, alike, _ in ranked), default=0.0)
    if not most and best < _LEAST:
        return ()
    return tuple(p for _, alike, p in ranked if alike >= best - _MARGIN)


def likest(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The sentences of the clauses whose words are the likest, whatever their numbers."""
    ranked = [(likeness(said.content, p), p) for p in pool.passages]
    best = max((alike for alike, _ in ranked), default=0.0)
    return tuple(p for alike, p in ranked if alike >= max(_LEAST, best - _MARGIN))


def _weight(quantity: Quantity) -> int:
    """A limit tells more of what is restated than a count."""
    return 1 if quantity.kind is Kind.NUMBER and bound_of(quantity) is None else 2


def _fits(quantity: Quantity, passage: Passage) -> bool:
    """Whether a passage has that number and does not compare with it the other way."""
    alike = [o for o in passage.quantities if equal(quantity, o)]
    if quantity.comparator is Comparator.EQ:
        return any(compare(0, bound_of(o) or Comparator.EQ, 0) for o in alike)
    own = bound_of(quantity)
    return bool(alike) and (own is None or any(bound_of(o) in (own, None) for o in alike))


def _modifiers(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "commercial property" is not "residential property": another word before the same noun."""
    for modifier, noun in _pairs(said.text, said.words):
        inside = any(q.start < noun.end and modifier.start < q.end for q in said.quantities)
        if inside or any(keys(modifier.stem) & p.keys for p in nearest):
            continue
        theirs = [m for p in nearest for m, n in _pairs(p.text, p.words) if n.stem == noun.stem]
        plain = any(
            w.stem == noun.stem and w.start not in {n.start for _, n in _pairs(p.text, p.words)}
            for p in nearest
            for w in p.words
        )
        if (
            theirs
            and not plain
            and not any(keys(m.stem) & keys(w.stem) for m in theirs for w in said.content)
        ):
            yield said.problem(
                "swapped", f'"{modifier.text} {noun.text}" is "{theirs[0].text} {noun.text}" in the clause'
            )
            return


def _pairs(text: str, found: tuple[Word, ...]) -> list[tuple[Word, Word]]:
    """Each noun with the word that says which: the one before it, or the one behind its "of"."""
    pairs = []
    told = [w for w in found if not is_stop(w.text)]
    for one, other in pairwise(told):
        between = text[one.end : other.start]
        if between == " " and not one.text.lower().endswith("ly"):
            pairs.append((one, other))
        elif _OF_WHAT.fullmatch(between):
            pairs.append((other, one))
    return pairs


def _counted(text: str) -> list[tuple[str, Quantity]]:
    """The nouns of a text that are counted, each with its number."""
    found = []
    for quantity in quantities(text):
        after = _AFTER_COUNT.match(text, quantity.end)
        if quantity.kind is Kind.NUMBER and after:
            near = [w for w in words(text[quantity.end :])[:2] if not is_stop(w.text)]
            found += [(w.stem, quantity) for w in near]
    return found


def _counts(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """Two directors are not one."""
    for noun, quantity in _counted(said.text):
        theirs = [q for p in nearest for n, q in _counted(p.text) if n == noun]
        if theirs and not any(q.value == quantity.value for q in theirs):
            yield said.problem("unknown_number", f'the clause says "{theirs[0].text}", not "{quantity.text}"')
            return


def _each(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "per account" is not "per depositor"."""
    own_periods = _periods(said.text)
    periods = frozenset(x for p in nearest for x in _periods(p.text))
    if own_periods and periods and not own_periods & periods:
        yield said.problem("time", f'the clause says "{min(periods)}", not "{min(own_periods)}"')
        return
    for quantity in said.amounts:
        own = _PER.match(said.text, quantity.end) or _PER.match(f"per {quantity.per}" if quantity.per else "")
        if not own:
            continue
        theirs = [
            n
            for p in nearest
            for o in p.quantities
            if equal(quantity, o) and (m := _PER.match(p.text, o.end))
            for n in (m["noun"], m["also"])
            if n
        ]
        if theirs and not any(_alike(own["noun"], n) for n in theirs):
            yield said.problem(
                "swapped", f'"{own.group().strip()}" stands where the clause has "{theirs[0]}"'
            )
            return


def _periods(text: str) -> frozenset[str]:
    """How often a text says that a thing happens."""
    found = (m["noun"] or _ADVERBS[m["adverb"].lower()] for m in _PERIOD.finditer(text))
    return frozenset(x.lower() for x in found)


def _alike(one: str, other: str) -> bool:
    return bool(keys(words(one)[0].stem) & keys(words(other)[0].stem))


def _actors(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """What a clause has the lessee do, the lessor that it speaks of elsewhere does not do."""
    for verb, actors in _acting(said.text):
        same = [
            (p, a)
            for p in nearest
            for v, a in _acting(p.text)
            if keys(v) & keys(verb) and (v in _HEARS) is (verb in _HEARS)
        ]
        if not same or any(_names(actors) & _names(a) for _, a in same):
            continue
        clauses = {p.clause for p, _ in same}
        others = {_name(w) for p in pool.passages if p.clause in clauses for w in p.words}
        if _name(actors[-1]) in others:
            yield said.problem(
                "wrong_actor", f'in "{same[0][0].text}" it is not "{actors[-1].text}" who acts'
            )
            return


def _acting(text: str) -> list[tuple[str, tuple[Word, ...]]]:
    """Each verb behind a "must" or "may" of a text, and the words that name who it is."""
    found = []
    for modal in _MODAL.finditer(text):
        left = text[: modal.start()]
        cut = max((m.end() for m in _START.finditer(left)), default=0)
        of = _OF.search(left, cut)
        actor = tuple(w for w in words(left[cut : of.start() if of else len(left)]) if not is_stop(w.text))
        verb = words(modal["verb"])[0].stem
        if actor and modal["verb"].lower() == "be":
            done = [w for w in words(text[modal.end() :])[:3] if not is_stop(w.text)]
            verb = f"is {done[0].stem}" if done else ""
        if actor and verb and not is_stop(modal["verb"].replace("be", "x")):
            found.append((verb, actor))
    return found


def _names(actors: tuple[Word, ...]) -> set[str]:
    return {_name(w) for w in actors}


def _name(word: Word) -> str:
    """A word as one who acts: a lessee is no lessor, though both lease."""
    lower = word.text.lower().rstrip("s")
    return f"{word.stem}, passive" if lower.endswith("ee") else word.stem


def _boundaries(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """What holds above 500 does not hold of 500 itself, nor on the 20th what holds after it."""
    for quantity in said.amounts:
        if quantity.bound or quantity.comparator not in (None, Comparator.EQ):
            continue
        theirs = [o for p in nearest for o in p.quantities if equal(quantity, o)]
        strict = theirs and all(bound_of(o) in _STRICT for o in theirs)
        limiting = form("limit").search(said.part_of(quantity)) or negated_at(said.text, len(said.text))
        if (
            strict
            and not limiting
            and not any(k.value == float(quantity.value) for k in pool.meaning(quantity))
        ):
            yield said.problem("comparator", f'"{quantity.text}" itself is on the other side in the clause')
    for day in _ON_DAY.finditer(said.text):
        if any(re.search(_NOT_ON.format(day["day"]), p.text) for p in nearest) and not any(
            day.group().lower() in p.text.lower() for p in nearest
        ):
            yield said.problem("time", f'"{day.group()}" is on the other side in the clause')

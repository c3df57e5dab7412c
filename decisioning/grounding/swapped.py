"""One thing of a clause put in the place of another: a modifier, a count, an actor, what a number is for.

These look at clauses alone; with a decision, its claims say what may be told.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from decisioning.comparison import compare
from decisioning.grounding.actors import check_actors
from decisioning.grounding.aligned import cover, nearby
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import are_opposed, is_stop, keys
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word, words
from decisioning.grounding.working import is_worked_out
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
_BUT_NOT = re.compile(
    r"\b(?:but\s+not|and\s+never(?:\s+to|\s+for|\s+on)?)\s+(?!less\b|more\b|later\b|earlier\b|above\b|below\b)(?P<what>[^,.;]+)",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|except|only|without|other\s+than)\b", re.IGNORECASE
)
_PART_OF_TIME = re.compile(r"\b(?:for|in|during|over)\s+the\s+(?:first|last)\b", re.IGNORECASE)
_WHOLE_TIME = re.compile(
    r"\b(?:for|in|during|over|throughout)\s+(?:the\s+)?(?:whole|entire|full)\b|\bthroughout\b", re.IGNORECASE
)
_SHARE_OF = re.compile(
    r"\s*of\s+(?:the|its|their|an?)?\s*(?P<what>[\w'-]+(?:\s+[\w'-]+){0,2})", re.IGNORECASE
)
_EXACTLY = re.compile(r"\b(?:exactly|precisely|just)\s+$", re.IGNORECASE)
_ENDING = 4
_STRICT = (Comparator.GT, Comparator.LT)
_ON_DAY = re.compile(r"\bon\s+the\s+(?P<day>\d+(?:st|nd|rd|th))\b", re.IGNORECASE)
_NOT_ON = r"\b(?:after|before)\s+the\s+{}\b"


def check_swapped(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each thing that the clause with the sentence's numbers or words has otherwise."""
    if pool.outcome is not None:
        return
    nearest = nearest_to(said, pool)
    if not nearest:
        return
    for check in (_modifiers, _counts, _each, _shares, _boundaries, _left_out, _spans, check_actors):
        yield from check(said, nearest, pool)


@once
def nearest_to(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The sentences of the clauses that this one restates: with most of its numbers, then the likest."""
    ranked = [
        (sum(_fits(q, p) * _weight(q) for q in said.amounts), cover(said.content, p), p)
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
    ranked = [(cover(said.content, p), p) for p in pool.passages]
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
    for modifier, noun, of in _pairs(said.text, said.words):
        inside = any(q.start < noun.end and modifier.start < q.end for q in said.quantities)
        theirs = [m for p in nearest for m, n, o in _pairs(p.text, p.words) if (n.stem, o) == (noun.stem, of)]
        opposed = any(are_opposed(modifier.stem, m.stem) for m in theirs)
        carried = not opposed and any(
            keys(modifier.stem) & p.keys or modifier.stem in nearby(p) for p in nearest
        )
        carried = carried or any(_alike_written(modifier.text, m.text) for m in theirs)
        if inside or noun.stem == "day" or carried:
            continue
        plain = any(
            w.stem == noun.stem and w.start not in {n.start for _, n, o in _pairs(p.text, p.words) if o == of}
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


def _alike_written(one: str, other: str) -> bool:
    """Whether one word is the other with another ending: "going" and "go", "charity" and "charitable"."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return long.startswith(short[: max(2, len(short) - 1)]) and len(long) - len(short) <= _ENDING


def _pairs(text: str, found: tuple[Word, ...]) -> list[tuple[Word, Word, str]]:
    """Each noun with the word that says which: the one before it, or the one behind its "of"."""
    pairs = []
    told = [w for w in found if not is_stop(w.text)]
    for one, other in pairwise(told):
        between = text[one.end : other.start]
        if between == " " and not one.text.lower().endswith("ly"):
            pairs.append((one, other, "of" if one.text.endswith(("'s", "\u2019s")) else ""))
        elif _OF_WHAT.fullmatch(between):
            pairs.append((other, one, "of"))
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
        if (
            theirs
            and not any(q.value == quantity.value for q in theirs)
            and not _of_facts(quantity, said, pool)
        ):
            yield said.problem("unknown_number", f'the clause says "{theirs[0].text}", not "{quantity.text}"')
            return


def _of_facts(quantity: Quantity, said: Said, pool: Pool) -> bool:
    """Whether a count is a fact's, or follows from one."""
    placed = next((q for q in said.amounts if q.text == quantity.text), quantity)
    return bool(pool.meaning(placed)) or is_worked_out(said, placed, pool)


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


def _shares(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "15 % of the loan" is not 15 % of the price."""
    for quantity in (q for q in said.amounts if q.kind is Kind.PERCENT):
        own = _SHARE_OF.match(said.text, quantity.end)
        alike = ((p, o) for p in nearest for o in p.quantities if equal(quantity, o))
        theirs = [m["what"] for p, o in alike if (m := _SHARE_OF.match(p.text, o.end))]
        if own and theirs and not any(_keys_of(own["what"]) & _keys_of(what) for what in theirs):
            yield said.problem(
                "swapped", f'"{own.group().strip()}" stands where the clause has "of {theirs[0]}"'
            )
            return


def _keys_of(text: str) -> frozenset[str]:
    return frozenset(k for w in words(text) if not is_stop(w.text) for k in keys(w.stem))


def _periods(text: str) -> frozenset[str]:
    """How often a text says that a thing happens."""
    found = (m["noun"] or _ADVERBS[m["adverb"].lower()] for m in _PERIOD.finditer(text))
    return frozenset(x.lower() for x in found)


def _alike(one: str, other: str) -> bool:
    return bool(keys(words(one)[0].stem) & keys(words(other)[0].stem))


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
        if _inclusive(said, quantity, theirs) and not any(_DENIES.search(p.text) for p in nearest):
            yield said.problem("comparator", f'"{quantity.text}" itself is on this side in the clause')
    for day in _ON_DAY.finditer(said.text):
        if any(re.search(_NOT_ON.format(day["day"]), p.text) for p in nearest) and not any(
            day.group().lower() in p.text.lower() for p in nearest
        ):
            yield said.problem("time", f'"{day.group()}" is on the other side in the clause')


def _inclusive(said: Said, quantity: Quantity, theirs: list[Quantity]) -> bool:
    """Whether a sentence denies of exactly so much what a clause has from there on."""
    exactly = _EXACTLY.search(said.text[: quantity.start])
    inclusive = bool(theirs) and all(bound_of(o) in (Comparator.GE, Comparator.LE) for o in theirs)
    return bool(exactly and inclusive and _DENIES.search(said.text))


def _left_out(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "over the land but not over the machinery" leaves the machinery out."""
    if _DENIES.search(said.text):
        return
    for passage in nearest:
        found = _BUT_NOT.search(passage.text)
        what = [w for w in words(found["what"]) if not is_stop(w.text)] if found else []
        if found and any(w.stem in said.stems for w in what):
            yield said.problem("negation", f'the clause says "{found.group()}"')
            return


def _spans(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "For the first year" is not "for the whole term"."""
    own = _PART_OF_TIME.search(said.text)
    if own and any(_WHOLE_TIME.search(p.text) for p in nearest) and own.group() not in nearest[0].text:
        yield said.problem("time", f'"{own.group()}" stands where the clause has the whole')

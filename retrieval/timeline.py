"""When each clause binds: from what the editions of a document state, by pure computation.

Three things end a clause: the end that its edition states; a withdrawal; and, where its edition states
none, the next edition of the document, which replaces the whole of the one before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from retrieval.errors import Refused
from retrieval.model import Document, Provision

Key = tuple[str, str]
"""(edition, clause)"""


@dataclass(frozen=True, slots=True)
class Stated:
    """A provision and the day on which it was withdrawn; then what may differ without a reader's noticing."""

    provision: Provision
    withdrawn_on: date | None = None
    source: str = field(default="", compare=False)
    title: str | None = field(default=None, compare=False)
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """A stated clause with the days on which it binds; `end` is exclusive, None while in force."""

    edition: str
    stated: Stated
    start: date
    end: date | None


Editions = Mapping[Key, Stated]


def merge(now: Editions, document: Document) -> dict[Key, Stated]:
    """What is stated once this source is taken in; a text corrected does not undo a withdrawal."""
    edition = document.edition
    after = dict(now)
    for position, provision in enumerate(document.provisions):
        before = now.get((edition, provision.clause))
        withdrawn_on = before.withdrawn_on if before else None
        after[edition, provision.clause] = Stated(
            provision, withdrawn_on, document.source, document.title, position
        )
    if document.whole:
        kept = {provision.clause for provision in document.provisions}
        gone = [k for k, s in now.items() if k[0] == edition and s.source == document.source]
        for key in gone:
            if key[1] not in kept:
                del after[key]
    return after


def withdraw(now: Editions, clause: str, on: date) -> dict[Key, Stated]:
    """What is stated once the clause in force on that day ends on it; raises Refused where none is."""
    for standing in resolve(now):
        if standing.stated.provision.clause == clause and _binds(standing, on):
            if standing.start == on:
                raise Refused(f"{clause} begins on {on}: correct edition {standing.edition} instead")
            ended = replace(standing.stated, withdrawn_on=on)
            return {**now, (standing.edition, clause): ended}
    raise Refused(f"{clause} is not in force on {on}")


def resolve(stated: Editions) -> list[Standing]:
    """Each clause with the days on which it binds; raises Refused where two texts would bind at once."""
    first = starts(stated)
    following = _following(first)
    standing = [_standing(key, stated, first, following.get(key[0])) for key in sorted(stated)]
    _check_overlaps(standing)
    return standing


def successions(stated: Editions) -> set[Key]:
    """The pairs (edition, next edition) in which the next one ends a clause that states no end itself."""
    following = _following(starts(stated))
    pairs = set()
    for standing in resolve(stated):
        open_ended = standing.stated.provision.effective_to is None
        if open_ended and standing.end is not None and standing.end != standing.stated.withdrawn_on:
            pairs.add((standing.edition, following[standing.edition]))
    return pairs


def starts(stated: Editions) -> dict[str, date]:
    """The first day of each edition, in their order."""
    first: dict[str, date] = {}
    for (edition, _), one in stated.items():
        start = one.provision.effective_from
        first[edition] = min(start, first.get(edition, start))
    return dict(sorted(first.items(), key=lambda item: (item[1], item[0])))


def _following(first: Mapping[str, date]) -> dict[str, str]:
    """The edition after each, where that one begins later."""
    return {a: b for a, b in pairwise(first) if first[a] < first[b]}


def _standing(key: Key, stated: Editions, first: Mapping[str, date], later: str | None) -> Standing:
    edition, clause = key
    one = stated[key]
    ends = [one.provision.effective_to, one.withdrawn_on]
    if one.provision.effective_to is None and later is not None:
        successor = stated.get((later, clause))
        ends.append(successor.provision.effective_from if successor else first[later])
    end = min((e for e in ends if e is not None), default=None)
    start = one.provision.effective_from
    if end is not None and end <= start:
        raise Refused(f"{clause} of edition {edition} would end on {end}, before it begins on {start}")
    return Standing(edition, one, start, end)


def _check_overlaps(standing: Sequence[Standing]) -> None:
    by_clause: dict[str, list[Standing]] = {}
    for one in standing:
        by_clause.setdefault(one.stated.provision.clause, []).append(one)
    for clause, texts in by_clause.items():
        for a, b in pairwise(sorted(texts, key=lambda s: (s.start, s.edition))):
            if a.end is None or b.start < a.end:
                raise Refused(_overlap(clause, a, b))


def _overlap(clause: str, a: Standing, b: Standing) -> str:
    until = f"until {a.end}" if a.end else "without an end"
    return (
        f"{clause} would have two texts in force on {b.start}: edition {a.edition} binds from {a.start} "
        f"{until}, edition {b.edition} from {b.start}"
    )


def _binds(standing: Standing, on: date) -> bool:
    return standing.start <= on and (standing.end is None or on < standing.end)


def clauses_of(standing: Iterable[Standing]) -> dict[Key, Standing]:
    """The same, by edition and clause."""
    return {(one.edition, one.stated.provision.clause): one for one in standing}

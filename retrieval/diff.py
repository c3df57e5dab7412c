"""What changed between two days, in words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from retrieval.model import Clause

_TOKEN = re.compile(r"\s+|[\w.,%/-]*\w%?|[^\w\s]")
_MANY = 6
_HARDLY = 2
"""So few words that stayed do not part two changes."""
_REWRITTEN = 0.4
"""With less in common than this, what was put in and taken out word by word tells nobody anything."""
_TOO_MUCH = 25_000_000
"""Pairs of words; comparing takes time with their number."""
_LONGEST = 300

Span = tuple[int, int]


class Change(StrEnum):
    """What happened to a clause."""

    ADDED = "added"
    ENDED = "ended"
    RENUMBERED = "renumbered"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that is not the same on the two days; `words` says how, for a person.

    `on` is the day of the change: when the clause came, ended, or began to read as it does now.
    """

    change: Change
    document: str
    clause: str
    before: Clause | None
    after: Clause | None
    on: date | None = None

    @property
    def words(self) -> str:
        """One sentence or a few."""
        if self.change is Change.ADDED and self.after:
            return f"{_name(self.after)} is new from {self.on}."
        if self.change is Change.ENDED and self.before:
            return f"{_name(self.before)} ended on {self.on}."
        if self.before is None or self.after is None:
            return ""
        if self.change is Change.RENUMBERED:
            return f"{_name(self.before)} is now {self.after.clause}; its words are the same."
        return f"{_name(self.after)} reads differently from {self.on}: {_reworded(self)}."


def difference(
    before: Iterable[Clause], after: Iterable[Clause], between: Iterable[Clause] = ()
) -> tuple[Difference, ...]:
    """What is not the same among the clauses in force on two days, in the order of the documents.

    `between` are the clauses of the days between, from which the day of a change is read: an edition that
    repeats a text is no change of it. Without them it is the day of the edition that was given.
    """
    old = {(c.document, c.clause): c for c in before}
    new = {(c.document, c.clause): c for c in after}
    ended = {key: clause for key, clause in old.items() if key not in new}
    moved = {(c.document, c.sha256): key for key, c in ended.items() if len(c.text) > 0}
    found = [d for key, clause in new.items() if (d := _compared(old, key, clause, moved, ended))]
    found += [Difference(Change.ENDED, *key, clause, None) for key, clause in ended.items()]
    told = _Days(between)
    return tuple(replace(d, on=told.of(d)) for d in sorted(found, key=lambda d: d.document))


class _Days:
    """When what is not the same changed, read from the clauses of the days between."""

    def __init__(self, between: Iterable[Clause]) -> None:
        self._by_end = {(c.document, c.clause, c.effective_to): c for c in between}
        self._by_start = {(c.document, c.clause, c.effective_from): c for c in self._by_end.values()}

    def of(self, found: Difference) -> date | None:
        """The day of this change."""
        if found.after is not None:
            return self._since(found.after, any_text=found.change is Change.ADDED)
        return self._until(found.before) if found.before is not None else None

    def _since(self, clause: Clause, *, any_text: bool) -> date:
        """Since when the clause reads so, or is there at all, without a day between."""
        first = clause
        while earlier := self._by_end.get((first.document, first.clause, first.effective_from)):
            if not any_text and earlier.sha256 != clause.sha256:
                break
            first = earlier
        return first.effective_from

    def _until(self, clause: Clause) -> date | None:
        """Until when the clause is there, whatever its text, without a day between."""
        last = clause
        while later := self._by_start.get((last.document, last.clause, last.effective_to or date.max)):
            last = later
        return last.effective_to


def _compared(
    old: dict[tuple[str, str], Clause],
    key: tuple[str, str],
    clause: Clause,
    moved: dict[tuple[str, str], tuple[str, str]],
    ended: dict[tuple[str, str], Clause],
) -> Difference | None:
    if key in old:
        if old[key].sha256 == clause.sha256:
            return None
        return Difference(Change.REWORDED, *key, old[key], clause)
    origin = moved.pop((clause.document, clause.sha256), None)
    if origin is not None:
        return Difference(Change.RENUMBERED, *key, ended.pop(origin), clause)
    return Difference(Change.ADDED, *key, None, clause)


def _reworded(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if before is None or after is None:
        return ""
    parts = []
    if before.heading != after.heading:
        parts.append(f"its heading was “{before.heading or ''}” and is “{after.heading or ''}”")
    parts += _replacements(_TOKEN.findall(before.text), _TOKEN.findall(after.text))
    if len(parts) > _MANY:
        return "; ".join(parts[:_MANY]) + f"; and {len(parts) - _MANY} more changes"
    return "; ".join(parts) or "its spacing changed"


def _replacements(old: Sequence[str], new: Sequence[str]) -> list[str]:
    if len(old) * len(new) > _TOO_MUCH or _alike(old, new) < _REWRITTEN:
        return [f"it is rewritten: “{_clipped(old)}” became “{_clipped(new)}”"]
    words = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for (a, b), (c, d) in _changes(matcher.get_opcodes(), old, new):
        was, now = _clipped(old[a:b]), _clipped(new[c:d])
        if was and now:
            words.append(f"“{was}” became “{now}”")
        elif was or now:
            words.append(f"“{was}” was taken out" if was else f"“{now}” was put in")
    return words


def _alike(old: Sequence[str], new: Sequence[str]) -> float:
    """The share of words that stayed where they were, spaces apart."""
    was, now = ([token for token in tokens if not token.isspace()] for tokens in (old, new))
    return SequenceMatcher(None, was, now, autojunk=False).ratio()


def _changes(
    steps: Iterable[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> list[tuple[Span, Span]]:
    """Where the two differ; changes with hardly a word between them are one."""
    found: list[tuple[Span, Span]] = []
    for tag, a, b, c, d in steps:
        if tag == "equal":
            continue
        if found:
            (first, last), (first_new, _) = found[-1]
            if sum(token[0].isalnum() for token in old[last:a]) <= _HARDLY:
                found[-1] = (first, b), (first_new, d)
                continue
        found.append(((a, b), (c, d)))
    return [
        (was, now)
        for was, now in found
        if "".join(old[slice(*was)]).strip() != "".join(new[slice(*now)]).strip()
    ]


def _clipped(tokens: Sequence[str]) -> str:
    text = " ".join("".join(tokens).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"


def _name(clause: Clause) -> str:
    heading = f" ({clause.heading})" if clause.heading else ""
    return f"{clause.document} {clause.clause}{heading}"

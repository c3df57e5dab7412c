"""What changed between two days, in words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from retrieval.model import Clause

_TOKEN = re.compile(r"\s+|[\w.,%/-]*\w%?|[^\w\s]")
_MANY = 6


class Change(StrEnum):
    """What happened to a clause."""

    ADDED = "added"
    ENDED = "ended"
    RENUMBERED = "renumbered"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that is not the same on the two days; `words` says how, for a person."""

    change: Change
    document: str
    clause: str
    before: Clause | None
    after: Clause | None

    @property
    def words(self) -> str:
        """One sentence or a few."""
        if self.change is Change.ADDED and self.after:
            return f"{_name(self.after)} is new from {self.after.effective_from}."
        if self.change is Change.ENDED and self.before:
            return f"{_name(self.before)} ended on {self.before.effective_to}."
        if self.before is None or self.after is None:
            return ""
        if self.change is Change.RENUMBERED:
            return f"{_name(self.before)} is now {self.after.clause}; its words are the same."
        return f"{_name(self.after)} reads differently from {self.after.effective_from}: {_reworded(self)}."


def difference(before: Iterable[Clause], after: Iterable[Clause]) -> tuple[Difference, ...]:
    """What is not the same among the clauses in force on two days, in the order of the documents."""
    old = {(c.document, c.clause): c for c in before}
    new = {(c.document, c.clause): c for c in after}
    ended = {key: clause for key, clause in old.items() if key not in new}
    moved = {(c.document, c.sha256): key for key, c in ended.items() if len(c.text) > 0}
    found = [d for key, clause in new.items() if (d := _compared(old, key, clause, moved, ended))]
    found += [Difference(Change.ENDED, *key, clause, None) for key, clause in ended.items()]
    return tuple(sorted(found, key=lambda d: d.document))


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
    words = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, now = "".join(old[a:b]).strip(), "".join(new[c:d]).strip()
        if tag == "equal" or was == now:
            continue
        if was and now:
            words.append(f"“{was}” became “{now}”")
        else:
            words.append(f"“{was}” was taken out" if was else f"“{now}” was put in")
    return words


def _name(clause: Clause) -> str:
    heading = f" ({clause.heading})" if clause.heading else ""
    return f"{clause.document} {clause.clause}{heading}"

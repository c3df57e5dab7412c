"""Tables of clauses: the row that a value falls in, and the row that a number stands in."""

import re
from collections.abc import Iterator

from decisioning.comparison import compare
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Known, Pool, Role, equal
from decisioning.grounding.said import Said
from decisioning.grounding.working import value_of, worth_of
from decisioning.model import Problem
from decisioning.numbers import Kind, Quantity, bound_of

_ROW = re.compile(r"\|\s*(?P<label>[A-Z]|\d{1,2}|[IVX]{1,4})\s*\|")
_OTHER = re.compile(
    r"\b(?:from|below|above|than|reach(?:es)?|short\s+of|for|to)\s+(?:price\s+)?$", re.IGNORECASE
)
"""What stands before a row that something is compared with, not put in."""
_LABEL = re.compile(r"\b(?:tier|band|grade|class|level)\s+(?P<label>[A-Z]|\d{1,2}|[IVX]{1,4})\b")


def stands_in_row(label: str, said: Said, pool: Pool) -> bool:
    """Whether a table gives that label, for the values of the sentence and beside its numbers."""
    labels = {m["label"].lower() for p in pool.passages if (m := _ROW.match(p.text))}
    return label.lower() in labels and not any(_wrong(label, said, pool))


def check_rows(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a table puts the sentence's value, or its number, in another row."""
    if pool.outcome is not None:
        return
    for found in _LABEL.finditer(said.text):
        if _OTHER.search(said.text[: found.start()]):
            continue
        if any(_wrong(found["label"], said, pool)):
            yield said.problem("wrong_name", f'the table says something else of "{found.group()}"')


def _wrong(label: str, said: Said, pool: Pool) -> Iterator[bool]:
    for quantity in said.amounts:
        for known in pool.meaning(quantity):
            own = _fallen(pool)[known] if known.role is Role.VALUE else None
            yield own is not None and own != label.upper()
        rows = [m["label"] for p in pool.passages if (m := _ROW.match(p.text)) and _has(quantity, p)]
        bare = any(_has(quantity, p) for p in pool.passages if not p.text.startswith("|"))
        other = quantity.kind is not Kind.POINTS and bool(rows) and not bare
        yield other and label.upper() not in rows


def _has(quantity: Quantity, passage: Passage) -> bool:
    return any(equal(quantity, o) for o in passage.quantities)


def _fallen(pool: Pool) -> dict[Known, str | None]:
    """The label of the first row whose limit each value keeps; a row without one takes what is left."""
    if "rows" not in pool.kept:
        pool.kept["rows"] = {k: _row_of(k, pool) for k in pool.numbers if k.role is Role.VALUE}
    found: dict[Known, str | None] = pool.kept["rows"]
    return found


def _row_of(known: Known, pool: Pool) -> str | None:
    found: list[tuple[str, bool]] = []
    for passage in pool.passages:
        row = _ROW.match(passage.text)
        bounds = [
            (bound, worth)
            for q in passage.quantities
            if (bound := bound_of(q)) and (worth := worth_of(q, known, pool)) is not None
        ]
        if row and bounds:
            kept = all(compare(float(value_of(known, pool)), bound, float(worth)) for bound, worth in bounds)
            found.append((row["label"], kept))
        elif row and found and re.search(r"\bbelow\b", passage.text):
            found.append((row["label"], True))
    return next((label for label, kept in found if kept), None)

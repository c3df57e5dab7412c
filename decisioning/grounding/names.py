"""Clauses, days, tiers and proper names of a sentence must be those of the record."""

import re
from collections.abc import Iterator
from datetime import date

from decisioning.grounding.once import once
from decisioning.grounding.pool import KnownDate, Pool, stated_in
from decisioning.grounding.rows import stands_in_row
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.stems import stem
from decisioning.model import Problem
from decisioning.numbers import Kind, Quantity
from decisioning.numbers.dates import MONTHS

_LABEL = re.compile(
    r"\b(tier|band|grade|class|level)\s+[\"'\u201c]?([A-Z]|\d{1,2}|[IVX]{1,4})\b(?!\s*[%.,]\d)", re.IGNORECASE
)
_PROPER = re.compile(r"(?<=[a-z,;:\d)'\u2019] )[A-Z][\w'\u2019]*")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KNOWN_PROPER = frozenset(
    [
        "i",
        "apr",
        "dti",
        "dsti",
        "ltv",
        "ltp",
        "pd",
        "api",
        "esp",
        "eur",
        "usd",
        "gbp",
        "regulation",
        "reg",
        "b",
        "ecoa",
        "principal",
        "reason",
        "reasons",
        "policy",
        "manual",
        "clause",
        "section",
        "article",
        "appendix",
        "part",
        "tier",
    ]
).union(MONTHS)


def check_names(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each name in the sentence that the record does not know, or knows otherwise."""
    for quantity in said.quantities:
        if quantity.kind is Kind.CLAUSE and not known_clause(quantity.name, pool):
            yield said.problem("unknown_clause", f"{quantity.text} is not among the clauses that were read")
        if quantity.kind is Kind.DATE:
            yield from _day(said, quantity, pool)
    yield from _labels(said, pool)
    yield from _proper(said, pool)


@once
def known_clause(name: str, pool: Pool) -> bool:
    """Whether a clause of that name may be mentioned; a passage that mentions it vouches for it."""
    wanted = _bare(name)
    if any(_bare(c) == wanted for c in pool.clauses):
        return True
    mentioned = (q for p in pool.passages for q in p.quantities if q.kind is Kind.CLAUSE)
    return any(_bare(q.name) == wanted for q in mentioned)


def _bare(name: str) -> str:
    return re.sub(r"[\s\u00a7]", "", name).lower()


def _day(said: Said, quantity: Quantity, pool: Pool) -> Iterator[Problem]:
    known = [d for d in pool.dates if _falls(quantity, d.day)]
    if not known:
        yield said.problem(
            "unknown_date", f'"{quantity.text}" is no date of the decision or of the clauses given'
        )
        return
    near = said.left_of(quantity) | said.right_of(quantity)
    if not any(_tells(d, near) for d in known) and any(_tells(d, near) for d in pool.dates):
        yield said.problem("date_out_of_place", f'"{quantity.text}" is a date of the record, but not of this')


def _falls(quantity: Quantity, day: date) -> bool:
    if quantity.unit == "month":
        return any((d.year, d.month) == (day.year, day.month) for d in quantity.days)
    return day in quantity.days


def _tells(known: KnownDate, near: frozenset[str]) -> bool:
    return not known.words or bool(known.words & near)


def _labels(said: Said, pool: Pool) -> Iterator[Problem]:
    own = labels_of("tier", pool)
    for found in _LABEL.finditer(said.text):
        label = found[2].lower()
        quoted = is_general(said, pool) and (
            _stands(said, found[1].lower(), label, pool)
            or (pool.outcome is None and stands_in_row(label, said, pool))
        )
        if (own or is_general(said, pool)) and label not in own and not quoted:
            yield said.problem(
                "wrong_name", f'"{found.group()}" is not the {found[1].lower()} of this decision'
            )


@once
def labels_of(name: str, pool: Pool) -> frozenset[str]:
    """What the record has as the label of a fact."""
    return frozenset(value for own, value in pool.labels if own == name)


@once
def _is_written(word: str, pool: Pool) -> bool:
    """Whether a word stands in a passage as it is written."""
    return word in pool.written


@once
def _is_named(word: str, pool: Pool) -> bool:
    """Whether a word can be matched, or is a label of the record."""
    return pool.carries(stem(word)) or any(word == value for _, value in pool.labels)


def _stands(said: Said, noun: str, label: str, pool: Pool) -> bool:
    """Whether a clause with the sentence's numbers, or any where it has none, names this tier."""
    clauses = {p.clause for p in pool.passages if any(stated_in(q, p) for q in said.amounts)}
    texts = (p.text.lower() for p in pool.passages if not clauses or p.clause in clauses)
    return any(re.search(rf"\b{noun}\s+{label}\b", text) for text in texts)


def _proper(said: Said, pool: Pool) -> Iterator[Problem]:
    spans = [(q.start, q.end) for q in said.quantities]
    for found in _PROPER.finditer(said.text):
        word = found.group().lower().replace("\u2019", "'").removesuffix("'s")
        inside = any(a <= found.start() < b for a, b in spans)
        if inside or word in _KNOWN_PROPER or len(word) == 1 or _is_written(word, pool):
            continue
        if word.rstrip("s") in _WEEKDAYS and pool.outcome is not None:
            continue
        if not _is_named(word, pool):
            yield said.problem(
                "unknown_name", f'"{found.group()}" is named nowhere in the record or the clauses'
            )

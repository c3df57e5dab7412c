"""Finds in a clause the sentence to quote, and says exactly where it stands."""

import re
from collections.abc import Iterable, Sequence

from decisioning.claim_types import CharacteristicClaim, PriceClaim
from decisioning.claims import Claim, comparisons_of, rule_of
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.text import sentences, words
from decisioning.grounding.topics import vocabulary
from decisioning.model import Citation, Decision, Rule
from decisioning.numbers import quantities, states
from decisioning.orders import is_order
from decisioning.ports import Clause

_LIMIT_WEIGHT = 10.0
_ORDER_WEIGHT = 1000.0
"""A sentence that gives an order is quoted only where a clause has no other."""
_ROW_WEIGHT = 20.0
"""The row of a table that is headed by what is told outweighs one that only holds the same number."""
_HANGING = re.compile(r"(?:they|it|this|these|that|such|after that)\b", re.IGNORECASE)
"""Begins a sentence that says nothing without the one before it."""


def citations_of(
    claim: Claim, decision: Decision, clauses: Iterable[Clause], text: str
) -> tuple[Citation, ...]:
    """A quote from each of these clauses: the sentence that carries the rule's limit, else the likest one."""
    rule = rule_of(claim)
    scored = claim.reason.source if isinstance(claim, CharacteristicClaim) else None
    tier = claim.tier if isinstance(claim, PriceClaim) else None
    return tuple(
        cite(clause, _of_tier(clause, tier) or _carrying(clause, rule, scored, decision, text))
        for clause in clauses
    )


def _of_tier(clause: Clause, tier: str | None) -> tuple[int, int] | None:
    """The row of a table of price tiers that is the offer's own: another tier's may have its limit."""
    for start, end in sentences(clause.text):
        if clause.text[start:end].strip("| ").partition("|")[0].strip() == tier:
            return start, end
    return None


def _carrying(
    clause: Clause, rule: Rule | None, scored: str | None, decision: Decision, text: str
) -> tuple[int, int]:
    """The sentence to quote: it names the rule's limit, or the characteristic that was scored."""
    weights = []
    for start, end in sentences(clause.text):
        piece = clause.text[start:end]
        weight = _likeness(piece, text)
        if rule is not None and rule.clause == clause.clause:
            weight += _LIMIT_WEIGHT * _limits_in(piece, rule, decision.currency.unit)
            weight += len({w.stem for w in words(piece)} & vocabulary(rule.fact))
        if is_order(piece):
            weight -= _ORDER_WEIGHT
        if scored is not None:
            weight += len({w.stem for w in words(piece)} & vocabulary(scored))
        weights.append(weight + (_fitness(clause.text, start, end, rule, text) if text else 0))
    return _scored(clause, weights)


def _fitness(clause_text: str, start: int, end: int, rule: Rule | None, text: str) -> float:
    """How well a quote reads beside the sentence: the row of a table that is meant, nothing that hangs."""
    piece = clause_text[start:end]
    if _HANGING.match(piece):
        return -1.0
    if " | " not in piece or " | " not in clause_text[:start]:
        return 0.0
    own = text.partition('"')[0]
    headed = names_head(piece, own)
    return _ROW_WEIGHT if headed or (rule is not None and covers(piece, rule.clause)) else 0.0


def names_head(row: str, text: str) -> bool:
    """Whether the first cell of a row stands in the text; a single letter as it is written."""
    head = row.partition(" | ")[0].strip()
    how = re.IGNORECASE if len(head) > 1 else re.NOFLAG
    return re.search(rf"(?<![\w-]){re.escape(head)}(?![\w-])", text, how) is not None


def covers(row: str, clause: str) -> bool:
    """Whether a row's second cell names the clause or the part that it stands in."""
    cells = [c.strip() for c in row.split("|")]
    if len(cells) < 2:
        return False
    part = re.match(r"[A-Z]+-(\d+)", clause)
    named = re.findall(r"\bParts? ([\d, and]+)", cells[1])
    parts = {n for found in named for n in re.findall(r"\d+", found)}
    return bool(re.search(rf"{re.escape(clause)}(?![\d.])", cells[1])) or bool(part and part[1] in parts)


def _scored(clause: Clause, weights: Sequence[float]) -> tuple[int, int]:
    spans = sentences(clause.text)
    if not spans:
        return 0, len(clause.text)
    best = max(range(len(spans)), key=lambda n: (weights[n], -n))
    return spans[best]


def _limits_in(piece: str, rule: Rule, currency_unit: int) -> int:
    limits = [(p.limit, p.unit) for p in comparisons_of(rule) if isinstance(p.limit, int | float)]
    found = quantities(piece)
    return sum(any(states(q, float(value), unit, currency_unit) for q in found) for value, unit in limits)


def _likeness(piece: str, text: str) -> float:
    wanted = [w for w in words(text) if not is_stop(w.text)]
    carried = frozenset(k for w in words(piece) if not is_stop(w.text) for k in keys(w.stem))
    return sum(1 for w in wanted if keys(w.stem) & carried) / max(1, len(wanted))


def cite(clause: Clause, span: tuple[int, int]) -> Citation:
    """The span as a citation."""
    start, end = span
    return Citation(
        document=clause.document,
        clause=clause.clause,
        edition=clause.edition,
        quote=clause.text[start:end],
        start=start,
        end=end,
    )

"""Finds in a clause the sentence to quote, and says exactly where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from decisioning.claim_types import CharacteristicClaim, PriceClaim
from decisioning.claims import Claim, comparisons_of, rule_of
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.text import sentences, words
from decisioning.grounding.topics import vocabulary
from decisioning.model import Citation, Decision, Rule
from decisioning.numbers import Quantity, quantities, skeleton, states
from decisioning.orders import is_order
from decisioning.ports import Clause

_LIMIT_WEIGHT = 10.0
_ORDER_WEIGHT = 1000.0
"""A sentence that gives an order is quoted only where a clause has no other."""
_Wanted = tuple[frozenset[str], ...]
"""The keys of each word with content of a sentence."""


def citations_of(
    claim: Claim, decision: Decision, clauses: Iterable[Clause], text: str
) -> tuple[Citation, ...]:
    """A quote from each of these clauses: the sentence that carries the rule's limit, else the likest one."""
    rule = rule_of(claim)
    scored = claim.reason.source if isinstance(claim, CharacteristicClaim) else None
    tier = claim.tier if isinstance(claim, PriceClaim) else None
    wanted = _wanted(skeleton(text))
    return tuple(
        cite(clause, _of_tier(clause, tier) or _carrying(clause, rule, scored, decision, wanted))
        for clause in clauses
    )


def _of_tier(clause: Clause, tier: str | None) -> tuple[int, int] | None:
    """The row of a table of price tiers that is the offer's own: another tier's may have its limit."""
    return next((p.span for p in _pieces(clause.text) if p.row == tier), None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence of a clause, taken apart once: what its words can be matched by, what it says in numbers."""

    span: tuple[int, int]
    stems: frozenset[str]
    keys: frozenset[str]
    quantities: tuple[Quantity, ...]
    is_order: bool
    row: str
    """What stands in the first cell, where it is the row of a table."""


@lru_cache(maxsize=2048)
def _pieces(clause: str) -> tuple[_Piece, ...]:
    return tuple(_piece(clause, span) for span in sentences(clause))


def _piece(clause: str, span: tuple[int, int]) -> _Piece:
    text = clause[span[0] : span[1]]
    return _Piece(
        span,
        frozenset(w.stem for w in words(text)),
        frozenset(k for w in words(text) if not is_stop(w.text) for k in keys(w.stem)),
        quantities(text),
        is_order(text),
        text.strip("| ").partition("|")[0].strip(),
    )


def _carrying(
    clause: Clause, rule: Rule | None, scored: str | None, decision: Decision, wanted: _Wanted
) -> tuple[int, int]:
    """The sentence to quote: it names the rule's limit, or the characteristic that was scored."""
    pieces = _pieces(clause.text)
    if not pieces:
        return 0, len(clause.text)
    if len(pieces) == 1:
        return pieces[0].span
    weights = []
    for piece in pieces:
        weight = _likeness(piece, wanted)
        if rule is not None and rule.clause == clause.clause:
            weight += _LIMIT_WEIGHT * _limits_in(piece, rule, decision.currency.unit)
            weight += len(piece.stems & vocabulary(rule.fact))
        if piece.is_order:
            weight -= _ORDER_WEIGHT
        if scored is not None:
            weight += len(piece.stems & vocabulary(scored))
        weights.append(weight)
    return pieces[max(range(len(pieces)), key=lambda n: (weights[n], -n))].span


def _limits_in(piece: _Piece, rule: Rule, currency_unit: int) -> int:
    limits = [(p.limit, p.unit) for p in comparisons_of(rule) if isinstance(p.limit, int | float)]
    found = piece.quantities
    return sum(any(states(q, float(value), unit, currency_unit) for q in found) for value, unit in limits)


@lru_cache(maxsize=4096)
def _wanted(wording: str) -> _Wanted:
    return tuple(keys(w.stem) for w in words(wording) if not is_stop(w.text))


def _likeness(piece: _Piece, wanted: _Wanted) -> float:
    return sum(not own.isdisjoint(piece.keys) for own in wanted) / max(1, len(wanted))


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

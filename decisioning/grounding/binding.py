"""What a sentence calls a reason or a condition must be one of this decision's."""

import re
from collections.abc import Iterator

from decisioning.grounding.content import own_words, restates
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_neutral, keys
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.text import Word
from decisioning.grounding.topics import NAMED
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import Kind, negated_at

_NO_CAUSES = ("outcome", "next", "condition", "price")
"""Kinds of claims that tell what is, not why."""
_BECAUSE = re.compile(
    r"\b(?:because|since|due\s+to|owing\s+to|as\s+a\s+result\s+of|for\s+the\s+reason\s+that|on\s+account\s+of)\b",
    re.IGNORECASE,
)
_TIER = frozenset({"tier"})
_QUOTED = 0.66
"""The share of its words that makes a sentence a retelling of a reason's own text."""


def check_binding(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each reason or condition that the sentence gives this decision and that it has not."""
    if pool.outcome is None or is_general(said, pool):
        return
    own = own_words(said, pool)
    yield from _conditions(said, own, pool)
    yield from _met(said, pool)
    yield from _causes(own, pool)


def _conditions(said: Said, own: Said, pool: Pool) -> Iterator[Problem]:
    asks = form("condition").search(own.text) or form("duty").search(own.text)
    if not asks:
        return
    texts = (p for c in pool.carriers if c.kind == "condition" for p in c.passages)
    if any(restates(said, p) for p in texts):
        return
    if form("pays").search(said.text) and form("about price").search(said.text) and said.amounts:
        return
    topics = pool.topics(said.sequence)
    if pool.missing and topics and all(t & set(pool.missing) for t in topics):
        return
    kind = "condition" if pool.outcome is Outcome.APPROVE else "outcome"
    problem = f'"{asks.group()}" states a condition that the decision does not carry'
    yield said.problem(f"unknown_{kind}", problem)


def _met(said: Said, pool: Pool) -> Iterator[Problem]:
    """A condition is still to be met: it is no reason of an approval, and nobody has met it."""
    basis = form("based on").search(said.text)
    if pool.outcome is not Outcome.APPROVE or not basis:
        return
    texts = (p for c in pool.carriers if c.kind == "condition" for p in c.passages if len(p.content) > 1)
    if any(restates(said, p) for p in texts):
        yield said.problem("unknown_reason", "a condition of the approval is no reason for it")


def _causes(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is called a reason, or said to be poor, must be a reason or have broken a rule."""
    cause, scored = form("cause").search(said.text), form("by the score").search(said.text)
    found = cause or scored or form("poor").search(said.text)
    if not found or negated_at(said.text, found.start()) or form("lacking").search(said.text):
        return
    if pool.causes and form("failed").search(said.text):
        return
    by_score = bool(form("by points").search(said.text)) or (bool(scored) and not cause)
    allowed = _scored(pool) if by_score else _reasons(pool)
    if form("hypothetical").search(said.text):
        allowed |= frozenset(r.fact for r in pool.rules if r.fired)
    yield from _unfired(said, cause, pool)
    topics = _given(said, pool)
    if cause and not topics:
        yield from _unknown_cause(said, pool)
    for topic in topics:
        if not topic & allowed and not _beside(topic, said, pool, alone=len(topics) == 1):
            name = min(topic).replace("_", " ")
            yield said.problem("unknown_reason", f"{name} is no reason of this decision")


def _unfired(said: Said, cause: re.Match[str] | None, pool: Pool) -> Iterator[Problem]:
    """A clause whose rules were not met gives no reason."""
    if cause is None or form("applied").search(said.text) or form("hypothetical").search(said.text):
        return
    named = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    rules = [r for r in pool.rules if r.clause in named]
    if rules and {r.clause for r in rules} == named and not any(r.fired for r in rules):
        yield said.problem("unknown_reason", f"{rules[0].clause} did not apply")


def _given(said: Said, pool: Pool) -> tuple[frozenset[str], ...]:
    """The topics given as causes: those behind a "because", or else all; a tier is none beside others."""
    found = _BECAUSE.search(said.text)
    behind: tuple[frozenset[str], ...] = ()
    if found is not None:
        end = said.text.find(",", found.end()) if not said.text[: found.start()].strip() else -1
        behind = pool.topics(said.ordered(found.end(), end if end > 0 else len(said.text)))
    topics = behind or pool.topics(said.sequence)
    return tuple(t for t in topics if t != _TIER) or topics


def _unknown_cause(said: Said, pool: Pool) -> Iterator[Problem]:
    """A reason that names no fact must be in the words of a claim of this decision."""
    carried = frozenset().union(*(c.keys for c in pool.carriers))
    content = [w for w in said.content if not is_neutral(w.stem)]
    foreign = [w for w in content if not keys(w.stem) & carried]
    foreign = foreign or _of_no_cause(said, pool)
    if foreign:
        words = ", ".join(dict.fromkeys(w.text for w in foreign))
        yield said.problem("unknown_reason", f"no reason of this decision speaks of: {words}")


def _of_no_cause(said: Said, pool: Pool) -> list[Word]:
    """The words behind a "because" where nothing but the outcome's own claim speaks of them."""
    found = _BECAUSE.search(said.text)
    if found is None:
        return []
    causes = frozenset().union(*(c.keys for c in pool.carriers if c.kind not in _NO_CAUSES))
    behind = [w for w in said.content if w.start >= found.end() and not is_neutral(w.stem)]
    return [] if any(keys(w.stem) & causes for w in behind) else behind


def _scored(pool: Pool) -> frozenset[str]:
    """The characteristics among the principal reasons."""
    return frozenset(n for c in pool.carriers if c.rank is not None and c.scored for n in c.names) | {"score"}


def _reasons(pool: Pool) -> frozenset[str]:
    """The facts of the principal reasons and of the rules that led to the outcome."""
    ranked = frozenset(n for c in pool.carriers if c.rank is not None for n in c.names)
    effect = Effect.DECLINE if pool.outcome is Outcome.DECLINE else Effect.REFER
    rules = [r for r in pool.rules if r.fired and r.effect is effect]
    fired = frozenset(fact for r in rules for fact in (r.fact, *(a.fact for a in r.also)))
    approved = pool.outcome is Outcome.APPROVE
    by_score = approved or any(c.scored for c in pool.carriers) or any(r.fact == "score" for r in rules)
    return ranked | fired | (frozenset({"score", "pd"}) if by_score else frozenset())


def _beside(topic: frozenset[str], said: Said, pool: Pool, *, alone: bool) -> bool:
    """A fact with its value, or one that is part of a reason's own words, may stand beside the reason."""
    values = {k.name for q in said.amounts for k in pool.meaning(q)}
    if topic & values:
        return not alone
    ranked = [c for c in pool.carriers if c.rank is not None]
    parts = frozenset(word for c in ranked for n in c.names for word in n.split("_"))
    if all(word in parts for name in topic for word in name.split("_")):
        return True
    texts = [p for c in ranked for p in c.passages]
    ruled = {r.fact for r in pool.rules}
    if any(pool.named(n, p.stems) >= NAMED for n in topic - ruled for p in texts):
        return True
    content = [w for w in said.content if not is_neutral(w.stem)]
    return any(sum(w.stem in p.stems for w in content) >= _QUOTED * len(content) for p in texts)

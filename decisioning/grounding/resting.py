"""A clause that a sentence names must be the one that carries it."""

import re
from collections.abc import Iterable, Iterator

from decisioning.claims import comparisons_of
from decisioning.grounding.content import CARRIED, is_about
from decisioning.grounding.forms import form
from decisioning.grounding.names import known_clause
from decisioning.grounding.outcome import states_outcome
from decisioning.grounding.passages import Passage, share
from decisioning.grounding.pool import Carrier, Known, Pool, Role, equal
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.scope import is_general
from decisioning.grounding.swapped import nearest_to
from decisioning.grounding.topics import MEANT, vocabulary
from decisioning.grounding.working import is_worked_out
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import Kind, Quantity

_LIMIT_OF = r"\b(?:limit|maximum|minimum|ceiling|floor|threshold|cut-?off)\s+(?:in|of|under|set\s+by|from)\s+"
_EFFECTS = {Outcome.DECLINE: Effect.DECLINE, Outcome.REFER: Effect.REFER}


def check_clauses(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each clause named that does not carry the sentence."""
    found = (q.name for q in said.quantities if q.kind is Kind.CLAUSE and known_clause(q.name, pool))
    named = tuple(dict.fromkeys(found))
    resting = [name for name in named if _rests_on(said, name, len(named), pool)]
    quoted = _named_in_quotes(said, resting, pool)
    for name in named:
        referred = pool.outcome is None and any(_refers(p, name) for p in nearest_to(said, pool))
        if name not in resting and name not in quoted and not referred:
            yield _problem(said, name)


def _named_in_quotes(said: Said, clauses: Iterable[str], pool: Pool) -> frozenset[str]:
    """The clauses that a sentence names only because a clause it quotes word for word refers to them."""
    quotes = (p for name in clauses for p in pool.of_clause(name) if p.text in said.text)
    return frozenset(q.name for p in quotes for q in p.quantities if q.kind is Kind.CLAUSE)


def _refers(passage: Passage, name: str) -> bool:
    """Whether a clause itself refers to another."""
    return any(q.kind is Kind.CLAUSE and q.name == name for q in passage.quantities)


def check_source(text: str, clause: str | None, pool: Pool) -> Iterator[Problem]:
    """A problem where a sentence that is said to rest on a clause is not carried by it."""
    said = said_of(text, pool.clauses)
    if clause is not None and not _rests_on(said, clause, 1, pool):
        yield _problem(said, clause)


def _rests_on(said: Said, name: str, among: int, pool: Pool) -> bool:
    if not is_general(said, pool):
        if not _effect_fits(said, name, pool):
            return False
        if _by_claim(said, name, among, pool):
            return True
    own = pool.of_clause(name)
    carried = frozenset(k for p in own for k in p.keys)
    carried |= _of_facts(said, pool)
    stand = all(
        any(equal(q, o) for p in own for o in p.quantities) or _of_a_fact(q, said, pool) for q in said.amounts
    )
    return bool(own) and stand and share(said.content, carried) >= CARRIED


def _of_a_fact(quantity: Quantity, said: Said, pool: Pool) -> bool:
    """Where there is no decision, a fact and how far it is from a limit may stand beside a clause."""
    if pool.outcome is not None:
        return False
    return any(k.role is Role.VALUE for k in pool.meaning(quantity)) or is_worked_out(said, quantity, pool)


def _of_facts(said: Said, pool: Pool) -> frozenset[str]:
    """What the facts whose values the sentence gives may be called."""
    names = {k.name for q in said.amounts for k in pool.meaning(q) if pool.outcome is None}
    return frozenset(key for name in names for key in vocabulary(name))


def _by_claim(said: Said, name: str, among: int, pool: Pool) -> bool:
    """Whether a claim that rests on the clause is told here; its limits must be the ones that are told."""
    meanings = [pool.meaning(q) for q in said.amounts]
    strict = [m for m in meanings if not any(k.role is Role.VALUE for k in m)]
    limits = {k.rule.clause for m in strict for k in m if k.rule}
    limits |= {
        k.rule.clause
        for m in meanings
        for k in m
        if k.rule and k.rule.clause == name and _is_told(k, said, pool)
    }
    if _beside_another(said, name, pool):
        return False
    if limits and name not in limits and among == 1:
        return False
    carriers = [c for c in pool.carriers if name in c.clauses]
    limited = name in limits or bool(re.search(_LIMIT_OF + re.escape(name), said.text, re.IGNORECASE))
    if any(is_about(said, c, pool) for c in carriers if _tells(c, limited)):
        return True
    spared = {c.fact for r in pool.rules if r.clause == name and not r.fired for c in comparisons_of(r)}
    if form("applied").search(said.text) and any(topic & spared for topic in pool.topics(said.sequence)):
        return True
    return name in limits or _leads(said, name, pool)


def _is_told(known: Known, said: Said, pool: Pool) -> bool:
    """Whether it is a limit of a fact that the sentence names, though it equals the value of another."""
    return known.role is Role.LIMIT and pool.named(known.name, said.stems) >= MEANT


def _tells(carrier: Carrier, limited: bool) -> bool:
    """A rule that did not fire carries a sentence only where its limit is told."""
    return limited or carrier.kind == "score" or carrier.rule is None or carrier.rule.fired


def _beside_another(said: Said, name: str, pool: Pool) -> bool:
    """Whether the clause stands in one part of the sentence with limits that are all another clause's."""
    for mention in (q for q in said.quantities if q.kind is Kind.CLAUSE and q.name == name):
        inside = [q for q in said.amounts if said.same_part(q, mention)]
        meanings = [pool.meaning(q) for q in inside]
        meanings = [m for m in meanings if not any(k.role is Role.VALUE for k in m)]
        owners = [o for m in meanings if (o := {k.rule.clause for k in m if k.rule})]
        if owners and not any(name in o for o in owners):
            return True
    return False


def _effect_fits(said: Said, name: str, pool: Pool) -> bool:
    """A decline is not laid to a clause whose rules only refer."""
    if pool.outcome is not Outcome.DECLINE or not states_outcome(said.text, Outcome.DECLINE):
        return True
    rules = [r for r in pool.rules if r.clause == name and r.effect in (Effect.DECLINE, Effect.REFER)]
    return not rules or any(r.fired and r.effect is Effect.DECLINE for r in rules)


def _leads(said: Said, name: str, pool: Pool) -> bool:
    """ "CP-1.2 alone leads to the decline" is carried by a rule of that clause that fired and declines."""
    effect = _EFFECTS.get(pool.outcome) if pool.outcome else None
    fired = any(r.fired and r.clause == name and r.effect is effect for r in pool.rules)
    return fired and not pool.topics(said.sequence) and not said.amounts


def _problem(said: Said, name: str) -> Problem:
    return said.problem("wrong_clause", f"{name} does not carry this sentence")

"""What the clauses say of the facts given: an outcome whose conditions they meet, and no other."""

from collections.abc import Iterator

from decisioning.comparison import compare
from decisioning.grounding.forms import form
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.working import Limit, limits_of, value_of
from decisioning.model import Outcome, Problem
from decisioning.numbers import Kind, bound_of, negated_at

_OUTCOMES = (Outcome.DECLINE, Outcome.REFER, Outcome.APPROVE)
_OPEN = "hypothetical"


def check_rulings(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where facts are given and another outcome is told than the clauses have for them."""
    if pool.outcome is not None or not _gives_fact(said, pool):
        return
    told = {o: negated_at(said.text, m.start()) for o in _OUTCOMES if (m := form(o.value).search(said.text))}
    if not told or form(_OPEN).search(said.text):
        return
    met = met_by_facts(said, pool)
    for outcome, denied in told.items():
        others = [o for o in _OUTCOMES if o is not outcome and met.get(o)]
        if denied and met.get(outcome):
            yield said.problem("outcome", f"by the clauses, what is given here leads to: {outcome.value}")
        if not denied and (met.get(outcome) is False or (others and not met.get(outcome))):
            yield said.problem(
                "outcome", f"by the clauses, what is given here does not lead to: {outcome.value}"
            )


def _gives_fact(said: Said, pool: Pool) -> bool:
    return any(k.role is Role.VALUE for q in said.amounts for k in pool.meaning(q))


@once
def met_by_facts(said: Said, pool: Pool) -> dict[Outcome, bool]:
    """For each outcome that the clauses tie to numbers of the facts, whether any such tie holds."""
    met: dict[Outcome, bool] = {}
    by_passage: dict[Passage, list[tuple[Known, Limit]]] = {}
    for known, limits in limits_of(said, pool).items():
        for limit in limits:
            by_passage.setdefault(limit[2], []).append((known, limit))
    for passage, linked in by_passage.items():
        bounds = [q for q in passage.quantities if bound_of(q) and q.kind is not Kind.CLAUSE]
        outcomes = [
            o
            for o in _OUTCOMES
            if (m := form(o.value).search(passage.text)) and not negated_at(passage.text, m.start())
        ]
        if len(outcomes) != 1 or len({x[1] for _, x in linked}) < len(bounds):
            continue
        holds = all(_holds(value_of(k, pool), x) for k, x in linked)
        met[outcomes[0]] = met.get(outcomes[0], False) or holds
    return met


def _holds(value: object, limit: Limit) -> bool:
    worth, quantity, _ = limit
    bound = bound_of(quantity)
    return bound is not None and compare(float(str(value)), bound, float(worth))

"""A sentence that is said to word a claim must word that claim."""

from collections.abc import Iterator

from decisioning.claims import Claim, OutcomeClaim, reason_of
from decisioning.grounding.content import is_about
from decisioning.grounding.outcome import TOLD, states_outcome
from decisioning.grounding.pool import Pool
from decisioning.grounding.reasons import missing_reasons
from decisioning.grounding.said import said_of
from decisioning.model import Mode, Problem
from decisioning.numbers import Kind


def check_focus(text: str, claim: Claim, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence is true but does not say what its claim says."""
    if isinstance(claim, OutcomeClaim):
        if not states_outcome(text, claim.outcome):
            is_it = "would be" if claim.mode is Mode.SIMULATION else "is"
            problem = f"the sentence must say that the application {is_it} {TOLD[claim.outcome]}"
            yield Problem(sentence=text, code="outcome_not_stated", problem=problem)
        return
    foreign = [n for n in _named(text, pool) if n not in _rested_on(claim, pool)]
    if foreign:
        problem = f"the claim does not rest on {', '.join(foreign)}"
        yield Problem(sentence=text, code="wrong_clause", problem=problem)
    if reason_of(claim) is not None and missing_reasons([text], [claim], pool.titles, pool.currency_unit):
        yield Problem(
            sentence=text, code="reason_not_given", problem="the sentence does not give this claim's reason"
        )
        return
    carrier = next((c for c in pool.carriers if c.id == claim.id), None)
    if carrier is None or not is_about(said_of(text, pool.clauses), carrier, pool):
        yield Problem(
            sentence=text, code="wrong_claim", problem="the sentence does not say what its claim says"
        )


def _named(text: str, pool: Pool) -> tuple[str, ...]:
    return tuple(q.name for q in said_of(text, pool.clauses).quantities if q.kind is Kind.CLAUSE)


def _rested_on(claim: Claim, pool: Pool) -> frozenset[str]:
    """The claim's own clauses, and those that they themselves refer to."""
    own = (p for name in claim.clauses for p in pool.of_clause(name))
    referred = (q.name for p in own for q in p.quantities if q.kind is Kind.CLAUSE)
    return frozenset((*claim.clauses, *referred))

"""A sentence that is said to word a claim must word that claim."""

from collections.abc import Iterator

from decisioning.claims import Claim, OutcomeClaim, reason_of
from decisioning.grounding.content import is_about
from decisioning.grounding.outcome import states_outcome
from decisioning.grounding.pool import Pool
from decisioning.grounding.reasons import missing_reasons
from decisioning.grounding.said import said_of
from decisioning.model import Problem


def check_focus(text: str, claim: Claim, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence is true but does not say what its claim says."""
    if isinstance(claim, OutcomeClaim):
        if not states_outcome(text, claim.outcome):
            problem = f"the sentence must say that the application is {claim.outcome.value.replace('_', ' ')}"
            yield Problem(sentence=text, code="outcome_not_stated", problem=problem)
        return
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

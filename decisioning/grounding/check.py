"""The checker: a sentence passes only if nothing in it stands on nothing."""

from decisioning.grounding.amounts import check_amounts
from decisioning.grounding.binding import check_binding
from decisioning.grounding.content import check_content
from decisioning.grounding.guards import check_form, check_guards
from decisioning.grounding.names import check_names
from decisioning.grounding.outcome import check_outcome
from decisioning.grounding.polarity import check_polarity
from decisioning.grounding.pool import Pool
from decisioning.grounding.relations import check_relations
from decisioning.grounding.restating import check_restating
from decisioning.grounding.resting import check_clauses
from decisioning.grounding.said import said_of
from decisioning.grounding.standing import check_standing
from decisioning.grounding.state import check_state
from decisioning.model import Problem


def check_sentence(text: str, pool: Pool) -> tuple[Problem, ...]:
    """Every problem of one sentence against a pool; none means that it may leave."""
    said = said_of(text, pool.clauses)
    form = tuple(check_form(said))
    if form:
        return form
    checks = (
        check_outcome,
        check_names,
        check_amounts,
        check_relations,
        check_standing,
        check_content,
        check_binding,
        check_state,
        check_clauses,
        check_polarity,
        check_restating,
        check_guards,
    )
    return tuple(dict.fromkeys(problem for check in checks for problem in check(said, pool)))

"""The checker: a sentence passes only if nothing in it stands on nothing."""

from collections.abc import Iterator
from itertools import islice

from decisioning.grounding.amounts import check_amounts
from decisioning.grounding.averages import check_averages
from decisioning.grounding.binding import check_binding
from decisioning.grounding.content import check_content
from decisioning.grounding.guards import check_form, check_guards
from decisioning.grounding.instances import instances
from decisioning.grounding.names import check_names
from decisioning.grounding.outcome import check_outcome
from decisioning.grounding.overstated import check_overstated
from decisioning.grounding.polarity import check_polarity
from decisioning.grounding.pool import Pool
from decisioning.grounding.ranks import check_ranks
from decisioning.grounding.relations import check_relations
from decisioning.grounding.restating import check_restating
from decisioning.grounding.resting import check_clauses
from decisioning.grounding.rows import check_rows
from decisioning.grounding.rulings import check_rulings
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.standing import check_standing
from decisioning.grounding.state import check_state
from decisioning.grounding.swapped import check_swapped
from decisioning.grounding.turning import as_refusal, contrary, denies
from decisioning.grounding.widened import check_widened
from decisioning.grounding.working import check_consequences, check_limits
from decisioning.model import Problem

_MOST = 3
"""How many other readings of a sentence are tried."""


def check_sentence(text: str, pool: Pool) -> tuple[Problem, ...]:
    """Every problem of one sentence against a pool; none means that it may leave.

    What denies is read a second time against the contrary cases of the clauses.
    """
    said = said_of(text, pool.clauses)
    form = tuple(check_form(said))
    if form:
        return form
    problems = _problems(said, pool)
    if not problems or pool.outcome is not None:
        return problems
    return () if any(not _problems(*reading) for reading in _readings(said, pool)) else problems


def _readings(said: Said, pool: Pool) -> Iterator[tuple[Said, Pool]]:
    """Other readings of a sentence about clauses alone: of contrary cases, of all cases like its own."""
    told = [(said.text, False), *islice(instances(said, pool), _MOST)]
    for text, met in told:
        if text is not said.text and met:
            yield said_of(text, pool.clauses), pool
        if denies(text):
            yield said_of(as_refusal(text), pool.clauses), contrary(pool)


def _problems(said: Said, pool: Pool) -> tuple[Problem, ...]:
    checks = (
        check_outcome,
        check_names,
        check_amounts,
        check_ranks,
        check_relations,
        check_averages,
        check_standing,
        check_limits,
        check_consequences,
        check_rows,
        check_rulings,
        check_content,
        check_binding,
        check_overstated,
        check_state,
        check_clauses,
        check_polarity,
        check_restating,
        check_swapped,
        check_widened,
        check_guards,
    )
    return tuple(dict.fromkeys(problem for check in checks for problem in check(said, pool)))

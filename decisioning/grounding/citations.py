"""A citation must be a clause that was retrieved, in force on the day, with the quote where it says."""

from collections.abc import Iterator, Mapping
from datetime import date

from decisioning.model import Problem, Sentence
from decisioning.ports import Clause


def check_citations(sentence: Sentence, clauses: Mapping[str, Clause], as_of: date) -> Iterator[Problem]:
    """A problem for each citation of the sentence that does not hold."""
    for citation in sentence.citations:
        clause = clauses.get(citation.clause)
        if clause is None or (clause.document, clause.edition) != (citation.document, citation.edition):
            yield _problem(
                sentence, "not_retrieved", f"{citation.clause} of {citation.edition} was not retrieved"
            )
        elif not in_force(clause, as_of):
            yield _problem(
                sentence, "not_in_force", f"{citation.clause} was not in force on {as_of.isoformat()}"
            )
        elif not citation.quote or clause.text[citation.start : citation.end] != citation.quote:
            yield _problem(sentence, "quote", f"the quote does not stand in {citation.clause} where it says")


def in_force(clause: Clause, day: date) -> bool:
    """Whether the clause was in force on that day; `effective_to` is exclusive."""
    return clause.effective_from <= day and (clause.effective_to is None or day < clause.effective_to)


def _problem(sentence: Sentence, code: str, problem: str) -> Problem:
    return Problem(sentence=sentence.text, code=code, problem=problem)

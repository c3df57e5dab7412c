"""What the product cites is in force, and a rule cites the clause that sets its limit."""

from collections.abc import Iterator, Mapping

from decisioning.consistency.model import Code, Finding, Manual, Side, place_of, place_of_row


def citations(manual: Manual, text: Mapping[str, str], side: Side, ever: set[str]) -> Iterator[Finding]:
    """`text` is what the manual has in force; `ever` are the codes that rules of any day give."""
    for place, clause in _cited(side, ever):
        if clause not in text:
            sentence = f"{place} cites {clause}, which is not in force in {manual.file} on {side.day}."
            yield Finding(Code.NOT_IN_FORCE, clause, manual.file, place, sentence)
    for row in side.rows:
        clauses = [side.parameters[cell.parameter].clause for cell in row.cells if cell.parameter]
        if clauses and row.clause not in clauses:
            place = place_of_row(side, row)
            sentence = f"{place} cites {row.clause}, but its limit is set by {clauses[0]}."
            yield Finding(Code.OTHER_CLAUSE, row.clause, manual.file, place, sentence)


def _cited(side: Side, ever: set[str]) -> Iterator[tuple[str, str]]:
    """Each citation with its place.

    A reason counts on the days on which a rule gives it. One that no rule ever gives belongs to a
    characteristic or to a person, who can give it on any day.
    """
    for row in side.rows:
        yield place_of_row(side, row), row.clause
    for name, parameter in side.parameters.items():
        yield place_of(name, parameter), parameter.clause
    now = {row.code for row in side.rows}
    for code, clauses in _catalogue(side).items():
        if code in now or code not in ever:
            yield from ((f"reasons.json, {code}", clause) for clause in clauses)


def _catalogue(side: Side) -> dict[str, tuple[str, ...]]:
    reasons = {code: entry.clauses for code, entry in side.catalogue.reasons.items()}
    return reasons | {code: entry.clauses for code, entry in side.catalogue.conditions.items()}

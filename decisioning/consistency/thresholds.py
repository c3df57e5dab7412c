"""Every threshold of a cited clause is a parameter's value, and every parameter's value stands there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from decisioning.consistency.model import Code, Finding, Manual, Side, place_of, place_of_row
from decisioning.model import Comparator, Unit
from decisioning.numbers import OPPOSITE, Kind, Quantity, bound_of, quantities, states
from decisioning.parameters import Parameter

_NO_THRESHOLDS = (Kind.CLAUSE, Kind.DATE, Kind.ORDINAL)
_FAMILY_OF_UNIT = {
    Unit.RATIO: "share",
    Unit.RATE: "share",
    Unit.PROBABILITY: "share",
    Unit.MONEY: "money",
    Unit.MONEY_PER_MONTH: "money",
    Unit.MONTHS: "time",
    Unit.YEARS: "time",
    Unit.COUNT: "time",
    Unit.POINTS: "points",
}
_FAMILY_OF_KIND = {
    Kind.PERCENT: "share",
    Kind.MONEY: "money",
    Kind.DURATION: "time",
    Kind.POINTS: "points",
}


@dataclass(frozen=True)
class Stated:
    """The numbers that a clause states, beside the parameters that cite it."""

    clause: str
    where: str
    text: str
    numbers: Sequence[Quantity]
    parameters: Mapping[str, Parameter]
    currency_unit: int

    def places(self, parameter: Parameter) -> list[int]:
        """Which of the numbers are this parameter's value in its unit."""
        return [n for n, q in enumerate(self.numbers) if _is(q, parameter, self.currency_unit)]


def thresholds(manual: Manual, text: Mapping[str, str], side: Side) -> Iterator[Finding]:
    """Where a clause that rules or parameters cite and the values in force do not agree."""
    clauses = dict.fromkeys([*(p.clause for p in side.parameters.values()), *(r.clause for r in side.rows)])
    stated = {name: _stated(manual, text, side, name) for name in clauses if name in text}
    for clause in stated.values():
        yield from list(_disagreements(clause)) or _out_of_order(clause)
    yield from _comparators(stated, side)


def _stated(manual: Manual, text: Mapping[str, str], side: Side, clause: str) -> Stated:
    numbers = _numbers(text[clause], tuple(name for name in text if name in text[clause]))
    where = f"{manual.file}, {clause}"
    return Stated(clause, where, text[clause], numbers, side.set_by(clause), side.currency_unit)


@lru_cache(maxsize=1024)
def _numbers(text: str, named: tuple[str, ...]) -> tuple[Quantity, ...]:
    """The numbers of a clause that may be thresholds; most clauses are the same in every edition."""
    return tuple(q for q in quantities(text, named) if q.kind not in _NO_THRESHOLDS)


def _is(quantity: Quantity, parameter: Parameter, currency_unit: int) -> bool:
    if parameter.unit is Unit.MONEY and quantity.per_month:
        return False
    return states(quantity, parameter.value, parameter.unit, currency_unit, exactly=True)


def _disagreements(stated: Stated) -> Iterator[Finding]:
    """Values that the clause does not state and numbers that nothing sets, paired where they can be."""
    places = {name: stated.places(parameter) for name, parameter in stated.parameters.items()}
    taken = {n for found in places.values() for n in found}
    strays = [q for n, q in enumerate(stated.numbers) if n not in taken]
    for name in [name for name, found in places.items() if not found]:
        parameter = stated.parameters[name]
        family = _FAMILY_OF_UNIT.get(parameter.unit, "number")
        stray = next((q for q in strays if _FAMILY_OF_KIND.get(q.kind) == family), None)
        if stray:
            strays.remove(stray)
        yield _not_stated(stated, name, parameter, stray)
    for stray in strays:
        yield _not_set(stated, stray)


def _not_stated(stated: Stated, name: str, parameter: Parameter, stray: Quantity | None) -> Finding:
    place, value = place_of(name, parameter), f"{parameter.value:g} ({parameter.unit.value})"
    if stray:
        sentence = f"{stated.where} says {stray.text.strip()}, but {place} is {value}."
        return Finding(Code.DIFFERS, stated.clause, stated.where, place, sentence)
    sentence = f"{place} is {value}, which {stated.where} does not state."
    return Finding(Code.NOT_STATED, stated.clause, stated.where, place, sentence)


def _not_set(stated: Stated, stray: Quantity) -> Finding:
    setters = "; ".join(place_of(name, p) for name, p in stated.parameters.items())
    place = setters or "parameters.json"
    which = f"which is the value of none of: {setters}" if setters else "which no parameter sets"
    sentence = f"{stated.where} says {stray.text.strip()}, {which}."
    return Finding(Code.NOT_SET, stated.clause, stated.where, place, sentence)


def _out_of_order(stated: Stated) -> Iterator[Finding]:
    """Swapped values: those of one kind stand in the clause in the order of their file, each for itself."""
    last: dict[str, tuple[int, str]] = {}
    for name, parameter in stated.parameters.items():
        family = _FAMILY_OF_UNIT.get(parameter.unit, "number")
        before, other = last.get(family, (-1, ""))
        place = next((n for n in stated.places(parameter) if n > before), None)
        if place is None:
            both = f"{other} and {place_of(name, parameter)}"
            sentence = f"{stated.where} does not state {both} one after the other, as parameters.json does."
            yield Finding(Code.ORDER, stated.clause, stated.where, both, sentence)
            return
        last[family] = place, place_of(name, parameter)


def _comparators(stated: Mapping[str, Stated], side: Side) -> Iterator[Finding]:
    """A rule that fires above a limit rests on a clause that says "above" or "at most", ties included."""
    for row in side.rows:
        for cell in row.cells:
            parameter = side.parameters[cell.parameter] if cell.parameter else None
            clause = stated.get(parameter.clause) if parameter else None
            if parameter is None or clause is None:
                continue
            numbers = [clause.numbers[n] for n in clause.places(parameter)]
            if not _agrees(clause.text, numbers, cell.comparator, principal=cell is row.principal):
                place = place_of_row(side, row)
                fires = f"{place} fires where {cell.fact} {cell.comparator.value} {cell.parameter}"
                words = "; ".join(_sentence(clause.text, quantity) for quantity in numbers)
                sentence = f"{fires}, but {clause.where} says: {words}"
                yield Finding(Code.COMPARATOR, clause.clause, clause.where, place, sentence)


def _agrees(text: str, numbers: Sequence[Quantity], fires: Comparator, *, principal: bool) -> bool:
    """Whether one of the numbers is bounded as the rule that fires so needs; one without a bound may be.

    What "must" hold is the opposite of what makes a rule fire; what "is referred" fires as it says. A
    rule's further comparisons only keep it off another rule's ground, and agree either way.
    """
    bounds = [(bound_of(q), "must" in _sentence(text, q).lower().split()) for q in numbers]
    if all(bound is None for bound, _ in bounds):
        return True
    either = {fires, OPPOSITE[fires]}
    return any(bound in ({OPPOSITE[fires]} if must and principal else either) for bound, must in bounds)


def _sentence(text: str, quantity: Quantity) -> str:
    """The sentence or the table row of the text in which the quantity stands."""
    start = max(text.rfind(". ", 0, quantity.start) + 1, text.rfind("\n", 0, quantity.start) + 1)
    ends = [end for end in (text.find(". ", quantity.end), text.find("\n", quantity.end)) if end >= 0]
    return text[start : min(ends, default=len(text)) + 1].strip()

"""Principal reasons as Regulation B means them (12 CFR §1002.9(b)(2) and its official comments).

They come from the component of the system that the applicant failed (comments -6, -7) and relate to
factors really considered (-2). Rules give the reasons of the rows that fired, ranked as the lender
ranks its rows. The score gives the characteristics whose points fell furthest below the average of
all applicants, or of those at or slightly above the cut-off (-5). As a rule at most four are shown
(-1), but every factor of automatic denial always is (-8), and where both components were failed both
are heard (-7).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from decisioning.errors import InvalidProduct
from decisioning.model import (
    Component,
    Condition,
    Contribution,
    Effect,
    Frozen,
    Number,
    Outcome,
    Reason,
    ReferencePopulation,
)
from decisioning.parameters import ClauseName
from decisioning.specificity import vague_words
from decisioning.tables import CONDITIONS, KNOCK_OUTS, REFERRALS, Row

Method = Literal["all", "near_cutoff"]
Text = Annotated[str, Field(min_length=1)]


class ReasonEntry(Frozen):
    """One reason: its sentences, the sample reason of Appendix C it maps to, what it covers.

    `specific` is false for what the law does not accept alone ("internal standards", comment -1): no
    rule and no characteristic may use such a code. `from_score`: the rule's figure follows from the score,
    such as a rate for the estimated risk, so what held the score down is disclosed beside it (comment -7).
    """

    applicant: Text
    analyst: Text
    appendix_c: Text
    specific: bool
    characteristics: tuple[str, ...] = ()
    from_score: bool = False
    clauses: tuple[ClauseName, ...]


class ConditionEntry(Frozen):
    """One condition of an approval."""

    text: Text
    analyst: Text
    clauses: tuple[ClauseName, ...]


class CatalogueFile(Frozen):
    """The whole of `reasons.json`."""

    reasons: dict[str, ReasonEntry]
    conditions: dict[str, ConditionEntry]


class Population(Frozen):
    """Mean points by characteristic over n applicants."""

    n: Annotated[int, Field(ge=1)]
    description: str = ""
    points: dict[str, Number]


class Populations(Frozen):
    """The two populations of comment 9(b)(2)-5."""

    all: Population
    near_cutoff: Population


class AveragesFile(Frozen):
    """The whole of `averages.json`; characteristics of one family are near duplicates of each other."""

    version: str
    model: str
    computed_on: date
    populations: Populations
    families: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How far below the average a characteristic's points are; the reason code that says so."""

    characteristic: str
    code: str
    family: str
    points: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reason before it is ranked: where it comes from, and the clauses beside its own."""

    code: str
    component: Component
    automatic_denial: bool
    source: str
    clauses: tuple[str, ...]


class ReasonBook:
    """The reasons of an edition, and the averages against which a score is explained.

    `reference` names the population of those averages, to be stored with a decision.
    """

    def __init__(self, catalogue: CatalogueFile, averages: AveragesFile, method: Method, most: int) -> None:
        """`most` reasons are shown as a rule. Raises InvalidProduct where a characteristic has no reason."""
        if averages.populations.all.points.keys() != averages.populations.near_cutoff.points.keys():
            raise InvalidProduct("averages.json: both populations must have the same characteristics")
        self._catalogue = catalogue
        self._most = most
        population: Population = getattr(averages.populations, method)
        self._averages = population.points
        self._families = averages.families
        self._codes = _codes(catalogue, self._averages)
        self.reference = ReferencePopulation(
            method=method, version=averages.version, model=averages.model, n=population.n
        )

    def check(self, rows: Iterable[Row], file: str) -> None:
        """Raises InvalidProduct where a row's code has no specific reason, or no condition."""
        for row in rows:
            where = f"{file}: {row.table} row {row.id}"
            if row.table == CONDITIONS and row.code not in self._catalogue.conditions:
                raise InvalidProduct(f"{where}: reasons.json has no condition {row.code!r}")
            if row.table in (KNOCK_OUTS, REFERRALS):
                _check_reason(row.code, self._catalogue, where)

    def shortfalls(self, contributions: Iterable[Contribution], unknown: frozenset[str]) -> list[Shortfall]:
        """The characteristics below average, furthest first, the first of each family and code alone.

        A characteristic whose value is missing (`unknown` names the application's open fields) is never
        a reason; one that has no average cannot be ranked and is left out.
        """
        below = [
            Shortfall(name, self._codes[name], self._families.get(name, name), shortfall)
            for name, value, points in ((c.characteristic, c.value, c.points) for c in contributions)
            if name in self._averages and value is not None and name not in unknown
            if (shortfall := self._averages[name] - points) > 0
        ]
        below.sort(key=lambda s: (-s.points, s.characteristic))
        return _first_of_each(_first_of_each(below, lambda s: s.family), lambda s: s.code)

    def reasons(
        self,
        outcome: Outcome,
        fired: Sequence[Row],
        contributions: Iterable[Contribution],
        unknown: frozenset[str],
    ) -> tuple[Reason, ...]:
        """The principal reasons for a decline, or why a person must look; none on an approval."""
        effect = {Outcome.DECLINE: Effect.DECLINE, Outcome.REFER: Effect.REFER}.get(outcome)
        if effect is None:
            return ()
        by_rule = self._by_rule(fired, effect)
        said = {candidate.code for candidate in by_rule}
        band = self._where_the_score_failed(fired, effect)
        by_score = self._by_score(band, contributions, unknown, said) if band else []
        shown = principal(by_rule, by_score, self._most)
        return tuple(self._reason(candidate, rank) for rank, candidate in enumerate(shown, start=1))

    def conditions(self, fired: Iterable[Row]) -> tuple[Condition, ...]:
        """What must be done before the loan is paid out, each once."""
        rows = _first_of_each([row for row in fired if row.effect is Effect.CONDITION], lambda row: row.code)
        entries = [(row, self._catalogue.conditions[row.code]) for row in rows]
        return tuple(
            Condition(code=row.code, text=entry.text, clauses=_each_once(row.clause, *entry.clauses))
            for row, entry in entries
        )

    def _where_the_score_failed(self, fired: Sequence[Row], effect: Effect) -> Row | None:
        """The band that the score fell into, else the rule that broke because of the score."""
        bands = (row for row in fired if row.component is Component.SCORE)
        broken = (
            row for row in fired if row.effect is effect and self._catalogue.reasons[row.code].from_score
        )
        return next(bands, None) or next(broken, None)

    def _by_rule(self, fired: Sequence[Row], effect: Effect) -> list[Candidate]:
        """The reasons of the rows with that effect, each once, in the rows' order."""
        rows = [row for row in fired if row.effect is effect and row.component is Component.RULE]
        return [
            Candidate(
                row.code,
                Component.RULE,
                automatic_denial=effect is Effect.DECLINE,
                source=row.id,
                clauses=self._clauses(row.code, before=row.clause),
            )
            for row in _first_of_each(rows, lambda row: row.code)
        ]

    def _by_score(
        self, band: Row, contributions: Iterable[Contribution], unknown: frozenset[str], said: Set[str]
    ) -> list[Candidate]:
        """The first characteristics below average that no rule has said already; `band` is the row failed."""
        below = [each for each in self.shortfalls(contributions, unknown) if each.code not in said]
        return [
            Candidate(
                shortfall.code,
                Component.SCORE,
                automatic_denial=False,
                source=shortfall.characteristic,
                clauses=self._clauses(shortfall.code, after=band.clause),
            )
            for shortfall in below[: self._most]
        ]

    def _clauses(self, code: str, before: str = "", after: str = "") -> tuple[str, ...]:
        names = (before, *self._catalogue.reasons[code].clauses, after)
        return _each_once(*(name for name in names if name))

    def _reason(self, candidate: Candidate, rank: int) -> Reason:
        entry = self._catalogue.reasons[candidate.code]
        return Reason(
            rank=rank,
            code=candidate.code,
            text=entry.applicant,
            component=candidate.component,
            automatic_denial=candidate.automatic_denial,
            source=candidate.source,
            appendix_c=entry.appendix_c,
            clauses=candidate.clauses,
        )


def principal(by_rule: Sequence[Candidate], by_score: Sequence[Candidate], most: int) -> list[Candidate]:
    """Those to show of each component's ranked reasons, rules first.

    At most `most`, except that factors of automatic denial are all shown (comment -8) and that each
    component failed says at least its first (comment -7). Of each component the first are shown: none
    that is left out outranks one that is shown.
    """
    automatic = sum(candidate.automatic_denial for candidate in by_rule)
    rules = by_rule[: max(automatic, most - bool(by_score))]
    return [*rules, *by_score[: max(1, most - len(rules))]]


def _codes(catalogue: CatalogueFile, averages: Mapping[str, float]) -> dict[str, str]:
    codes: dict[str, str] = {}
    for code, entry in catalogue.reasons.items():
        for name in entry.characteristics:
            if name in codes:
                raise InvalidProduct(f"reasons.json: {name} has two reasons, {codes[name]} and {code}")
            codes[name] = code
    for name in averages:
        if name not in codes:
            raise InvalidProduct(f"reasons.json: no reason covers the characteristic {name} of averages.json")
        _check_reason(codes[name], catalogue, f"averages.json: {name}")
    return codes


def _check_reason(code: str, catalogue: CatalogueFile, where: str) -> None:
    entry = catalogue.reasons.get(code)
    if entry is None:
        raise InvalidProduct(f"{where}: reasons.json has no reason {code!r}")
    if not entry.specific or (vague := vague_words(entry.applicant) or vague_words(entry.appendix_c)):
        told = "" if not entry.specific else f": it says {vague!r}"
        raise InvalidProduct(f"{where}: {code} is not a specific reason{told}")


Item = TypeVar("Item")


def _first_of_each(items: Iterable[Item], key: Callable[[Item], str]) -> list[Item]:
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(key(item), item)
    return list(first.values())


def _each_once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))

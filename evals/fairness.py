"""The suite `fairness`: who is approved, what the score means for whom, what gives groups away.

Age and marital status come from the data set, beside the applications; nothing that decides sees them.
Regulation B, as amended in 2026, knows no effects test: the ratios here are lines at which a person looks,
the proxy lines and the schema are the lender's own rule (CP-12.2).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import exp, sqrt
from typing import Final

from app.sandbox.applications import SampleApplication, sample_applications
from decisioning.errors import InvalidApplication
from decisioning.model import Outcome
from evals.cases import Case, CaseSet, NotRun, case_set
from evals.decisions import LATEST, honest_cards, product, read_scorecard_once
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import Gate, exactly
from evals.in_process import decided
from evals.intervals import Z80, Z95, wilson
from evals.measured import Bar, Chart, Measured
from evals.training.sample import can_be_scored

FOUR_FIFTHS = 0.8
MOST_TELLING = 0.75
DRIFT = 0.05
FEWEST = 2
"""Fewer have no spread."""
PROTECTED: Final[Mapping[str, object]] = {"age": 30, "marital": "single", "sex": "female", "race": "any"}
GROUPS: Mapping[str, tuple[str, str]] = {
    "under 30": ("age", "30 to 61"),
    "62 and over": ("age", "30 to 61"),
    "not married": ("marriage", "married"),
}
"""Whom the ratios watch, in which dimension, and against whom."""


class Person(Case):
    """One applicant of the data set, by its row."""

    row: int


def cases(bench: Bench) -> CaseSet[Person]:
    """Every applicant who can be decided."""
    del bench
    honest_cards()
    return case_set(
        Person(id=each.external_id, row=each.row)
        for each in sample_applications()
        if can_be_scored(each.application)
    )


@cache
def _applications() -> Mapping[int, SampleApplication]:
    return {each.row: each for each in sample_applications()}


def groups_of(person: SampleApplication) -> dict[str, str]:
    """Where an applicant belongs: Regulation B calls those of 62 and over elderly."""
    age = "under 30" if person.age < 30 else "30 to 61" if person.age < 62 else "62 and over"
    marriage = "married" if person.marital == "married" else "not married"
    return {"age": age, "marriage": marriage}


async def measure(bench: Bench, case: Person) -> Measured:
    """The outcome, and by a scorecard that never saw the row, what was expected and what was found."""
    del bench
    person = _applications()[case.row]
    shipped = await decided(person.application, product(), read_scorecard_once(), LATEST)
    card = honest_cards().get(case.row, read_scorecard_once())
    score = card.score(person.application)
    return Measured(
        case.id,
        scores={
            "approved": float(shipped.outcome is Outcome.APPROVE),
            "declined": float(shipped.outcome is Outcome.DECLINE),
            "score": score.score,
            "expected bad": score.pd,
            "found bad": float(person.bad),
        },
        slices=groups_of(person),
    )


def find(measured: Sequence[Measured]) -> Findings:
    """Gates on ratios, on what the score means, on inputs; charts of all of them."""
    return Findings(
        gates=(
            *(_ratio(measured, name) for name in GROUPS),
            *(_meaning(measured, name) for name in GROUPS),
            _proxy(),
            _refused(),
        ),
        charts=(_rates(measured), _differences(measured), _told_apart()),
        notes=("monitoring columns of the data set, seen by no model",),
    )


def _of(measured: Sequence[Measured], name: str, metric: str) -> list[float]:
    return [
        case.scores[metric] for case in measured if name in case.slices.values() and metric in case.scores
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _ratio(measured: Sequence[Measured], name: str) -> Gate:
    """The adverse impact ratio with its interval on the log scale (D. Katz et al., Biometrics 34, 1978)."""
    group, others = (_of(measured, each, "approved") for each in (name, GROUPS[name][1]))
    p, q = _mean(group), _mean(others)
    value = p / q if p and q else float("nan")
    error = sqrt((1 - p) / (p * len(group)) + (1 - q) / (q * len(others))) if p and q else 0.0
    why = "four fifths is where a person looks (29 CFR 1607.4 D); no law sets it for credit"
    return Gate(
        name=f"approved, {name} over {GROUPS[name][1]}",
        value=value,
        low=value * exp(-Z95 * error),
        high=value * exp(Z95 * error),
        bound="at least",
        threshold=FOUR_FIFTHS,
        reason=why,
        n=len(group),
        detectable=Z80 * error * FOUR_FIFTHS,
    )


def _meaning(measured: Sequence[Measured], name: str) -> Gate:
    """How far what a score promises for a group lies from what was found, in either direction."""
    off = [
        b - a for a, b in zip(*(_of(measured, name, m) for m in ("expected bad", "found bad")), strict=True)
    ]
    centre = _mean(off)
    error = sqrt(sum((each - centre) ** 2 for each in off) / max(1, len(off) - 1) / max(1, len(off)))
    why = "a score that promises one group less risk than is found, or more, is not one score for all"
    low, high = centre - Z95 * error, centre + Z95 * error
    value = abs(centre)
    ends = (
        (0.0, max(-low, high)) if low <= 0 <= high else (min(abs(low), abs(high)), max(abs(low), abs(high)))
    )
    title = f"found less expected bad, {name}"
    return Gate(title, value, *ends, "at most", DRIFT, why, len(off), Z80 * error)


@cache
def _proxies() -> Mapping[str, Mapping[str, float]]:
    """By scored input how well it alone ranks each group. Raises NotRun without the training libraries."""
    try:
        from evals.training.proxies import proxies
    except ImportError as missing:
        raise NotRun(f"the proxy table needs {missing.name}, which is for development") from None
    people = [each for each in sample_applications() if can_be_scored(each.application) and not each.held_out]
    return {each.name: each.by_group for each in proxies(people)}


def _proxy() -> Gate:
    used = {name: groups for name, groups in _proxies().items() if "not scored" not in name}
    worst = max(max(groups.values()) for groups in used.values())
    name = max(used, key=lambda each: max(used[each].values()))
    why = f"{name} tells most; above this a stand-in for age or marriage is scored (CP-12.2)"
    return exactly("most telling scored input, area under the curve", worst, "at most", MOST_TELLING, why)


def _refused() -> Gate:
    """How many protected attributes an application may carry."""
    schema, whole = product().on(LATEST).application, _applications()[1].application
    taken = [name for name, value in PROTECTED.items() if _reads(schema.read, {**whole, name: value})]
    why = "what the schema refuses no rule, model or prompt can read (12 CFR 1002.5, 1002.6(b)(8))"
    return exactly("protected attributes that an application may carry", len(taken), "at most", 0, why)


def _reads(read: Callable[[object], object], application: Mapping[str, object]) -> bool:
    try:
        read(application)
    except InvalidApplication:
        return False
    return True


def _rates(measured: Sequence[Measured]) -> Chart:
    names = sorted({name for case in measured for name in case.slices.values()})
    bars = []
    for name in names:
        approved = _of(measured, name, "approved")
        low, high = wilson(sum(approved), len(approved))
        bars.append(Bar(name, _mean(approved), low, high, len(approved)))
    return Chart("Approved by group", tuple(bars))


def _differences(measured: Sequence[Measured]) -> Chart:
    """Standardised mean differences of the score (J. Cohen, 1988), the group below its reference."""
    bars = []
    for name, (_, other) in GROUPS.items():
        a, b = (_of(measured, each, "score") for each in (name, other))
        if min(len(a), len(b)) < FEWEST:
            continue
        spread = sqrt((_variance(a) + _variance(b)) / 2)
        value = (_mean(b) - _mean(a)) / spread
        error = sqrt((len(a) + len(b)) / (len(a) * len(b)) + value**2 / (2 * (len(a) + len(b))))
        bars.append(Bar(f"{name} below {other}", value, value - Z95 * error, value + Z95 * error, len(a)))
    note = "standard deviations of the score; 0.2 is small, 0.5 middling"
    return Chart("Standardised difference of the score", tuple(bars), percent=False, note=note)


def _variance(values: Sequence[float]) -> float:
    centre = _mean(values)
    return sum((each - centre) ** 2 for each in values) / (len(values) - 1)


def _told_apart() -> Chart:
    bars = [
        Bar(f"{name}: {group}", area, area, area, 0)
        for name, groups in _proxies().items()
        for group, area in groups.items()
        if area > 0.65
    ]
    bars.sort(key=lambda each: -each.value)
    note = "0.5 tells nothing, 1 tells all; household expenses are not scored for this reason"
    return Chart(
        "Inputs that tell a group apart (area under the curve)", tuple(bars), percent=False, note=note
    )


SUITE = CaseSuite(
    name="fairness",
    about="who is approved, whether a score means the same for everybody, what gives groups away",
    cases=cases,
    measure=measure,
    find=find,
    services=False,
)

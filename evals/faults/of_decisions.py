"""Faults in numbers: parameters, scores, labels, the manual, what a schema lets in."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from app.sandbox.applications import SampleApplication, sample_applications
from app.sandbox.scoring import Scorecard
from decisioning.application import ApplicationSchema
from evals import decisions, fairness
from evals.changed import with_parameters
from evals.faults.model import COMPLETE, Fault, instead
from evals.in_process import decided
from retrieval.parse import parse_file

MOST = 700
Seed = Callable[[], AbstractContextManager[Any]]


def _parameters(**changes: float) -> Seed:
    """The latest edition with other numbers, which nobody wrote into the manual."""

    def seed() -> AbstractContextManager[Any]:
        changed = with_parameters(decisions.product(), decisions.LATEST, changes)
        return patch.object(decisions, "product", lambda: changed)

    return seed


def _samples(change: Callable[[SampleApplication], SampleApplication], of: Any) -> Seed:
    """The data set with something else in its rows."""
    made = {each.row: change(each) for each in sample_applications()}
    return lambda: patch.object(of, "_applications", lambda: made)


def _shuffled(sample: SampleApplication) -> SampleApplication:
    """A label by the row's number, which knows nothing of the file."""
    return replace(sample, bad=hashlib.sha256(str(sample.row).encode()).digest()[0] < 72)


_PROBABILITY = Scorecard.probability_of_bad


def _doubled(card: Scorecard, score: float) -> float:
    return min(1.0, 2 * _PROBABILITY(card, score))


async def _crashes(*_: object) -> None:
    raise RuntimeError("out of order")


def _poorer(belongs: Callable[[SampleApplication], bool]) -> Seed:
    """A group whose files lose two thirds of their income and all of their time in work on the way in."""

    def change(sample: SampleApplication) -> SampleApplication:
        if not belongs(sample):
            return sample
        lost = {"income": max(1, float(str(sample.application["income"] or 0)) / 3), "seniority_years": 0}
        return replace(sample, application=MappingProxyType({**sample.application, **lost}))

    return _samples(change, fairness)


_READ = ApplicationSchema.read


def _lenient(schema: ApplicationSchema, values: object) -> Any:
    """A schema that drops what it does not know."""
    known = {k: v for k, v in values.items() if k in schema.fields} if isinstance(values, Mapping) else values
    return _READ(schema, known)


def _expenses_scored() -> Mapping[str, Mapping[str, float]]:
    return {"expenses": {"married": 0.87}}


@contextmanager
def _manual(before: str, after: str) -> Iterator[None]:
    """Another sentence in the manual, the rules as they were."""

    def changed(path: Any) -> Any:
        return [
            replace(document, provisions=tuple(_said(each, before, after) for each in document.provisions))
            for document in parse_file(path)
        ]

    with patch("evals.policy.parse_file", changed):
        yield


def _said(provision: Any, before: str, after: str) -> Any:
    return replace(provision, text=provision.text.replace(before, after))


def _no_clause(text: str) -> Seed:
    """A clause taken out of the manual."""

    @contextmanager
    def seed() -> Iterator[None]:
        def without(path: Any) -> Any:
            return [
                replace(d, provisions=tuple(p for p in d.provisions if p.clause != text))
                for d in parse_file(path)
            ]

        with patch("evals.policy.parse_file", without):
            yield

    return seed


def _few_words() -> Seed:
    """A decision whose reasons are all one."""

    async def said(*asked: Any, **named: Any) -> Any:
        made = await decided(*asked, **named)
        reasons = tuple(
            r.model_copy(update={"code": "INCOME_LEVEL", "clauses": ("CP-4.1",)}) for r in made.reasons
        )
        return made.model_copy(update={"reasons": reasons})

    return instead("evals.decisions.decided", said)


def _a_ninth(case: Any) -> bool:
    """Every applicant of 62 and over, who are few, and a ninth of the others."""
    return case.row % 9 == 1 or _AGES[case.row] >= 62


_AGES = {each.row: each.age for each in sample_applications()}
_WIDE = {
    "min_score_approve": 200,
    "min_score_consider": 199,
    "refer_records_score": 200,
    "refer_loan_to_price_score": 200,
    "max_debt_service_to_income": 9,
    "refer_debt_service_to_income": 9,
    "min_disposable_income": -900,
    "refer_disposable_income": -900,
    "max_amount_band_c": 9000,
    "refer_amount": 9000,
    "max_amount": 9000,
    "max_nominal_rate": 0.9,
}
SHARE, LEAST, MOSTLY = "share of outcome", "least", "most"
HELD, FOLDED = "bad among approved, held out", "bad among approved, out of fold"
QUARTER = "bad among approved, against a quarter of the declined"
ORDER = "score bands out of order by bad rate"
TURNED = "bad among those that the last edition turned away, less bad among those kept"

OF_DECISIONS: tuple[Fault, ...] = (
    Fault(
        "the cut-off raised to 700 points, in the rules alone",
        "decisions",
        (f"{SHARE} approve, {LEAST}", f"{SHARE} refer, {MOSTLY}"),
        _parameters(min_score_approve=700),
        MOST,
    ),
    Fault(
        "every limit as wide as it goes",
        "decisions",
        (f"{SHARE} approve, {MOSTLY}", f"{SHARE} decline, {LEAST}", HELD, FOLDED),
        _parameters(**_WIDE),
        MOST,
    ),
    Fault(
        "the grey zone closed: declined below 620, approved from there",
        "decisions",
        (f"{SHARE} refer, {LEAST}", f"{SHARE} decline, {MOSTLY}"),
        _parameters(min_score_approve=620, min_score_consider=620),
        MOST,
    ),
    Fault(
        "labels that know nothing of the files",
        "decisions",
        (QUARTER, ORDER, TURNED, "expected over found loss, least"),
        _samples(_shuffled, decisions),
        MOST,
    ),
    Fault(
        "probabilities of the scoring model doubled",
        "decisions",
        ("expected over found loss, most",),
        instead("app.sandbox.scoring.Scorecard.probability_of_bad", _doubled),
        MOST,
    ),
    Fault(
        "every reason the same one",
        "decisions",
        ("different reasons given", "different clauses behind reasons"),
        _few_words(),
        MOST,
    ),
    Fault(
        "a model that crashes", "decisions", (COMPLETE,), instead("evals.decisions.decided", _crashes), MOST
    ),
    Fault(
        "65 % in the manual where the rules have 60 %",
        "policy",
        ("disagreements on limits",),
        lambda: _manual("must not exceed 60 %", "must not exceed 65 %"),
    ),
    Fault(
        "a clause that rules cite taken out of the manual",
        "policy",
        ("disagreements on clauses cited", "disagreements on references within the manual"),
        _no_clause("CP-3.4"),
    ),
    *(
        Fault(
            f"files of applicants {name} that lose income and time in work on the way in",
            "fairness",
            (f"approved, {name} over {fairness.GROUPS[name][1]}", f"found less expected bad, {name}"),
            _poorer(belongs),
            among=_a_ninth,
        )
        for name, belongs in (
            ("under 30", lambda person: person.age < 30),
            ("62 and over", lambda person: person.age >= 62),
            ("not married", lambda person: person.marital != "married"),
        )
    ),
    Fault(
        "household expenses scored, which tell married applicants from others",
        "fairness",
        ("most telling scored input, area under the curve",),
        instead("evals.fairness._proxies", _expenses_scored),
        among=_a_ninth,
    ),
    Fault(
        "a schema that lets unknown fields in",
        "fairness",
        ("protected attributes that an application may carry",),
        instead("decisioning.application.ApplicationSchema.read", _lenient),
        among=_a_ninth,
    ),
)
"""Faults of the suites that need no database."""

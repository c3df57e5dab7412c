"""The suite `explanations`: decisions taken, stored and explained by production, for each kind of reader.

Nothing here asks the writer how it did. Coverage is counted against the record's claims, reasons against an
own reading of the scorecard's points, quotes against the clauses as they stand in the corpus, and the whole
text against the public checker, which sees the record and the clauses alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from app.explaining import explanation_of
from app.sandbox.applications import sample_applications
from app.sandbox.scoring import read_scorecard
from app.wiring import Services
from decisioning.claims import claims_for, claims_of
from decisioning.grounding import verify
from decisioning.model import Component, Decision, Explanation, Outcome, Reader, Sentence
from decisioning.product import PRODUCTS
from evals.cases import Case, CaseSet, case_set
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import Gate, mean
from evals.measured import Measured
from evals.slices import charts
from evals.taking import taken

DAYS = (date(2026, 11, 23), date(2026, 1, 15), date(2024, 9, 2))
"""A day under each edition."""
EVERY = 25
MOST_WORDS = 30
DOCUMENT = "credit-policy"


class Explained(Case):
    """An application, and the day whose policy decides it."""

    row: int
    day: str


def cases(bench: Bench) -> CaseSet[Explained]:
    """Every twenty-fifth application of the data set, under each edition in turn."""
    del bench
    chosen = sample_applications()[::EVERY]
    days = [DAYS[n % len(DAYS)].isoformat() for n in range(len(chosen))]
    return case_set(
        Explained(id=f"{each.external_id} on {day}", row=each.row, day=day)
        for each, day in zip(chosen, days, strict=True)
    )


@cache
def _application(row: int) -> Mapping[str, Any]:
    return next(each.application for each in sample_applications() if each.row == row)


async def measure(bench: Bench, case: Explained) -> Measured:
    """One decision with its words for the analyst, the applicant and the examiner."""
    services, day = bench.services, date.fromisoformat(case.day)
    decision = await taken(services, _application(case.row), day=day, explain="sync")
    told = {reader: await explanation_of(services, decision.id, reader) for reader in Reader}
    scores: dict[str, float] = {
        "verified": float(all(each.status == "verified" for each in told.values())),
        "fallback": float(any(each.status == "fallback" for each in told.values())),
        "coverage": min(_coverage(decision, reader, each) for reader, each in told.items()),
        "quotes": float(await _quotes_stand(services, day, told[Reader.ANALYST])),
        "checked": float(await _holds(services, decision, told[Reader.ANALYST])),
        "plain words": float(_longest(told[Reader.APPLICANT]) <= MOST_WORDS),
        "reading ease": reading_ease(_text(told[Reader.APPLICANT])),
    }
    if decision.reasons:
        scores["reasons told"] = float(all(_reasons_told(decision, each) for each in told.values()))
        scores["reasons right"] = float(_reasons_right(decision))
    return Measured(
        case.id,
        scores=scores,
        slices={"outcome": decision.outcome.value, "edition": decision.versions.policy.split("+")[0]},
        asked=", ".join(f"{name} {value}" for name, value in _application(case.row).items()),
        said=_text(told[Reader.ANALYST]),
    )


def _text(explanation: Explanation) -> str:
    return " ".join(sentence.text for sentence in explanation.sentences)


def _coverage(decision: Decision, reader: Reader, explanation: Explanation) -> float:
    """The share of the claims that this reader may be told that a sentence words."""
    claims = {claim.id for claim in claims_for(reader, claims_of(decision))}
    return len(claims & {sentence.claim for sentence in explanation.sentences}) / len(claims)


def _reasons_told(decision: Decision, explanation: Explanation) -> bool:
    """Each principal reason has its sentence, in the order of rank."""
    wanted = [f"reason:{reason.code}" for reason in sorted(decision.reasons, key=lambda each: each.rank)]
    return [s.claim for s in explanation.sentences if s.claim.startswith("reason:")] == wanted


def _reasons_right(decision: Decision) -> bool:
    """The reasons are those that an own reading of points and rules gives.

    From the score: the characteristics furthest below the averages, furthest first (Reg B comment
    9(b)(2)-5). From rules: every rule that fired to that effect.
    """
    effect = "decline" if decision.outcome is Outcome.DECLINE else "refer"
    fired = {r.id for r in decision.rules if r.fired and r.effect == effect and r.component is Component.RULE}
    by_rule = {each.source for each in decision.reasons if each.component is Component.RULE}
    by_score = [each.source for each in decision.reasons if each.component is Component.SCORE]
    automatic = effect == "decline"
    return (by_rule == fired if automatic else by_rule <= fired) and by_score == _furthest(decision)[
        : len(by_score)
    ]


def _furthest(decision: Decision) -> list[str]:
    """Characteristics with a value, by how far their points lie below the average near the cut-off."""
    averages = _averages()
    application = {name: fact.value for name, fact in decision.facts.items()}
    own = {each.characteristic: each for each in read_scorecard().contributions(application)}
    said_by_rule = {each.code for each in decision.reasons if each.component is Component.RULE}
    below = {name: averages[name] - own[name].points for name in averages if own[name].value is not None}
    names = sorted((n for n in below if below[n] > 0), key=lambda n: (-below[n], n))
    return [name for name in names if _codes()[name] not in said_by_rule]


@cache
def _averages() -> Mapping[str, float]:
    content = json.loads((PRODUCTS / "consumer_loan" / "averages.json").read_text(encoding="utf-8"))
    return dict(content["populations"]["near_cutoff"]["points"])


@cache
def _codes() -> Mapping[str, str]:
    content = json.loads((PRODUCTS / "consumer_loan" / "reasons.json").read_text(encoding="utf-8"))
    return {
        name: code for code, each in content["reasons"].items() for name in each.get("characteristics", [])
    }


async def _clauses(services: Services, day: date, sentences: Sequence[Sentence]) -> Mapping[str, Any]:
    names = list(dict.fromkeys(c.clause for s in sentences for c in s.citations))
    return await services.clauses.named(DOCUMENT, names, day)


async def _quotes_stand(services: Services, day: date, explanation: Explanation) -> bool:
    """Every citation quotes, at its place, the clause of the edition in force on that day."""
    found = await _clauses(services, day, explanation.sentences)
    return all(
        c.clause in found
        and found[c.clause].edition == c.edition
        and found[c.clause].text[c.start : c.end] == c.quote
        for sentence in explanation.sentences
        for c in sentence.citations
    )


async def _holds(services: Services, decision: Decision, explanation: Explanation) -> bool:
    """The public checker supports the whole text, given the record and the clauses it cites."""
    found = await _clauses(services, decision.as_of, explanation.sentences)
    texts = {name: clause.text for name, clause in found.items()}
    return verify(texts, {}, decision.model_dump(mode="json"), _text(explanation)).supported


def _longest(explanation: Explanation) -> int:
    return max((len(sentence.text.split()) for sentence in explanation.sentences), default=0)


def reading_ease(text: str) -> float:
    """Flesch's reading ease (J. Appl. Psychol. 32, 1948): 60 to 70 is plain English, 30 is hard.

    Syllables are groups of vowels, a silent e at the end left out.
    """
    words = re.findall(r"[A-Za-z]+", text)
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", text)))
    if not words:
        return 0.0
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * sum(map(_syllables, words)) / len(words)


def _syllables(word: str) -> int:
    stem = re.sub(r"e$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", stem)))


def find(measured: Sequence[Measured]) -> Findings:
    """Gates on truth, on completeness, on readability; charts by outcome and edition."""
    return Findings(
        gates=(*_of_truth(measured), *_of_reasons(measured), *_of_words(measured)),
        charts=charts(measured, {"verified": "Verified for all readers", "coverage": "Claims worded"}),
        notes=("three readers a decision",),
    )


def _of_truth(measured: Sequence[Measured]) -> tuple[Gate, ...]:
    own = "without a language model every sentence is ours, and one that fails its own check is a bug"
    return (
        mean("verified for every reader", measured, "verified", "at least", 1, own),
        mean("fell back on plain sentences", measured, "fallback", "at most", 0, own),
        mean(
            "claims worded, by the worst reader",
            measured,
            "coverage",
            "at least",
            1,
            "a claim left out is a fact withheld",
        ),
        mean(
            "quotes stand where they are said to, in force",
            measured,
            "quotes",
            "at least",
            1,
            "a quote is evidence or it is nothing",
        ),
        mean(
            "whole text holds before the public checker",
            measured,
            "checked",
            "at least",
            0.99,
            "what we write must pass what we ask of others",
        ),
    )


def _of_reasons(measured: Sequence[Measured]) -> tuple[Gate, ...]:
    told = "Regulation B, comment 9(b)(2)-4: no principal reason may be left out, the order is their rank"
    right = "comment 9(b)(2)-5: those furthest below the average, by an own reading of the points"
    return (
        mean("principal reasons told, in order", measured, "reasons told", "at least", 1, told),
        mean("principal reasons right", measured, "reasons right", "at least", 1, right),
    )


def _of_words(measured: Sequence[Measured]) -> tuple[Gate, ...]:
    why = f"an applicant reads no sentence of more than {MOST_WORDS} words"
    ease = "50 and above is what newspapers write (Flesch); a notice must be understood"
    return (
        mean("applicant's text in short sentences", measured, "plain words", "at least", 0.95, why),
        mean("applicant's reading ease", measured, "reading ease", "at least", 50, ease),
    )


SUITE = CaseSuite(
    name="explanations",
    about="decisions taken, stored and explained by production, held against the record and the corpus",
    cases=cases,
    measure=measure,
    find=find,
)

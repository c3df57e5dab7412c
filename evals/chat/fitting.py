"""Fits the weights of `decisioning/chat/relevance.json` on the labelled questions.

    python -m evals.chat.fitting

Each clause found for a question is a case: it answers or it does not. Ten folds by question tell how the
weights do on questions they were not fitted on; what is written is fitted on all. The folds' weights are
kept beside the questions, so that the suite `chat` can ask each with weights that never saw it:
`--folds` writes these alone. Deterministic.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.chat_tools import SEARCHED
from app.cli.opening import opened_to_ask
from app.database import Database, database
from app.settings import load_settings
from decisioning.chat.limits import limits_asked
from decisioning.chat.question import Question, read
from decisioning.chat.refusals import refusal
from decisioning.chat.relevance import LIKELY, features
from decisioning.chat.tools import Found
from decisioning.titles import titles_of
from evals.chat import unseen
from evals.chat.questions import SETS, Labelled, questions

WEIGHTS = Path("decisioning/chat/relevance.json")
DAY = date(2026, 11, 23)
FOLDS = 10
RIDGE = 5.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A clause found for a question, measured; `answers` is its label."""

    question: str
    answerable: bool
    measured: dict[str, float]
    answers: bool


async def cases(base: Database) -> list[Case]:
    """The cases of every question that goes by search, and not by a limit, a name, a day or a refusal."""
    found = []
    async with opened_to_ask(base) as services:
        product = next(iter(services.products.values()))
        edition = product.on(DAY)
        for labelled in (q for name in SETS for q in questions(name)):
            question = read(labelled.question, DAY)
            if _goes_elsewhere(question) or limits_asked(question, edition, titles_of(edition)):
                continue
            hits = await services.clauses.search(question.plain, DAY, None, product.document, SEARCHED)
            found += _cases(labelled, question, [Found(h.clause, h.cosine) for h in hits])
    return found


def _goes_elsewhere(question: Question) -> bool:
    days = question.days
    other = question.clauses or days.periods or days.before_change or "changed" in question.intents
    return bool(other or refusal(question.text))


def _cases(labelled: Labelled, question: Question, found: Sequence[Found]) -> list[Case]:
    return [
        Case(labelled.question, bool(labelled.clauses), measured, one.clause.clause in labelled.clauses)
        for one, measured in zip(found, features(question, found), strict=True)
    ]


def fitted(x: Matrix, y: Matrix) -> Matrix:
    """The ridge-penalised logistic weights by Newton's method; the first column is the constant."""
    weights = np.zeros(x.shape[1])
    penalty = np.eye(x.shape[1]) * RIDGE
    penalty[0, 0] = 0
    for _ in range(40):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p) + 1e-9)[:, None]).T @ x + penalty
        weights += np.linalg.solve(hessian, x.T @ (y - p) - penalty @ weights)
    return weights


def standardised(cases: Sequence[Case]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Measures with mean 0 and deviation 1 behind a constant, the labels, the means and the deviations."""
    raw = np.array([list(c.measured.values()) for c in cases], float)
    mean, deviation = raw.mean(0), raw.std(0)
    deviation[deviation == 0] = 1
    x = np.hstack([np.ones((len(cases), 1)), (raw - mean) / deviation])
    return x, np.array([c.answers for c in cases], float), mean, deviation


def fold_of(cases: Sequence[Case]) -> dict[str, int]:
    """The fold of each question, by chance from a fixed seed."""
    asked = sorted({c.question for c in cases})
    order = np.random.default_rng(0).permutation(len(asked))
    return {asked[q]: n % FOLDS for n, q in enumerate(order)}


def of_folds(cases: Sequence[Case]) -> list[Matrix]:
    """By fold the weights fitted on the others."""
    x, y, _, _ = standardised(cases)
    folds = fold_of(cases)
    of = np.array([folds[c.question] for c in cases])
    return [fitted(x[of != k], y[of != k]) for k in range(FOLDS)]


def cross_validated(cases: Sequence[Case]) -> tuple[float, float]:
    """Shares abstained, of answerable and of unanswerable questions, each by weights that never saw it."""
    x, _, _, _ = standardised(cases)
    folds, weights = fold_of(cases), of_folds(cases)
    asked = sorted(folds)
    best: dict[str, float] = dict.fromkeys(asked, 0.0)
    for case, row in zip(cases, x, strict=True):
        likely = float(1 / (1 + np.exp(-row @ weights[folds[case.question]])))
        best[case.question] = max(best[case.question], likely)
    silent = {q: p < LIKELY for q, p in best.items()}
    answerable = {c.question for c in cases if c.answerable}
    known = [silent[q] for q in asked if q in answerable]
    unknown = [silent[q] for q in asked if q not in answerable]
    return sum(known) / len(known), sum(unknown) / len(unknown)


def by_measure(cases: Sequence[Case], weights: Matrix) -> dict[str, float]:
    """The weights of the measures as they are, not standardised, with the constant that goes with them."""
    _, _, mean, deviation = standardised(cases)
    names = list(cases[0].measured)
    raw = {n: round(float(w / d), 4) for n, w, d in zip(names, weights[1:], deviation, strict=True)}
    return {"constant": round(float(weights[0] - (weights[1:] * mean / deviation).sum()), 4), **raw}


def main() -> None:
    """Fit, tell the cross-validated shares, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m evals.chat.fitting", description=__doc__)
    parser.add_argument("--folds", action="store_true", help="write the weights of the folds alone")
    asked = parser.parse_args()
    with database(load_settings()) as base:
        found = asyncio.run(cases(base))
    known, unknown = cross_validated(found)
    x, y, _, _ = standardised(found)
    shown = {"abstained_answerable": round(known, 3), "abstained_unanswerable": round(unknown, 3)}
    told = {"cases": len(found), "cross_validated": shown, "weights": by_measure(found, fitted(x, y))}
    folds = {"fold": fold_of(found), "weights": [by_measure(found, each) for each in of_folds(found)]}
    unseen.FILE.write_text(json.dumps(folds, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if not asked.folds:
        WEIGHTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({k: told[k] for k in ("cases", "cross_validated")}))


if __name__ == "__main__":
    main()

"""Sentences that small language models wrote about the kept decisions, each labelled by reading it.

`data/recorded.jsonl`: what it is about, the text, whether record and clauses support it, why not, which
model wrote it, whether it was asked freely (`free_form`) or as production asks (`with_model`), and the batch:
the checker was worked on with the first, the second came after. The labels were given before the checker
judged the sentences.
"""

import json
from dataclasses import dataclass

import numpy as np

from decisioning.grounding import check_sentence
from evals.intervals import RESAMPLED, SEED
from evals.words.labelled import DATA, pool

WHY = {
    "contradicts": "says the contrary of the record",
    "invented": "nothing of it stands in the record or the clauses",
    "role": "a number, a clause or a name in another's place",
    "reason": "calls a reason what is none",
    "wider": "says of every case what the clause says of some",
    "actor": "gives the act to somebody who did not act",
    "opinion": "judges where the record only states",
}


@dataclass(frozen=True)
class Recorded:
    """A sentence of a model: what it is about, whether it is supported, why not, who wrote it and how."""

    about: str
    text: str
    supported: bool
    why: str
    model: str
    asked: str
    batch: int


def recorded() -> tuple[Recorded, ...]:
    """Every recorded sentence, in its order."""
    lines = (DATA / "recorded.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Recorded(**json.loads(line)) for line in lines)


def judged(cases: tuple[Recorded, ...]) -> list[tuple[Recorded, bool]]:
    """Each with whether the checker lets it out."""
    return [(case, not check_sentence(case.text, pool(case.about))) for case in cases]


def balanced(found: list[tuple[bool, bool]]) -> tuple[float, float, float]:
    """The balanced accuracy of (true, found) pairs with its 95 % bootstrap interval, resampled by class."""
    random = np.random.default_rng(SEED)
    sides = [np.array([f is t for t, f in found if t is side], dtype=float) for side in (True, False)]
    drawn = sum(random.choice(s, (RESAMPLED, len(s))).mean(axis=1) for s in sides) / 2
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(sum(s.mean() for s in sides) / 2), float(low), float(high)

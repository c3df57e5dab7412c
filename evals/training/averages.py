"""The averages that reasons are measured against: a dated artefact of the product, not of the model.

Regulation B comment 9(b)(2)-5 lets a creditor name the characteristics whose points lie furthest below the
average of all applicants, or of those whose total was at or slightly above the minimum passing score. Both
populations are here; the product names which one it uses.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from app.sandbox.applications import SampleApplication
from app.sandbox.scoring import Scorecard
from decisioning.files import read_json
from decisioning.model import ScoreAnswer
from decisioning.parameters import History, in_force
from evals.training.fit import POINTS_TO_DOUBLE_ODDS

COMPUTED_ON = date(2026, 6, 1)  # the day from which the cut-off below is in force
SLIGHTLY_ABOVE = POINTS_TO_DOUBLE_ODDS


def averages_json(
    card: Scorecard, applications: Iterable[SampleApplication], cutoff: float
) -> dict[str, Any]:
    """Mean points by characteristic, to 2 places, of all these applicants and of those near the cut-off."""
    answers = [card.score(each.application) for each in applications]
    near = [answer for answer in answers if cutoff <= answer.score < cutoff + SLIGHTLY_ABOVE]
    return {
        "version": f"{COMPUTED_ON.isoformat()}-{card.version}",
        "model": card.model,
        "computed_on": COMPUTED_ON.isoformat(),
        "populations": {
            "all": {
                "n": len(answers),
                "description": "every application of the development sample that can be scored",
                "points": _means(card, answers),
            },
            "near_cutoff": {
                "n": len(near),
                "description": f"those of them that score {cutoff:g} to {cutoff + SLIGHTLY_ABOVE - 1:g} "
                f"points: at or slightly above the score for approval of {COMPUTED_ON.isoformat()}",
                "points": _means(card, near),
            },
        },
        # One family a characteristic: no two are near duplicates, so none may hide another as a reason.
        "families": {name: name for name in card.characteristics},
    }


def _means(card: Scorecard, answers: list[ScoreAnswer]) -> dict[str, float]:
    sums = dict.fromkeys(card.characteristics, 0.0)
    for answer in answers:
        for each in answer.contributions:
            sums[each.characteristic] += each.points
    return {name: round(total / len(answers), 2) for name, total in sums.items()}


def cutoff_of(parameters_json: Path) -> float:
    """The score for approval in force on the day of the averages."""
    content = read_json(parameters_json, parameters_json.name)
    name = "min_score_approve"
    return in_force({name: History.model_validate(content[name])}, COMPUTED_ON)[name].value

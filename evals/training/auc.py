"""Area under the ROC curve with its interval: E. DeLong et al., Biometrics 44 (1988), 837-845."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.training.sample import Flags, Floats

_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Auc:
    """The area and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def auc(target: Flags, score: NDArray[np.floating]) -> Auc:
    """How often a target row scores above another one, ties counted half; both kinds must occur."""
    of_target, of_others = _placements(score[target], score[~target])
    value = float(of_target.mean())
    error = np.sqrt(of_target.var(ddof=1) / len(of_target) + of_others.var(ddof=1) / len(of_others))
    return Auc(value, float(value - _NORMAL_95 * error), float(value + _NORMAL_95 * error))


def _placements(of_target: NDArray[np.floating], of_others: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """For each row the share of the other kind that it is on the right side of."""
    return _share_below(of_target, of_others), 1 - _share_below(of_others, of_target)


def _share_below(values: NDArray[np.floating], among: NDArray[np.floating]) -> Floats:
    ordered = np.sort(among)
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return below / (2 * len(ordered))

"""A points scorecard from a development sample: weights of evidence, a logistic regression, whole points."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from evals.training.binning import CategoryBins, NumericBins, bins_of
from evals.training.sample import CHARACTERISTICS, FOLDS, NOT_SCORED, Categorical, Floats, Sample

MODEL = "credence-scorecard"
POINTS_AT_EVEN_ODDS = 500
POINTS_TO_DOUBLE_ODDS = 50
_POINTS_PER_LOGIT = POINTS_TO_DOUBLE_ODDS / math.log(2)


@dataclass(frozen=True)
class Fit:
    """A fitted model: ln(odds of good) = intercept + sum of coefficient x weight of evidence."""

    bins: Mapping[str, NumericBins | CategoryBins]
    coefficients: Mapping[str, float]
    intercept: float

    def log_odds(self, sample: Sample) -> Floats:
        """ln(odds of good to bad) of each row."""
        found = np.full(len(sample), self.intercept)
        for name, coefficient in self.coefficients.items():
            found += coefficient * self.bins[name].weigh(sample.columns[name])
        return found


def fit(sample: Sample, names: Iterable[str] = CHARACTERISTICS) -> Fit:
    """Bins and coefficients learned from these rows alone. Raises ValueError where a sign turns."""
    chosen = tuple(names)
    kinds = {**CHARACTERISTICS, **NOT_SCORED}
    bins = {name: bins_of(kinds[name], sample.columns[name], sample.bad) for name in chosen}
    weights = np.column_stack([bins[name].weigh(sample.columns[name]) for name in chosen])
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=200)
    model.fit(weights, ~sample.bad)
    coefficients = dict(zip(chosen, map(float, model.coef_[0]), strict=True))
    turned = [name for name, coefficient in coefficients.items() if coefficient <= 0]
    if turned:
        raise ValueError(f"the regression turns the sign of {', '.join(turned)}: leave it out")
    return Fit(bins, coefficients, float(model.intercept_[0]))


def out_of_fold(sample: Sample, names: Iterable[str] = CHARACTERISTICS) -> Floats:
    """ln(odds of good) of each row by a model whose bins and coefficients never saw that row."""
    chosen, found = tuple(names), np.empty(len(sample))
    for fold in range(FOLDS):
        away = sample.fold == fold
        found[away] = fit(sample.where(~away), chosen).log_odds(sample.where(away))
    return found


def scorecard_json(fitted: Fit, sample: Sample, data_sha256: str) -> dict[str, Any]:
    """The scorecard as the sandbox reads it; its version is the hash of all the rest."""
    base = POINTS_AT_EVEN_ODDS + _POINTS_PER_LOGIT * fitted.intercept
    share = base / len(fitted.coefficients)
    characteristics = {
        name: _scale_json(name, fitted.bins[name], coefficient, share)
        for name, coefficient in fitted.coefficients.items()
    }
    ends = [_ends(each) for each in characteristics.values()]
    content: dict[str, Any] = {
        "model": MODEL,
        "min": sum(low for low, _ in ends),
        "max": sum(high for _, high in ends),
        "scaling": {
            "points_at_even_odds": POINTS_AT_EVEN_ODDS,
            "points_to_double_odds": POINTS_TO_DOUBLE_ODDS,
        },
        "development": {
            "data_sha256": data_sha256,
            "rows": len(sample),
            "bad_rate": round(float(sample.bad.mean()), 6),
        },
        "characteristics": characteristics,
    }
    return {"model": MODEL, "version": _digest(content), **content}


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _scale_json(
    name: str, bins: NumericBins | CategoryBins, coefficient: float, share: float
) -> dict[str, Any]:
    def points(weight: float) -> int:
        return round(share + _POINTS_PER_LOGIT * coefficient * weight)

    kind = CHARACTERISTICS[name]
    missing = points(bins.missing) if kind.nullable else None
    if isinstance(bins, CategoryBins):
        return {
            "choices": {choice: points(weight) for choice, weight in bins.weights.items()},
            "unknown": sorted(kind.unknown) if isinstance(kind, Categorical) else [],
            "missing": missing,
        }
    earned = zip((*bins.edges, None), map(points, bins.weights), strict=True)
    return {"steps": _joined({"up_to": edge, "points": each} for edge, each in earned), "missing": missing}


def _joined(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring steps of equal points as one, up to the edge of the last of them."""
    return [list(alike)[-1] for _, alike in groupby(steps, key=lambda step: step["points"])]


def _ends(scale: Mapping[str, Any]) -> tuple[int, int]:
    earned = [*scale["choices"].values()] if "choices" in scale else [s["points"] for s in scale["steps"]]
    return min(earned), max(earned)

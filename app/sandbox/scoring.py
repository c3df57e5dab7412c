"""The reference scoring model: a points scorecard read from JSON, run without any training library.

A score is the sum of one number of points a characteristic; `points_to_double_odds` more points double the
odds of good to bad, and at `points_at_even_odds` good and bad are as likely (the usual scaling of a
scorecard: Siddiqi, Credit Risk Scorecards, 2006, ch. 6).
"""

import json
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decisioning.model import Contribution, ScoreAnswer, Unit, Value
from decisioning.rounding import rounded

SCORECARD = Path(__file__).parent / "models" / "scorecard.json"


@dataclass(frozen=True)
class Steps:
    """Points by range: `points[i]` up to and including `edges[i]`, the last one above them all."""

    edges: tuple[float, ...]
    points: tuple[int, ...]
    missing: int | None

    def of(self, value: Value) -> tuple[Value, int]:
        """The value that earned points, and the points. Raises ValueError for a value that is no number."""
        if value is None:
            return None, _points_of_missing(self.missing)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{value!r} is not a number")
        return value, self.points[bisect_left(self.edges, value)]


@dataclass(frozen=True)
class Choices:
    """Points by category; a category that says "not known" earns the missing points under no value."""

    points: Mapping[str, int]
    missing: int | None
    unknown: frozenset[str]

    def of(self, value: Value) -> tuple[Value, int]:
        """The category that earned points, and the points. Raises ValueError for one that was never seen."""
        if value is None or (isinstance(value, str) and value in self.unknown):
            return None, _points_of_missing(self.missing)
        if not isinstance(value, str) or value not in self.points:
            raise ValueError(f"{value!r} is not one of {', '.join(sorted(self.points))}")
        return value, self.points[value]


@dataclass(frozen=True)
class Scorecard:
    """A loaded scorecard; `minimum` and `maximum` are the ends of its scale, in points."""

    model: str
    version: str
    minimum: int
    maximum: int
    points_at_even_odds: float
    points_to_double_odds: float
    characteristics: Mapping[str, Steps | Choices]

    def probability_of_bad(self, score: float) -> float:
        """The probability that this many points stand for, on the base rate of the development sample."""
        doublings = (score - self.points_at_even_odds) / self.points_to_double_odds
        return rounded(1 / (1 + math.pow(2, doublings)), Unit.PROBABILITY)

    def contributions(self, application: Mapping[str, Value]) -> tuple[Contribution, ...]:
        """The points of each characteristic. Raises ValueError naming the first that cannot be read."""
        values = {**application, "loan_to_price": loan_to_price(application)}
        found = []
        for name, scale in self.characteristics.items():
            try:
                value, points = scale.of(values.get(name))
            except ValueError as problem:
                raise ValueError(f"{name}: {problem}") from problem
            found.append(Contribution(characteristic=name, value=value, points=points))
        return tuple(found)

    def score(self, application: Mapping[str, Value]) -> ScoreAnswer:
        """The score with what each characteristic brought. Raises ValueError naming a bad field."""
        contributions = self.contributions(application)
        total = sum(each.points for each in contributions)
        return ScoreAnswer(
            score=total,
            pd=self.probability_of_bad(total),
            min=self.minimum,
            max=self.maximum,
            model=self.model,
            version=self.version,
            contributions=contributions,
        )


def _points_of_missing(points: int | None) -> int:
    if points is None:
        raise ValueError("is missing")
    return points


def loan_to_price(application: Mapping[str, Value]) -> float | None:
    """Amount over price to 6 places; None where either is missing or the price is not above zero."""
    amount, price = application.get("amount"), application.get("price")
    if not isinstance(amount, int | float) or not isinstance(price, int | float) or price <= 0:
        return None
    return rounded(amount / price, Unit.RATIO)


def read_scorecard(path: Path = SCORECARD) -> Scorecard:
    """The scorecard of a JSON file as `python -m evals.training` writes it."""
    return scorecard_of(json.loads(path.read_text(encoding="utf-8")))


def scorecard_of(content: Mapping[str, Any]) -> Scorecard:
    """The scorecard that parsed JSON describes."""
    return Scorecard(
        model=content["model"],
        version=content["version"],
        minimum=content["min"],
        maximum=content["max"],
        points_at_even_odds=content["scaling"]["points_at_even_odds"],
        points_to_double_odds=content["scaling"]["points_to_double_odds"],
        characteristics={name: _scale(each) for name, each in content["characteristics"].items()},
    )


def _scale(content: Mapping[str, Any]) -> Steps | Choices:
    if "choices" in content:
        return Choices(content["choices"], content["missing"], frozenset(content["unknown"]))
    steps = content["steps"]
    edges = tuple(step["up_to"] for step in steps[:-1])
    return Steps(edges, tuple(step["points"] for step in steps), content["missing"])

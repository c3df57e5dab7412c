"""What the model APIs answered, and whether it can be what it says it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from decisioning.application import LARGEST
from decisioning.errors import DependencyFailed, DependencyInvalid
from decisioning.model import PriceAnswer, ScoreAnswer, Unit
from decisioning.rounding import rounded

A = TypeVar("A", ScoreAnswer, PriceAnswer)


@dataclass(frozen=True)
class Answers:
    """The answers as they came, and the failure that ended the asking, if one did."""

    score: ScoreAnswer | None = None
    price: PriceAnswer | None = None
    failure: DependencyFailed | None = None


def check_score(answer: ScoreAnswer) -> None:
    """Raises DependencyInvalid("scoring") where the answer contradicts itself.

    A contribution of a characteristic that the product does not know is allowed: it is never a reason.
    """
    if not -LARGEST <= answer.min < answer.max <= LARGEST:
        raise _invalid_score(f"its scale runs from {answer.min:g} to {answer.max:g}")
    if not answer.min <= answer.score <= answer.max:
        raise _invalid_score(f"score {answer.score:g} is outside its scale {answer.min:g} to {answer.max:g}")
    names = [contribution.characteristic for contribution in answer.contributions]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid_score(f"characteristic {twice!r} contributes twice")


def check_price(answer: PriceAnswer) -> None:
    """Raises DependencyInvalid("pricing") where a number is beyond any price.

    How instalment, term, total and tier go together is the pricing model's own business: fees, a first
    payment on another day and tiers of its own are not contradictions.
    """
    if max(answer.nominal_rate, answer.apr, answer.total_payable, answer.monthly_payment) > LARGEST:
        raise DependencyInvalid("pricing", "a number is beyond any price")


def printed_score(answer: ScoreAnswer) -> ScoreAnswer:
    """The answer with its numbers as they are printed and compared."""
    return _printed(answer, _SCORE_UNITS)


def printed_price(answer: PriceAnswer) -> PriceAnswer:
    """The answer with its numbers as they are printed and compared."""
    return _printed(answer, _PRICE_UNITS)


_SCORE_UNITS = {"score": Unit.POINTS, "pd": Unit.PROBABILITY}
_PRICE_UNITS = {
    "nominal_rate": Unit.RATE,
    "apr": Unit.RATE,
    "monthly_payment": Unit.MONEY,
    "total_payable": Unit.MONEY,
}


def _printed(answer: A, units: Mapping[str, Unit]) -> A:
    """The answer itself where its numbers are rounded as they came."""
    came = {name: getattr(answer, name) for name in units}
    printed = {name: rounded(value, units[name]) for name, value in came.items()}
    return answer if printed == came else answer.model_copy(update=printed)


def _invalid_score(problem: str) -> DependencyInvalid:
    return DependencyInvalid("scoring", problem)

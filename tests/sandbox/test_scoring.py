"""The reference scorecard: what it promises of every application."""

from itertools import pairwise

import pytest

from app.sandbox.applications import sample_applications
from app.sandbox.scoring import Choices, Scorecard, Steps, read_scorecard
from decisioning.model import ScoreAnswer
from evals.training.sample import can_be_scored

MORE_IS_BETTER = ("seniority_years", "income", "assets")
MORE_IS_WORSE = ("debt", "amount", "loan_to_price")
APPLICATION = dict(sample_applications()[0].application)


@pytest.fixture(scope="module")
def card() -> Scorecard:
    """The committed scorecard."""
    return read_scorecard()


def points_of(answer: ScoreAnswer, characteristic: str) -> tuple[object, float]:
    """The value and the points that an answer shows for a characteristic."""
    (found,) = [each for each in answer.contributions if each.characteristic == characteristic]
    return found.value, found.points


def test_a_score_is_the_sum_of_its_points_on_its_scale(card):
    """Over every application the points add up to the score, inside the scale."""
    answers = [card.score(each.application) for each in sample_applications()]
    assert all(a.score == sum(each.points for each in a.contributions) for a in answers)
    assert all(a.min <= a.score <= a.max for a in answers)


@pytest.mark.parametrize("name", [*MORE_IS_BETTER, *MORE_IS_WORSE])
def test_points_never_rise_with_risk(card, name):
    """More seniority, income or assets costs no points; more debt, amount or loan-to-price earns none."""
    scale = card.characteristics[name]
    assert isinstance(scale, Steps)
    steps = scale.points if name in MORE_IS_BETTER else scale.points[::-1]
    assert all(before < after for before, after in pairwise(steps))


def test_an_adverse_record_costs_points(card):
    """A clean record earns more points than an adverse one."""
    records = card.characteristics["records"]
    assert isinstance(records, Choices)
    assert records.points["no"] > records.points["yes"]


def test_every_number_has_a_direction(card):
    """No characteristic in numbers is left out of the test of direction."""
    numeric = {name for name, scale in card.characteristics.items() if isinstance(scale, Steps)}
    assert numeric == {*MORE_IS_BETTER, *MORE_IS_WORSE}


def test_the_scale_means_what_it_says(card):
    """500 points are even odds, 50 more double them, and more points never mean a higher probability."""
    assert card.probability_of_bad(500) == 0.5
    assert card.probability_of_bad(550) == pytest.approx(1 / 3, abs=1e-6)
    probabilities = [card.probability_of_bad(score) for score in range(card.minimum, card.maximum + 1)]
    assert all(before > after for before, after in pairwise(probabilities))


@pytest.mark.parametrize("field", ["income", "assets", "debt", "home", "job"])
def test_a_missing_value_brings_points_under_no_value(card, field):
    """What a file lacks is scored, but never shown as a value: it can be no reason."""
    value, points = points_of(card.score({**APPLICATION, field: None}), field)
    scale = card.characteristics[field]
    earned = scale.points if isinstance(scale, Steps) else scale.points.values()
    assert value is None
    assert min(earned) < points < max(earned)


def test_a_home_not_known_is_a_missing_home(card):
    """The choice "ignore" says nothing, so it is scored and shown as no value at all."""
    ignored = points_of(card.score({**APPLICATION, "home": "ignore"}), "home")
    assert ignored == points_of(card.score({**APPLICATION, "home": None}), "home")


def test_nothing_prohibited_is_scored(card):
    """Neither age, marital status nor household expenses is a characteristic or moves the score."""
    assert not {"age", "marital", "expenses"} & set(card.characteristics)
    other = {**APPLICATION, "age": 90, "marital": "widow", "expenses": 0}
    assert card.score(other) == card.score(APPLICATION)


def test_term_and_price_move_the_score_only_through_loan_to_price(card):
    """Another term changes nothing; a price changes only the points of loan-to-price."""
    assert card.score({**APPLICATION, "term_months": 6}) == card.score(APPLICATION)
    dearer = card.score({**APPLICATION, "price": 9999})
    changed = [
        now.characteristic
        for now, before in zip(dearer.contributions, card.score(APPLICATION).contributions, strict=True)
        if now != before
    ]
    assert changed == ["loan_to_price"]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("amount", None, "amount: is missing"),
        ("records", None, "records: is missing"),
        ("price", 0, "loan_to_price: is missing"),
        ("income", "much", "income: 'much' is not a number"),
        ("income", True, "income: True is not a number"),
        ("income", [1], "income: [1] is not a number"),
        ("income", float("nan"), "income: nan is not a number"),
        ("job", "king", "job: 'king' is not one of fixed, freelance, others, partime"),
        ("job", ["fixed"], "job: ['fixed'] is not one of fixed, freelance, others, partime"),
    ],
)
def test_what_cannot_be_scored_is_named(card, field, value, problem):
    """A value that the scorecard cannot read is refused with its field."""
    with pytest.raises(ValueError, match="^" + problem.replace("[", r"\[") + "$"):
        card.score({**APPLICATION, field: value})


def test_probabilities_are_those_of_the_data(card):
    """In each fifth of the held-out rows, by probability, the share of bad is within 10 points of it."""
    away = [each for each in sample_applications() if each.held_out and can_be_scored(each.application)]
    scored = sorted((card.score(each.application).pd, each.bad) for each in away)
    size = len(scored) // 5
    for fifth in (scored[start : start + size] for start in range(0, 5 * size, size)):
        expected = sum(pd for pd, _ in fifth) / size
        assert sum(bad for _, bad in fifth) / size == pytest.approx(expected, abs=0.10)

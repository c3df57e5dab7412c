"""Other parameters are tried on the population without touching what is in force."""

import pytest

from evals.cases import InvalidCases
from evals.changed import read_changes, with_parameters
from evals.decisions import LATEST, flip, product, read_scorecard_once
from evals.in_process import decided
from evals.relations import asked
from evals.relations.pool import COMPLETE


def test_one_edition_has_the_other_number_and_the_rest_stays():
    """Only the edition of that day changes, and the product itself does not."""
    changed = with_parameters(product(), LATEST, {"max_amount": 900})
    assert changed.on(LATEST).values["max_amount"] == 900
    assert product().on(LATEST).values["max_amount"] == 2500
    assert [e is f for e, f in zip(changed.editions, product().editions, strict=True)] == [True, True, False]


async def test_a_flip_names_the_rules_that_made_it():
    """An application for 1,000 is declined where at most 900 are lent, by that rule."""
    row = next(e.row for e in COMPLETE if e.application["amount"] == 1000)
    changed = with_parameters(product(), LATEST, {"max_amount": 900})
    before = await decided(asked(row), product(), read_scorecard_once(), LATEST)
    after = await decided(asked(row), changed, read_scorecard_once(), LATEST)
    assert flip(before, after)["flip"] == f"{before.outcome.value} to decline"
    assert "+K-AMOUNT-MAX" in flip(before, after)["by"]
    assert flip(before, before) == {}


@pytest.mark.parametrize(
    ("text", "says"), [('{"max_amount": "much"}', "changes.json: max_amount"), ("[1]", "changes.json")]
)
def test_a_file_of_anything_else_is_refused(tmp_path, text, says):
    """The message names the file and the parameter."""
    (tmp_path / "changes.json").write_text(text)
    with pytest.raises(InvalidCases, match=says):
        read_changes(tmp_path / "changes.json")


def test_a_parameter_that_is_not_in_force_is_refused():
    """A name that is not one of this edition's is named."""
    with pytest.raises(InvalidCases, match="short_seniority_years"):
        with_parameters(product(), LATEST, {"short_seniority_years": 2})

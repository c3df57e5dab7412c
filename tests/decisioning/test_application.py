"""Applications are read strictly: what is impossible is refused with its field named."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.application import LARGEST, MOST_PROBLEMS, ApplicationFile, ApplicationSchema
from decisioning.errors import InvalidApplication
from decisioning.model import Value
from tests.factories import application
from tests.tiny_loan import APPLICATION

SCHEMA = ApplicationSchema(ApplicationFile.model_validate(APPLICATION))


def refusals(raw: object) -> dict[str, str]:
    """Problem by field."""
    with pytest.raises(InvalidApplication) as refused:
        SCHEMA.read(raw)
    return {problem.field: problem.problem for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("age", 30, "is not a field of this product's application"),
        ("marital", "married", "is not a field of this product's application"),
        ("income", -1, "must be at least 0"),
        ("income", "-0.01", "must be at least 0"),
        ("income", "much", "must be a number, or a decimal number in a string"),
        ("income", "1e3", "must be a number, or a decimal number in a string"),
        ("income", "1,000", "must be a number, or a decimal number in a string"),
        ("income", " 5", "must be a number, or a decimal number in a string"),
        ("income", "٣", "must be a number, or a decimal number in a string"),
        ("income", "", "must be a number, or a decimal number in a string"),
        ("income", True, "must be a number, or a decimal number in a string"),
        ("income", [5], "must be a number, or a decimal number in a string"),
        ("income", math.nan, "must be a finite number"),
        ("income", json.loads("1e999"), "must be a finite number"),
        ("income", json.loads("-1e999"), "must be a finite number"),
        ("income", "9" * 30, "must be at most 1e+12"),
        ("income", 10**400, "must be at most 1e+12"),
        ("expenses", None, "must be a number, or a decimal number in a string"),
        ("amount", 0, "must be greater than 0"),
        ("amount", 0.001, "must be greater than 0"),
        ("amount", 100_000.01, "must be at most 100,000"),
        ("term_months", 0, "must be at least 1"),
        ("term_months", -3, "must be at least 1"),
        ("term_months", 10**400, "must be at most 120"),
        ("term_months", 24.5, "must be a whole number"),
        ("term_months", "24", "must be a whole number"),
        ("term_months", True, "must be a whole number"),
        ("term_months", math.nan, "must be a whole number"),
        ("term_months", math.inf, "must be a whole number"),
        ("term_months", None, "must be a whole number"),
        ("home", "castle", "must be one of owner, rent, ignore"),
        ("home", 1, "must be one of owner, rent, ignore"),
        ("home", ["rent"], "must be one of owner, rent, ignore"),
        ("records", None, "must be one of yes, no"),
    ],
)
def test_refusals(field, value, problem):
    """A bad value is refused by the name of its field, in plain words."""
    assert refusals(application(**{field: value})) == {f"application.{field}": problem}


@pytest.mark.parametrize("raw", [None, [], "text", 5, [application()]])
def test_not_an_object(raw):
    """What is no object is refused as a whole."""
    assert refusals(raw) == {"application": "must be an object with the fields of the product"}


def test_every_problem_is_named():
    """All problems come at once: a missing field, an unknown one, a wrong one."""
    raw = application(age=1, amount="x")
    del raw["records"]
    assert refusals(raw).keys() == {"application.records", "application.age", "application.amount"}


def test_a_flood_of_problems_is_cut():
    """An answer stays short however many fields are made up, and printable whatever they are called."""
    found = refusals(application() | {f"\ud800{'x' * 500}{n}": 1 for n in range(500)})
    assert len(found) <= MOST_PROBLEMS
    assert all(len(field.encode()) < 200 for field in found)


def test_decimal_strings_and_rounding():
    """Decimal strings count as numbers, and numbers are kept as they will be printed."""
    read = SCHEMA.read(
        application(income="1234.565", seniority_years="2.50", amount=6000.005, term_months=24.0)
    )
    assert (read["income"], read["seniority_years"], read["amount"]) == (1234.57, 2.5, 6000.01)
    assert (read["term_months"], type(read["term_months"])) == (24, int)


def test_absent_nullable_fields_are_null():
    """A nullable field may be left out; every field of the product is there afterwards."""
    raw = application()
    del raw["home"], raw["income"]
    read = SCHEMA.read(raw)
    assert list(read) == list(APPLICATION["fields"])
    assert (read["home"], read["income"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "missing", "unknown"),
    [
        ({}, (), set()),
        ({"income": None}, ("income",), {"income"}),
        ({"income": 0}, ("income",), {"income"}),
        ({"home": None}, (), {"home"}),
        ({"home": "ignore"}, (), {"home"}),
        ({"expenses": 0}, (), set()),
    ],
)
def test_missing(changes, missing, unknown):
    """Null, a zero that says nothing and a choice for "not known" are missing; only required ones count."""
    read = SCHEMA.read(application(**changes))
    assert (SCHEMA.missing(read), SCHEMA.unknown(read)) == (missing, unknown)


def test_json_schema():
    """OpenAPI gets the limits, the choices, the two spellings of a number, and no further fields."""
    schema = SCHEMA.json_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["expenses", "records", "amount", "term_months"]
    assert schema["properties"]["term_months"]["anyOf"] == [{"type": "integer", "minimum": 1, "maximum": 120}]
    number, text = schema["properties"]["amount"]["anyOf"]
    assert number == {"type": "number", "exclusiveMinimum": 0, "maximum": 100_000}
    assert text["type"] == "string"
    assert schema["properties"]["home"]["anyOf"] == [
        {"type": "string", "enum": ["owner", "rent", "ignore"]},
        {"type": "null"},
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*APPLICATION["fields"], "age"]), JSON))
def test_whatever_comes_is_read_or_refused(changes):
    """Any JSON either gives finite values within the limits or a refusal that names fields."""
    read, refused = read_or_refused({**application(), **changes})
    numbers = [value for value in read.values() if isinstance(value, float)]
    assert all(math.isfinite(number) and abs(number) <= LARGEST for number in numbers)
    assert refused <= changes.keys()
    assert bool(read) != bool(refused)


def read_or_refused(raw: object) -> tuple[dict[str, Value], set[str]]:
    """What was read, or the fields refused."""
    try:
        return SCHEMA.read(raw), set()
    except InvalidApplication as refused:
        return {}, {problem.field.split(".")[1] for problem in refused.problems}

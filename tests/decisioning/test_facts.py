"""Facts are derived once, rounded as printed, and absent where what they need is."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.errors import InvalidProduct, RulesFailed
from decisioning.facts import FactDefinition, FactSheet
from decisioning.model import Unit

ALWAYS = {"application.amount", "parameters.share", "application.record"}
SOMETIMES = {"application.income", "application.debt", "score.value"}


def fact(name: str, expression: str, *needs: str, unit: Unit = Unit.RATIO) -> FactDefinition:
    """One definition."""
    return FactDefinition(name=name, title=name, unit=unit, expression=expression, needs=needs)


def sheet(*definitions: FactDefinition) -> FactSheet:
    """A sheet over two sure and three unsure paths."""
    return FactSheet(definitions, ALWAYS, SOMETIMES)


def derive(facts: FactSheet, **application: float | str | None) -> dict[str, object]:
    """The facts of this application, without a score."""
    given = {"amount": 100.0, "income": None, "debt": None, "record": "no", **application}
    return dict(
        facts.derive({"application": given, "parameters": {"share": 0.02}, "score": {}, "pricing": {}})
    )


BURDEN = sheet(
    fact("service", "application.debt * parameters.share", "application.debt", unit=Unit.MONEY),
    fact("burden", "facts.service / application.income", "facts.service", "application.income"),
)


def test_derived_in_order_and_rounded():
    """A later fact sees the earlier one as it is printed."""
    assert derive(BURDEN, debt=10.25, income=3.0) == {"service": 0.21, "burden": 0.07}


@pytest.mark.parametrize(("income", "debt"), [(None, 10.0), (5.0, None), (0, 10.0), (0.0, 0.0)])
def test_no_infinite_ratio(income, debt):
    """A null or zero income gives no ratio at all."""
    assert "burden" not in derive(BURDEN, income=income, debt=debt)


def test_stand_in():
    """A path with a stand-in may be null."""
    facts = sheet(fact("service", "(application.debt ?? 0) * parameters.share", unit=Unit.MONEY))
    assert derive(facts) == {"service": 0}
    assert derive(facts, debt=100.0) == {"service": 2}


def test_categories():
    """A category is passed on as it is, and may be chosen by an expression."""
    facts = sheet(
        fact("record", "application.record", unit=Unit.CATEGORY),
        fact("size", "application.amount > 50 ? 'large' : 'small'", unit=Unit.CATEGORY),
    )
    assert derive(facts) == {"record": "no", "size": "large"}


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (fact("a", "application.record"), "fact a: 'no' is not a ratio"),
        (fact("a", "application.amount", unit=Unit.CATEGORY), "fact a: 100.0 is not a category"),
        (fact("a", "application.amount > 1"), "fact a: True is not a ratio"),
        (fact("a", "application.record * 2"), "fact a: .*Unsupported type"),
    ],
)
def test_not_a_fact(definition, problem):
    """A result of the wrong kind, or none that the engine can give, is an error and not an absent fact."""
    with pytest.raises(RulesFailed, match=problem):
        derive(sheet(definition))


@pytest.mark.parametrize(
    ("definitions", "problem"),
    [
        ([fact("a", "application.height")], "a: names application.height, which does not exist"),
        ([fact("a", "income * 2")], "a: names income, which does not exist"),
        ([fact("a", "facts.b"), fact("b", "application.amount")], "a: names facts.b, .* comes later"),
        ([fact("a", "application.amount"), fact("a", "application.amount")], "a: is defined twice"),
        ([fact("a", "application.debt * 2")], "a: names application.debt, which may have no value"),
        ([fact("a", "application.amount", "application.debt")], "a: needs application.debt, which"),
        (
            [fact("a", "(application.debt ?? 0) + application.debt")],
            "a: names application.debt, which may have no value",
        ),
        ([fact("a", "application.amount +")], "a: .*parserError"),
    ],
)
def test_definitions_are_checked(definitions, problem):
    """A definition that could mislead is refused when the product is loaded, by its name."""
    with pytest.raises(InvalidProduct, match=rf"facts\.json: {problem}"):
        sheet(*definitions)


def test_roots():
    """A fact's roots are what it rests on through other facts."""
    assert BURDEN.roots("burden") == {"application.debt", "application.income"}


@settings(max_examples=100, deadline=None)
@given(
    st.none() | st.floats(min_value=0, max_value=1e9).map(lambda x: round(x, 2)),
    st.none() | st.floats(min_value=0, max_value=1e9).map(lambda x: round(x, 2)),
)
def test_facts_are_finite_or_absent(income, debt):
    """Whatever the numbers, a fact is finite and rounded, or it is absent."""
    found = derive(BURDEN, income=income, debt=debt)
    assert ("burden" in found) == (bool(income) and debt is not None)
    for value in found.values():
        assert isinstance(value, float | int)
        assert math.isfinite(value)
        assert round(value, 6) == value

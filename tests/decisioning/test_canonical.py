"""Equal contents have equal digests, wherever they were stored."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.canonical import canonical, digest
from decisioning.model import Unit
from decisioning.rounding import rounded

CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def test_canonical():
    """Keys are sorted, spaces gone, whole floats are integers, text is kept."""
    assert canonical({"b": (1.0, -0.0, 0.5), "a": "é", "c": None}) == '{"a":"é","b":[1,0,0.5],"c":null}'


def test_digest_is_sixteen_hex_digits_of_sha256():
    """The digest of {} is the beginning of the sha256 of its two characters."""
    assert digest({}) == "44136fa355b3678a"


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": -math.inf}, {1, 2}])
def test_not_json(value):
    """What JSON cannot say has no digest."""
    with pytest.raises((ValueError, OverflowError, TypeError)):
        canonical(value)


@settings(max_examples=100, deadline=None)
@given(CONTENT)
def test_digest_survives_a_round_trip(content):
    """Parsing the canonical text gives a content of the same digest."""
    assert digest(json.loads(canonical(content))) == digest(content)


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (0.285, Unit.MONEY, 0.29),
        (2.675, Unit.MONEY, 2.68),
        (-2.675, Unit.MONEY, -2.68),
        (1.005, Unit.MONEY_PER_MONTH, 1.01),
        (0.1234565, Unit.RATIO, 0.123457),
        (0.0000004, Unit.PROBABILITY, 0.0),
        (24, Unit.MONTHS, 24),
        (1e12, Unit.MONEY, 1e12),
    ],
)
def test_rounding(value, unit, printed):
    """Half up in decimal, as a person would round what is printed."""
    assert rounded(value, unit) == printed


@settings(max_examples=100, deadline=None)
@given(st.floats(min_value=-1e12, max_value=1e12), st.sampled_from([Unit.MONEY, Unit.RATE]))
def test_rounding_is_idempotent_and_near(value, unit):
    """Rounding again changes nothing, and nothing moves by more than half a step."""
    once = rounded(value, unit)
    half_step = 0.005 if unit is Unit.MONEY else 0.0000005
    assert rounded(once, unit) == once
    assert abs(once - value) <= half_step * 1.000001 + abs(value) * 1e-15

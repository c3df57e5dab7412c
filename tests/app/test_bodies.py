"""Bodies: what is parsed, and what is refused in which words."""

import contextlib
import json
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bodies import parse, parse_json
from app.errors import InvalidBody, MalformedBody
from app.schemas import ChatRequest, DecisionRequest
from decisioning.errors import FieldProblem

GOOD = {"product": "consumer-loan", "application": {"amount": 900, "home": "rent"}}


def _with(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode()


def test_a_good_body_is_parsed_whole():
    """Every field arrives with its type; times in UTC."""
    request = parse(
        DecisionRequest,
        _with(
            external_id="row-1",
            received_at="2026-11-02T09:30:00+02:00",
            applicant={"name": "A. Person", "address": "1 Street", "email": "a@example.org"},
            notes="called twice",
            monitoring={"age": 40, "marital": "single"},
            explain="none",
            as_of="2026-06-01",
        ),
    )
    assert request.model_dump(mode="json") == GOOD | {
        "external_id": "row-1",
        "received_at": "2026-11-02T07:30:00Z",
        "applicant": {"name": "A. Person", "address": "1 Street", "email": "a@example.org"},
        "notes": "called twice",
        "monitoring": {"age": 40, "marital": "single"},
        "explain": "none",
        "as_of": "2026-06-01",
        "sources": [],
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"product": NaN}',
        b'{"product": Infinity}',
        b'{"product": 1e999}',
        b"\xff",
        b'{"product": "\\ud800"}',
        b'{"a": 1} trailing',
        b"{'product': 1}",
        b"[" * 100_000,
        b'{"a":' * 990 + b"1" + b"}" * 990,
        b"9" * 5_000,
    ],
    ids=lambda body: repr(body)[:40],
)
def test_what_is_no_json_is_malformed(body):
    """Not JSON, or a number that no double holds: refused as a whole."""
    with pytest.raises(MalformedBody, match="the body is not JSON"):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"product": "a", "product": "b", "application": {}}', "product"),
        (b'{"product": "a", "application": {"income": 1, "income": 2}}', "income"),
        (b'{"product": "a", "application": {"x": {"y": 1, "y": 1}}}', "y"),
    ],
)
def test_a_name_given_twice_is_refused(body, field):
    """Two values under one name: nobody guesses which was meant."""
    with pytest.raises(InvalidBody) as caught:
        parse(DecisionRequest, body)
    assert caught.value.problems == (FieldProblem(field, "is given twice in one object"),)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"null", "body"),
        (b'"text"', "body"),
        (_with(product=None), "product"),
        (_with(product=""), "product"),
        (_with(product=7), "product"),
        (_with(product="a\x00b"), "product"),
        (_with(application=[]), "application"),
        (_with(application="{}"), "application"),
        (_with(age=40), "age"),
        (_with(external_id="x" * 201), "external_id"),
        (_with(explain="yes"), "explain"),
        (_with(explain=True), "explain"),
        (_with(as_of="01/02/2026"), "as_of"),
        (_with(as_of="2026-02-30"), "as_of"),
        (_with(as_of=20260101), "as_of"),
        (_with(as_of="0001-01-01"), "as_of"),
        (_with(received_at="2026-01-01"), "received_at"),
        (_with(received_at="2026-01-01T00:00:00"), "received_at"),
        (_with(received_at="0001-01-01T00:00:00+14:00"), "received_at"),
        (_with(received_at="2026-01-01T25:00:00Z"), "received_at"),
        (_with(received_at="2026-01-01T00:00:00+99:99"), "received_at"),
        (_with(received_at=1767225600), "received_at"),
        (_with(monitoring={"age": "40"}), "monitoring.age"),
        (_with(monitoring={"age": -1}), "monitoring.age"),
        (_with(monitoring={"race": "x"}), "monitoring.race"),
        (_with(applicant={"name": "A"}), "applicant.address"),
        (_with(applicant={"name": "A", "address": "B", "email": "none"}), "applicant.email"),
        (_with(notes="x" * 10_001), "notes"),
    ],
    ids=lambda value: repr(value)[-60:],
)
def test_a_wrong_field_is_named(body, field):
    """Each refused field by its path, its value never repeated."""
    with pytest.raises(InvalidBody) as caught:
        parse(DecisionRequest, body)
    assert [p.field for p in caught.value.problems] == [field]


def test_all_wrong_fields_are_named_at_once():
    """A caller mends a body in one go."""
    with pytest.raises(InvalidBody) as caught:
        parse(DecisionRequest, b'{"product": 1, "explain": 2, "extra": 3}')
    assert {p.field for p in caught.value.problems} == {"product", "application", "explain", "extra"}


def test_the_command_line_may_give_values():
    """A date and an id that are made already need no spelling."""
    asked = ChatRequest(message="Why?", decision_id=UUID(int=7), as_of=date(2026, 6, 1))
    assert asked == parse(
        ChatRequest,
        b'{"message": "Why?", "decision_id": "%s", "as_of": "2026-06-01"}' % str(UUID(int=7)).encode(),
    )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_parser(body):
    """Any bytes are a value or one of the two refusals."""
    with contextlib.suppress(MalformedBody, InvalidBody):
        parse_json(body)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_no_json_surprises_the_schema(value):
    """Any JSON is a request or a refusal that names fields."""
    with contextlib.suppress(MalformedBody, InvalidBody):
        parse(DecisionRequest, json.dumps(value).encode())

"""`credence ask` and `credence verify`: a question, and a check of anybody's words."""

import json

import pytest

from tests.app.cli.conftest import applications

QUESTION = "What does CP-3.4 say?"
SOURCE = {"clause": "X-1", "text": "The ratio must not exceed 60 %."}


def test_a_question_is_answered_with_its_clauses(lender):
    """The shape of a chat answer; what the policy does not speak of is not answered."""
    answer = lender("ask", QUESTION, "--as-of", "2026-06-01", "--json").answer
    assert {"answer", "abstained", "sentences", "as_of", "conversation_id", "trace_id"} <= set(answer)
    assert answer["as_of"] == "2026-06-01"
    cited = {c["clause"] for sentence in answer["sentences"] for c in sentence["citations"]}
    assert "CP-3.4" in cited
    assert "CP-3.4" in lender("ask", QUESTION).out.decode()


def test_a_question_about_a_decision(deciding):
    """The decision's own record answers; one that is not there is exit code 1."""
    [decision] = deciding("decide", "-", stdin=applications(10)[-1]).lines
    answer = deciding("ask", "Why was it declined?", "--decision", decision["id"], "--json").answer
    assert not answer["abstained"]
    unknown = deciding("ask", "Why?", "--decision", decision["id"].replace("-7", "-4", 1))
    assert unknown.code == 1
    assert unknown.complaint


def test_texts_are_verified_a_line_each(credence, tmp_path):
    """True, false and unreadable lines: a verdict each in their order; exit code 1 for the last kind."""
    lines = [
        {"id": 1, "sources": [SOURCE], "text": "The ratio must not exceed 60 %."},
        {"id": "two", "sources": [SOURCE], "text": "The ratio must not exceed 70 %."},
        {"id": 3, "sources": [SOURCE]},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join([*map(json.dumps, lines[:2])]))
    ran = credence("verify", "in.jsonl")
    assert (ran.code, ran.err) == (0, "")
    assert [(line["id"], line["supported"]) for line in ran.lines] == [(1, True), ("two", False)]
    assert set(ran.lines[0]["sentences"][0]) == {"text", "supported", "problems"}
    ran = credence("verify", "-", "--json", stdin="\n".join([*map(json.dumps, lines), "no JSON"]).encode())
    assert ran.code == 1
    assert ran.err == "credence: 2 of the lines could not be read; each says why\n"
    assert [(line["id"], line["supported"], "error" in line) for line in ran.lines[2:]] == [
        (3, False, True),
        (None, False, True),
    ]


def test_what_a_line_has_beside_is_left_out_and_told(credence):
    """A clause as the service gives it, null for facts, a misspelt field: a verdict; the field is told."""
    source = SOURCE | {"document": "d", "edition": "1", "heading": None}
    line = {
        "id": 1,
        "sources": [source],
        "text": "The ratio must not exceed 60 %.",
        "facts": None,
        "fcats": {},
    }
    ran = credence("verify", "-", stdin=b"\xef\xbb\xbf" + json.dumps(line).encode() + b"\r\n")
    assert (ran.code, ran.answer["supported"]) == (0, True)
    assert ran.err == "credence: fields that mean nothing here were left out: fcats\n"


def test_a_name_given_twice_is_no_line(credence):
    """Nobody can say which of the two was meant."""
    ran = credence("verify", "-", stdin=b'\n{"id": 1, "sources": [], "text": "a.", "text": "b."}')
    assert (ran.code, ran.answer["line"]) == (1, 2)
    assert ran.answer["error"] == "text is given twice in one object"


def test_a_decision_makes_a_missing_reason_a_problem(deciding):
    """A text about a decision that leaves its principal reason out is not supported."""
    [decision] = deciding("decide", "-", stdin=applications(10)[-1]).lines
    line = {"id": 1, "sources": [], "decision": decision, "text": "The application was declined."}
    [verdict] = deciding("verify", "-", stdin=json.dumps(line).encode()).lines
    assert verdict["supported"] is False


@pytest.mark.parametrize(
    "arguments",
    [["ask"], ["ask", " "], ["ask", "Why?", "--decision", "7"], ["verify"], ["verify", "no-such-file"]],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(credence, arguments):
    """Refused on standard error alone."""
    ran = credence(*arguments)
    assert (ran.code, ran.out) == (2, b"")

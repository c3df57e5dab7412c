"""`credence decide`: a file in, decisions out, in order, resumable, whatever stands in a line."""

import asyncio
import gc
import json

import pytest

from app.storage.errors import DatabaseUnavailable
from tests.app.cli.conftest import applications


def test_a_decision_a_line_in_the_order_of_the_file(deciding, tmp_path):
    """Every application comes out decided and explained, in its place; a line may be a whole request."""
    lines = applications(19)
    named = {"external_id": "the last", "application": json.loads(applications(20)[-1]), "explain": "none"}
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines) + json.dumps(named).encode())
    ran = deciding("decide", "in.jsonl")
    assert (ran.code, ran.err) == (0, "")
    asked = [json.loads(line)["amount"] for line in lines] + [named["application"]["amount"]]
    assert [decision["requested"]["amount"] for decision in ran.lines] == asked
    assert {d["explanation"]["status"] for d in ran.lines[:-1]} == {"verified"}
    assert (ran.lines[-1]["external_id"], ran.lines[-1]["explanation"]) == ("the last", None)


BAD_LINES = {
    b'{"amount": 800,': "not JSON",
    b"[1, 2]": "not a JSON object",
    b"\xff\xfe": "not JSON",
    b'{"amount": 800, "amount": 900}': "amount is given twice",
    b'{"application": {"amount": 800}, "product": "no-such-loan"}': "no-such-loan",
    b'{"application": {"age": 30}}': "application.age",
    b'{"application": {}, "as_of": "1999-01-01"}': "1999",
}


def test_a_bad_line_says_why_and_the_rest_go_on(deciding):
    """Each bad line becomes an error line with its number; those around it are decided; exit code 1."""
    good = applications(2)
    ran = deciding("decide", "-", stdin=good[0] + b"".join(line + b"\n" for line in BAD_LINES) + good[1])
    assert ran.code == 1
    assert ran.err == f"credence: {len(BAD_LINES)} of the lines could not be decided; each says why\n"
    first, *errors, last = ran.lines
    assert "outcome" in first
    assert "outcome" in last
    assert [line["line"] for line in errors] == list(range(2, 2 + len(BAD_LINES)))
    for line, told in zip(errors, BAD_LINES.values(), strict=True):
        assert told in line["error"] + json.dumps(line["errors"])


def test_lines_are_counted_as_an_editor_counts_them(deciding):
    """Blank lines count and are no applications; a byte order mark and CR LF are no part of one."""
    [good] = applications(1)
    ran = deciding("decide", "-", stdin=b"\xef\xbb\xbf" + good.rstrip() + b"\r\n\r\n  \r\n{]\r\n")
    assert ran.code == 1
    decided, told = ran.lines
    assert decided["outcome"]
    assert (told["line"], told["errors"]) == (4, [])
    assert told["error"].startswith("not JSON: ")
    assert told["error"].endswith("(column 2)")


def test_a_database_that_is_lost_midway_is_one_line(deciding, monkeypatch, caplog):
    """The first failure ends the run with a sentence and exit code 1; the rest end unheard."""

    async def lost(_services, _order):
        await asyncio.sleep(0.001)
        raise DatabaseUnavailable("it is gone")

    monkeypatch.setattr("app.cli.decide.take", lost)
    ran = deciding("decide", "-", stdin=b"".join(applications(40)))
    gc.collect()
    assert ran.code == 1
    assert ran.complaint == "credence: the database cannot be reached: it is gone"
    assert "never retrieved" not in caplog.text


def test_a_run_that_goes_on_decides_nothing_twice(deciding, tmp_path):
    """Half the file, then the whole file, then again: the same bytes for what was decided before."""
    lines = applications(6)
    (tmp_path / "half.jsonl").write_bytes(b"".join(lines[:3]))
    (tmp_path / "whole.jsonl").write_bytes(b"".join(lines))
    half = deciding("decide", "half.jsonl")
    whole = deciding("decide", "whole.jsonl")
    assert whole.out.startswith(half.out)
    assert len(whole.lines) == 6
    assert deciding("decide", "whole.jsonl").out == whole.out
    assert len(deciding("replay", "--all", "--json").lines) == 6
    assert not set(ids(deciding("decide", "whole.jsonl", "--again"))) & set(ids(whole))


def test_equal_lines_are_decisions_of_their_own(deciding):
    """The same application twice in a file is two applications."""
    [line] = applications(1)
    first, second = ids(deciding("decide", "-", "--explain=none", stdin=line + line))
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such-file.jsonl"], "no-such-file.jsonl"),
        (["-", "--product=no-such-loan"], "no-such-loan"),
    ],
)
def test_what_cannot_be_begun_is_refused(deciding, arguments, told):
    """A file or a product that is not there: exit code 2 and its name."""
    ran = deciding("decide", *arguments)
    assert ran.code == 2
    assert told in ran.complaint


def ids(ran) -> list[str]:
    """The ids of the decisions."""
    return [line["id"] for line in ran.lines]

"""`credence explain` and `credence replay`: what was decided, again."""

import asyncio
import hashlib
import os
from typing import Any

import pytest
from sqlalchemy import text

from app.storage.engine import open_engine
from tests.app.cli.conftest import Credence, applications

TAMPER = """update decision set
record = replace(record::text, '"outcome":"decline"', '"outcome":"refer"')::json
where id = :id"""

UNKNOWN = "01a20869-2494-72cb-b622-3e9060a2ca1a"
"""A well-formed id that nothing has."""


def tamper(url: str, decision_id: str) -> None:
    """Change a stored outcome as somebody would who may switch the trigger off."""

    async def story() -> None:
        engine = open_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("alter table decision disable trigger user"))
                changed = await connection.execute(text(TAMPER), {"id": decision_id})
                assert changed.rowcount == 1
        finally:
            await engine.dispose()

    asyncio.run(story())


@pytest.fixture
def decided(deciding: Credence) -> list[dict[str, Any]]:
    """Ten decisions, explained."""
    return deciding("decide", "-", stdin=b"".join(applications(10))).lines


def test_everything_replays(deciding, decided):
    """Every decision and its words again from what was stored: no difference, exit code 0."""
    ran = deciding("replay", "--all", "--json")
    assert ran.code == 0
    assert {line["id"] for line in ran.lines} == {decision["id"] for decision in decided}
    assert all(line["identical"] and line["first_difference"] is None for line in ran.lines)
    told = deciding("replay", decided[0]["id"], decided[1]["id"])
    assert (told.code, told.out) == (0, b"2 decisions replayed, 0 differences\n")


def test_a_tampered_row_is_named(deciding, decided, monkeypatch):
    """A decline made a referral by SQL: its id and the place are told, exit code 1."""
    [declined] = [d for d in decided if d["outcome"] == "decline"]
    tamper(os.environ["CREDENCE_DATABASE_URL"], declined["id"])
    ran = deciding("replay", "--all", "--json")
    assert ran.code == 1
    [differing] = [line for line in ran.lines if not line["identical"]]
    assert differing["id"] == declined["id"]
    assert "outcome" in differing["first_difference"]
    told = deciding("replay", "--all")
    assert told.code == 1
    assert declined["id"] in told.out.decode()


def test_an_explanation_is_printed_and_written_where_there_is_none(deciding):
    """After `--explain none` it is written at the first asking and kept; for each reader in its own words."""
    [line] = applications(10)[-1:]
    [decision] = deciding("decide", "-", "--explain=none", stdin=line).lines
    first = deciding("explain", decision["id"], "--json")
    assert first.answer["status"] == "verified"
    assert first.answer["reader"] == "analyst"
    assert deciding("explain", decision["id"], "--json").out == first.out
    applicant = deciding("explain", decision["id"], "--reader=applicant", "--json").answer
    assert applicant["reader"] == "applicant"
    told = deciding("explain", decision["id"]).out.decode()
    assert all(sentence["text"] in told for sentence in first.answer["sentences"])


@pytest.mark.parametrize("command", ["explain", "replay"])
def test_an_unknown_decision_is_told(lender, command):
    """Exit code 1, the id in one line on standard error."""
    ran = lender(command, UNKNOWN)
    assert ran.code == 1
    assert UNKNOWN in ran.complaint


@pytest.mark.parametrize(
    "arguments",
    [["explain"], ["explain", "no-id"], ["replay"], ["replay", UNKNOWN, "--all"]],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(credence, arguments):
    """Refused on standard error alone."""
    ran = credence(*arguments)
    assert (ran.code, ran.out) == (2, b"")


def name_applicant(url: str, decision_id: str) -> None:
    """Give a stored decision its applicant, as a request with one would have."""

    async def story() -> None:
        engine = open_engine(url)
        try:
            async with engine.begin() as connection:
                put = text(
                    "insert into applicant (decision_id, name, address) values (:id, 'Ana', 'Calle 1')"
                )
                await connection.execute(put, {"id": decision_id})
        finally:
            await engine.dispose()

    asyncio.run(story())


def test_a_notice_is_printed_as_it_is_kept(deciding, decided):
    """Refused with the field named until it is known who applied; then the same bytes each time."""
    [declined] = [d for d in decided if d["outcome"] == "decline"]
    refused = deciding("notice", declined["id"])
    assert refused.code == 1
    assert "was not given with the application" in refused.err
    name_applicant(os.environ["CREDENCE_DATABASE_URL"], declined["id"])
    printed = deciding("notice", declined["id"], "--format", "html")
    assert (printed.code, printed.err) == (0, "")
    assert b"Dear Ana," in printed.out
    assert deciding("notice", declined["id"], "--format", "html").out == printed.out
    [told] = deciding("notice", declined["id"], "--format", "html", "--json").lines
    assert told["sha256"] == hashlib.sha256(printed.out).hexdigest()

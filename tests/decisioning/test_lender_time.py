"""Dates in words are the lender's."""

from datetime import UTC, datetime, timedelta

import pytest

from decisioning.claims import claims_of
from decisioning.grounding import verify
from decisioning.lender_time import in_lender_time
from decisioning.model import Decision, Notice, Outcome, Reader
from decisioning.titles import Told
from decisioning.writer import sentence
from tests.decisioning.decisions import decisions

LATE = datetime(2026, 12, 23, 23, 30, tzinfo=UTC)


def approved() -> Decision:
    """One with an offer."""
    return next(d for d in decisions(60) if d.offer)


def declined() -> Decision:
    """One with a notice."""
    return next(d for d in decisions(60) if d.outcome is Outcome.DECLINE)


def told(decision: Decision, kind: str, reader: Reader = Reader.ANALYST) -> str:
    """The sentence of the claim of that kind."""
    claim = next(c for c in claims_of(decision) if c.kind == kind)
    return sentence(claim, Told(decision), reader)


def late(decision: Decision) -> Decision:
    """The decision with its days half an hour before midnight in UTC."""
    offer = decision.offer
    if offer is not None:
        return decision.model_copy(update={"offer": offer.model_copy(update={"expires_at": LATE})})
    return decision.model_copy(update={"notice": Notice(kind="adverse_action", due_at=LATE)})


@pytest.mark.parametrize("reader", [Reader.ANALYST, Reader.APPLICANT])
def test_an_offer_ends_on_the_lenders_day(reader):
    """Half past eleven in the evening in UTC is the next day in Madrid."""
    at_home = in_lender_time(late(approved()), "Europe/Madrid")
    assert told(at_home, "next", reader) == "The offer stands until 24 December 2026."
    assert at_home == late(approved())


def test_a_notice_is_due_on_the_lenders_day():
    """The day of a notice is told in the lender's time zone too."""
    at_home = in_lender_time(late(declined()), "Europe/Madrid")
    assert at_home.outcome is Outcome.DECLINE
    assert "24 December 2026" in told(at_home, "next")


def test_the_checker_goes_by_the_lenders_day():
    """What the lender's day makes true is supported, and the day of UTC is not."""
    decision = late(approved())
    right, wrong = (f"The offer stands until {day} December 2026." for day in (24, 23))
    assert verify({}, {}, decision, right, "Europe/Madrid").supported
    assert not verify({}, {}, decision, wrong, "Europe/Madrid").supported
    assert verify({}, {}, decision, wrong).supported


def test_stored_instants_are_not_touched():
    """A copy is made; the decision keeps its own."""
    decision = late(approved())
    in_lender_time(decision, "Europe/Madrid")
    assert decision.offer is not None
    assert decision.offer.expires_at.utcoffset() == timedelta(0)

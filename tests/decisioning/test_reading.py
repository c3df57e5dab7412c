"""What a reader would stumble over: words that are untrue, hang or repeat, and quotes beside the point."""

import asyncio
import re
from dataclasses import dataclass
from datetime import date

import pytest

from app.sandbox.applications import sample_applications
from decisioning.claims import FailureClaim, NextClaim, claims_of
from decisioning.grounding import verify
from decisioning.model import Decision, Effect, Mode, Outcome, Reader
from decisioning.quotes import citations_of
from decisioning.titles import Told
from decisioning.writer import sentence
from decisioning.writer_version import writer_version
from evals.words.breaking import titles
from evals.words.decided import DAYS, decided, manual
from tests.decisioning.decisions import decisions, incomplete

READERS = [Reader.ANALYST, Reader.APPLICANT]


def told(decision: Decision, claim_id: str, reader: Reader = Reader.ANALYST) -> str:
    """The sentence of the claim with that id."""
    claim = next(c for c in claims_of(decision) if c.id == claim_id)
    return sentence(claim, Told(decision), reader)


def first(outcome: Outcome) -> Decision:
    """A decision with that outcome."""
    return next(d for d in decisions(200) if d.outcome is outcome)


def supposed(decision: Decision) -> Decision:
    """The same as a simulation."""
    return decision.model_copy(update={"mode": Mode.SIMULATION})


def test_the_day_for_asking_is_not_the_applicants():
    """Until when the lender must ask for what is missing is no deadline of the applicant's."""
    assert "2026" not in told(incomplete(), "next", Reader.APPLICANT)
    assert "the request is due by" in told(incomplete(), "next")


@pytest.mark.parametrize("reader", READERS)
def test_a_file_does_not_lack_debt(reader):
    """What is missing is not stated; "your file lacks debt" says another thing."""
    assert "does not state" in told(incomplete(), "missing", reader)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("outcome", [Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE])
def test_nothing_follows_from_a_simulation(outcome, reader):
    """No notice is due, no offer stands and nobody decides: all that would only be so."""
    decision = supposed(first(outcome))
    kinds = {"next", "price", "condition", "outcome"}
    said = [sentence(c, Told(decision), reader) for c in claims_of(decision) if c.kind in kinds]
    assert said
    assert [s for s in said if "would" not in s] == []


def test_that_a_person_decides_is_said_once():
    """The reasons of a referral tell what refers it; that a person decides stands in the last sentence."""
    decision = first(Outcome.REFER)
    said = [sentence(c, Told(decision), Reader.ANALYST) for c in claims_of(decision)]
    assert sum("person decides" in s or "must decide" in s for s in said) == 1


def test_a_failure_refers():
    """A model that is down refers the application, which is said as such."""
    claim = FailureClaim(id="failure:scoring", dependency="scoring", problem="no answer")
    said = sentence(claim, Told(first(Outcome.REFER)), Reader.ANALYST)
    assert said == "The scoring model could not be used, so the application is referred."


def test_a_limit_that_is_kept_is_told_as_one():
    """A limit that is kept did apply; the sentence says what it is and that it is not passed."""
    kept = [
        sentence(c, Told(d), Reader.EXAMINER)
        for d in decisions(60)
        for c in claims_of(d)
        if c.kind == "threshold" and not c.rule.fired and not c.rule.also
    ]
    assert kept
    assert [s for s in kept if "did not apply" in s or "that applies under" not in s] == []


def test_a_referral_has_no_minimum():
    """Below the limit of a referral an application is referred; the minimum is where it is declined."""
    said = [
        sentence(c, Told(d), Reader.ANALYST)
        for d in decisions(200)
        for c in claims_of(d)
        if c.kind == "threshold" and c.rule.effect is Effect.REFER
    ]
    assert said
    assert [s for s in said if "the minimum of" in s] == []


@dataclass(frozen=True)
class Stands:
    """A clause of the manual as it stands today."""

    clause: str
    text: str
    document: str = "credit-policy"
    edition: str = "2026-06-01"
    heading: str | None = None
    parent: str | None = None
    effective_from: date = date(2026, 6, 1)
    effective_to: date | None = None


@pytest.fixture(scope="module")
def real() -> list[Decision]:
    """Real applications under today's edition."""
    return asyncio.run(decided(days=DAYS[:1], outages=0, chosen=sample_applications()[:400]))


def quotes(decision: Decision, kind: str, clause: str, source: str | None = None) -> set[str]:
    """What the sentences of a kind, or of one reason, quote of a clause."""
    found = set()
    for claim in claims_of(decision):
        if claim.kind != kind or (source and claim.id != f"reason:{source}"):
            continue
        stands = [Stands(n, manual(decision.as_of)[n].text) for n in claim.clauses if n == clause]
        text = sentence(claim, Told(decision, titles(decision)), Reader.ANALYST)
        found |= {c.quote for c in citations_of(claim, decision, stands, text)}
    return found


def quoted(real: list[Decision], kind: str, clause: str, source: str | None = None) -> set[str]:
    """The same over many decisions."""
    return set().union(*(quotes(d, kind, clause, source) for d in real))


def test_the_row_of_the_price_tier_is_quoted(real):
    """An offer in tier C rests on the row of tier C, not on that of the tier it missed."""
    for decision in (d for d in real if d.offer and d.pricing):
        (quote,) = quotes(decision, "price", "CP-8.3")
        assert quote.startswith(f"{decision.pricing.tier} | ")


def test_the_row_of_the_characteristic_is_quoted(real):
    """The loan-to-price ratio is not explained by the row of the assets."""
    found = quoted(real, "characteristic", "CP-4.1", "LOAN_TO_PRICE_SCORED")
    assert found == {"Loan-to-price ratio | the loan-to-price ratio (CP-1.11)"}


@pytest.mark.parametrize("code", ["AMOUNT_OVER_BAND", "AMOUNT_OVER_AUTHORITY"])
def test_the_row_of_who_decides_is_quoted(real, code):
    """An amount above the authority goes to the row that names its clause among what is decided."""
    found = quoted(real, "threshold", "CP-7.4", code)
    assert found == {"Senior underwriter | referrals under CP-7.2 and CP-7.3 | exceptions"}


def test_no_quote_hangs_on_the_sentence_before(real):
    """ "They enter disposable income alone" says nothing of who they are."""
    assert quoted(real, "threshold", "CP-3.8") == {
        "Household expenses (CP-1.5) are set by the number of persons whom the applicant maintains."
    }


def test_a_step_without_a_day_is_told():
    """What comes next is told without a day where the record sets none."""
    claim = NextClaim(id="next", step="review", due_on=None)
    assert sentence(claim, Told(first(Outcome.REFER)), Reader.ANALYST) == "Next, a person decides."


@pytest.mark.parametrize("text", ["t", "T.", "a", "the", "of the", "ok", "yes", "No.", "It is."])
@pytest.mark.parametrize("about", [None, "a decision"])
def test_what_states_nothing_is_not_supported(text, about):
    """A letter, a yes or words without content pass nobody's check."""
    decision = first(Outcome.APPROVE) if about else None
    assert not verify({"CP-2.4": "The term must not exceed 60 months."}, {}, decision, text).supported


def test_a_writer_has_a_version():
    """The same code has the same version."""
    assert re.fullmatch(r"[0-9a-f]{16}", writer_version())
    assert writer_version() == writer_version()

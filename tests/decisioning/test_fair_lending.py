"""No clause, rule or reason treats an applicant worse for what Regulation B protects.

12 CFR 1002.6(b)(2), (5), (8) and 1002.7(d)(1), (5).
"""

import json
from pathlib import Path

import pytest

from tests.decisioning import manual_reader as reader
from tests.decisioning.fair_lending import APPROVED, unfair

PRODUCT = Path(__file__).parents[2] / "decisioning/products/consumer_loan"

UNFAIR = (
    "Income from part-time work counts at 80 %.",
    "Part-time income is left out.",
    "Pensions are counted up to half of their amount.",
    "Alimony is not counted as income.",
    "Alimony is counted only where a court has ordered it.",
    "An applicant with a temporary contract must bring a guarantor.",
    "A co-signer improves the chance of approval.",
    "Married applicants may add the signature of their spouse.",
    "Public assistance is income only where it has been received for a year.",
    "A second document is asked for where the income is a pension.",
    "Temporary income is averaged over two years.",
    "Applicants who live on an annuity are referred.",
    "An applicant on public assistance pays a deposit.",
    "Where income is short, the underwriter suggests a co-signer.",
    "The lender prefers applicants who are married.",
    "Retirement income needs a letter from the fund.",
    "Child support is considered.",
    "An applicant below the age of 25 is referred.",
)


@pytest.mark.parametrize("sentence", UNFAIR)
def test_the_scan_finds_an_unfair_sentence(sentence: str) -> None:
    """The scan is worth something: it refuses each of the ways in which policies have been unfair."""
    assert unfair(sentence)


@pytest.mark.parametrize("edition", reader.EDITIONS)
def test_no_sentence_of_the_manual_is_unfair(edition: str) -> None:
    """No clause discounts income or asks more for its source, or nudges to a spouse or a co-signer."""
    found = {
        clause.clause: problem
        for clause in reader.clauses(reader.source(edition))
        for sentence in reader.sentences(clause.text)
        if (problem := unfair(sentence))
    }
    assert found == {}


def test_every_approved_sentence_still_stands_in_the_manual() -> None:
    """An approval is of a sentence as it was read: a changed sentence is read again."""
    editions = [reader.clauses(reader.source(edition)) for edition in reader.EDITIONS]
    text = {sentence for manual in editions for c in manual for sentence in reader.sentences(c.text)}
    assert text >= APPROVED


@pytest.mark.parametrize("edition", reader.EDITIONS)
def test_the_manual_protects_income_by_name(edition: str) -> None:
    """Each kind of income that the regulation protects is said to be counted in full."""
    manual = reader.clauses(reader.source(edition))
    text = " ".join(c.text for c in manual if "counted in full" in c.text).lower()
    kinds = ("part-time", "temporary", "pension", "annuit", "retirement", "public assistance", "alimony")
    assert [kind for kind in (*kinds, "child support", "maintenance") if kind not in text] == []


def test_no_reason_or_condition_is_unfair() -> None:
    """The catalogue's sentences are scanned like the manual's."""
    catalogue = json.loads((PRODUCT / "reasons.json").read_text(encoding="utf-8"))
    texts = [entry[key] for entry in catalogue["reasons"].values() for key in ("applicant", "analyst")]
    texts += [entry[key] for entry in catalogue["conditions"].values() for key in ("text", "analyst")]
    assert {text: problem for text in texts if (problem := unfair(text))} == {}

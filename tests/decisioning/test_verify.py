"""The verifier on texts in anybody's words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.grounding import verify

SOURCES = {
    "CP-3.4": "Debt service together with the new instalment must not exceed 60 % of monthly income. "
    "An application above this limit is declined.",
    "CP-9.1": "The applicant is told what is missing and has 30 days to provide it.",
}


@pytest.mark.parametrize(
    "text",
    [
        "Debt service and the new instalment together may take at most 60 percent of monthly income.",
        "Under CP-3.4, debt service with the new instalment cannot be more than sixty per cent of income.",
        "The applicant has 30 days to provide what is missing.",
        "Applications above the limit are declined.",
    ],
)
def test_a_true_paraphrase_is_supported(text):
    """Other words, the same statement."""
    verdict = verify(SOURCES, {}, None, text)
    assert verdict.supported, verdict


@pytest.mark.parametrize(
    "text",
    [
        "Debt service with the new instalment must not exceed 66 % of monthly income.",
        "Debt service with the new instalment must not exceed 60 months of monthly income.",
        "Debt service with the new instalment must exceed 60 % of monthly income.",
        "Debt service with the new instalment must be at least 60 % of monthly income.",
        "Under CP-9.1, debt service with the new instalment must not exceed 60 % of monthly income.",
        "Under CP-3.5, debt service with the new instalment must not exceed 60 % of monthly income.",
        "The applicant has 90 days to provide what is missing.",
        "The applicant is not told what is missing.",
        "An application above this limit is approved.",
        "The applicant must also provide a guarantor and a life insurance policy.",
        "Your loan will be approved once the documents arrive.",
        "",
    ],
)
def test_a_false_sentence_is_not_supported(text):
    """One thing wrong is enough."""
    assert not verify(SOURCES, {}, None, text).supported


LIMIT = {
    "CP-4.3": "An application with a score of at least 500 and below 540 points is referred to a person. "
    "An application with a score of 540 points or more is approved unless another rule says otherwise.",
    "R-7": "From 1 July 2025 a manager may approve loans of up to EUR 50,000. Larger loans are decided "
    "by the credit committee, which meets every Tuesday.",
    "S-3": "The lender does not sell the applicant's data. Data are deleted 24 months after the contract "
    "ends, except where the law requires longer retention.",
}


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("If the score is lower than 540 but not lower than 500, a person decides.", True),
        ("Between 500 and 540 points the application is looked at by a person.", True),
        ("Loans above EUR 50,000 go to the credit committee.", True),
        ("Two years after the end of the contract the data are deleted, unless the law demands more.", True),
        ("Applicants' data are not sold by the lender.", True),
        ("A score of 540 or above is referred to a person.", False),
        ("Every application with 540 points is approved.", False),
        ("Managers decide on loans above EUR 50,000.", False),
        ("Managers must approve loans of up to EUR 50,000.", False),
        ("The credit committee meets every Thursday.", False),
        ("Data are deleted 24 months before the contract ends.", False),
        ("Data are deleted after 24 months even where the law requires longer retention.", False),
        ("The applicant does not sell the lender's data.", False),
        ("Data are deleted 24 months after the contract ends unless the applicant has assets.", False),
    ],
)
def test_a_clause_keeps_its_order_time_exceptions_and_duties(text, supported):
    """Who acts, when, with which exception and whether it may or must: none may be turned round."""
    verdict = verify(LIMIT, {}, None, text)
    assert verdict.supported is supported, verdict


WORDS = st.sampled_from(
    [
        "half",
        "a year",
        "the",
        "4 in 10",
        "of",
        "third",
        "%",
        "-",
        "1,3 million",
        "ESP",
        "pesetas",
        "not",
        "above",
        "below",
        "CP-3.4",
        "whole price",
        "twice",
        "60",
        "months",
        "points",
        "per cent",
        "two",
        "and",
        "a dozen",
        "minus",
        "between",
        "23 December",
        "2026/11/23",
        "(",
        ")",
        ".",
        ",",
        "?",
        "unless",
        "must",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, max_size=14))
def test_no_text_breaks_the_verifier(parts):
    """Whatever the words and their order, there is a verdict, and what has no word has none of support."""
    verdict = verify(SOURCES, {"amount": 12.5, "rate": 0.43}, None, " ".join(parts))
    assert verdict.supported is (not verdict.problems and all(s.supported for s in verdict.sentences))


def test_a_very_long_text_gets_a_verdict_for_every_sentence():
    """100 KB are checked sentence by sentence, and one false sentence among them is found."""
    true = "The applicant has 30 days to provide what is missing."
    verdict = verify(
        SOURCES, {}, None, " ".join([true] * 2000 + ["The applicant has 90 days to provide it."])
    )
    assert len(verdict.sentences) == 2001
    assert [n for n, s in enumerate(verdict.sentences) if not s.supported] == [2000]

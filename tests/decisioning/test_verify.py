"""The verifier on texts in anybody's words."""

import pytest

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

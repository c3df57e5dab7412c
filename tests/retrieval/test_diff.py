"""What changed, in words."""

from datetime import date

import pytest

from retrieval.diff import difference
from tests.retrieval.test_quotes import clause


def test_changes_are_told_in_words():
    """New, ended, renumbered and reworded clauses are told apart; what reads the same is not told."""
    before = [
        clause("The ratio must not exceed 60 %.", "CP-1.1", heading="Ratio"),
        clause("Same.", "CP-1.2"),
        clause("Moved text.", "CP-1.3"),
        clause("Gone.", "CP-1.4", effective_to=date(2025, 1, 1)),
    ]
    after = [
        clause("The ratio must not exceed 55 %.", "CP-1.1", heading="Ratio", effective_from=date(2025, 1, 1)),
        clause("Same.", "CP-1.2", effective_from=date(2025, 1, 1)),
        clause("Moved text.", "CP-1.9", effective_from=date(2025, 1, 1)),
        clause("New.", "CP-1.5", effective_from=date(2025, 1, 1)),
    ]
    assert [d.words for d in difference(before, after)] == [
        "d CP-1.1 (Ratio) reads differently from 2025-01-01: “60” became “55”.",
        "d CP-1.3 is now CP-1.9; its words are the same.",
        "d CP-1.5 is new from 2025-01-01.",
        "d CP-1.4 ended on 2025-01-01.",
    ]


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        (
            "The officer asks the applicant for proof of income before the end of the month.",
            "The officer asks the applicant for two proofs of wages before the end of the month.",
            "“proof of income” became “two proofs of wages”",
        ),
        (
            "On request a copy is given.",
            "Within three business days the lender mails an appraisal.",
            "it is rewritten: “On request a copy is given.” became "
            "“Within three business days the lender mails an appraisal.”",
        ),
        ("word " * 10_000, "other " * 10_000, "it is rewritten: “word word"),
    ],
)
def test_a_change_is_told_as_a_person_would(was, now, words):
    """Changes with hardly a word between them are one; a clause that has little in common is rewritten."""
    (found,) = difference([clause(was, "CP-1.1")], [clause(now, "CP-1.1")])
    assert words in found.words

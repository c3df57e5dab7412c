"""What changed, in words."""

from datetime import date

import pytest

from retrieval.diff import difference
from retrieval.model import Clause
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


def test_an_edition_that_repeats_a_text_is_no_change_of_it():
    """The day told is that on which the text, or the clause, came or went; what lies between is not told."""
    days = [date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1), None]

    def edition(n: int, **texts: str) -> list[Clause]:
        more = {"effective_from": days[n], "effective_to": days[n + 1], "edition": str(n)}
        return [clause(text, name, **more) for name, text in texts.items()]

    first = edition(0, kept="Same.", changed="At most 60 %.", gone="Once.", back="One.")
    second = edition(1, kept="Same.", changed="At most 55 %.", gone="Twice.", new="Here.", back="Two.")
    third = edition(2, kept="Same.", changed="At most 55 %.", new="Here now.", back="One.")
    told = difference(first, third, [*third, *first, *second])
    assert [(d.clause, d.on) for d in told] == [("changed", days[1]), ("new", days[1]), ("gone", days[2])]
    assert [d.on for d in difference(first, third)] == [days[2], days[2], days[1]]


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

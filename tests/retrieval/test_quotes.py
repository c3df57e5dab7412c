"""Where a quote stands."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from retrieval.errors import QuoteNotFound
from retrieval.model import Clause
from retrieval.quotes import locate


def clause(text: str, name: str = "CP-1.1", **more) -> Clause:
    """A clause of that text."""
    first = Clause(
        id=1,
        document="d",
        clause=name,
        edition="1",
        kind="clause",
        parent=None,
        heading=None,
        text=text,
        path=(),
        effective_from=date(2024, 1, 1),
        effective_to=None,
        known_from=datetime(2024, 1, 1, tzinfo=UTC),
        known_to=None,
        refers_to=(),
        defines=(),
    )
    return replace(first, **more)


TEXT = "The ratio must not exceed 60 %.\nThe lender\u2019s \u201cmargin\u201d is 5\u20137 %."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("must not exceed 60 %", "must not exceed 60 %"),
        ("  exceed  60 %. The lender's", "exceed 60 %.\nThe lender\u2019s"),
        ('"margin" is 5-7 %', "\u201cmargin\u201d is 5\u20137 %"),
    ],
)
def test_a_quote_is_found_but_for_spaces_and_marks(quote, found):
    """A quote is found where it stands, whatever its spaces and the shape of its quote marks."""
    start, end = locate(clause(TEXT), quote)
    assert TEXT[start:end] == found


@pytest.mark.parametrize("quote", ["must not exceed 61 %", "", " ", "...", "the ratio must not exceed"])
def test_what_the_clause_does_not_say_is_refused(quote):
    """Another number, another case, or no words at all: there is no such quote."""
    with pytest.raises(QuoteNotFound):
        locate(clause(TEXT), quote)

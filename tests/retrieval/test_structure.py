"""Defined terms, and what a clause is read with."""

from datetime import date

import pytest

from retrieval import definitions
from retrieval.ingest import ingest
from retrieval.model import Provision
from retrieval.parse import parse_text
from retrieval.search import PostgresClauses

MANUAL = """---
document: house-rules
edition: "{edition}"
effective_from: {start}
---
## 1 Words

### HR-1.1 Income

Income means what remains of wages after tax.

### HR-1.2 Debt service

Debt service means the instalments of a month.

### HR-1.3 Limits

### HR-1.4 Longest term

A loan runs for at most {months} months.

## 2 Tests

### HR-2.1 Affordability

Incomes are held against HR-2.2.

#### HR-2.1.1 Doubt

The officer asks as HR-2.1 says.

### HR-2.2 Rent

Rent counts in full.
"""


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Income means what remains.", ("Income",)),
        ("(f) Application means a request.", ("Application",)),
        ("\u201cFund\u201d and \u201cScheme\u201d mean the same.", ("Fund", "Scheme")),
        ("(q) Extend credit and extension of credit mean this.", ("Extend credit", "extension of credit")),
        ("The term \u201cAccount\u201d means an account.", ("Account",)),
        ("Unless otherwise defined, a word means what it says.", ()),
        ("This means nothing.", ()),
        ("The lender states what it means.", ()),
        ("a and " * 50_000, ()),
    ],
)  # fmt: skip
def test_a_definition_is_known_by_its_words(text, terms):
    """The terms are those that stand before "means" at the start, and long texts are read in no time."""
    assert definitions.terms_of(text) == terms


def test_a_term_may_stand_in_the_title_above():
    """ "The term means" defines what the clause above is called."""
    day = date(2024, 1, 1)
    stated = [
        Provision("1002.2(c)", "(c) Adverse action.", day),
        Provision("1002.2(c)(1)", "(1) The term means: a refusal.", day),
    ]
    assert [one.defines for one in definitions.defining(stated)] == [(), ("Adverse action",)]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What is an adverse action?", ["term:advers action"]),
        ("How are creditors defined?", ["term:creditor"]),
        ("what is the meaning of income", ["term:incom"]),
        ("debt service", ["term:debt servic"]),
        ("May a lender ask for the income of a spouse who is not liable?", []),
    ],
)
def test_a_question_may_ask_for_a_term(question, names):
    """Questions for a meaning, and mere terms, name a definition; others do not."""
    assert definitions.asked_for(question) == names


@pytest.fixture
async def clauses(engine, embedder):
    """Two editions of the house's rules."""
    for edition, start, months in (("1", "2024-01-01", 60), ("2", "2025-01-01", 48)):
        (document,) = parse_text(
            MANUAL.format(edition=edition, start=start, months=months), "markdown", "house-rules.md"
        )
        await ingest(engine, document, embedder, supersede=True)
    return PostgresClauses(engine, embedder)


@pytest.mark.parametrize(("day", "edition"), [(date(2024, 6, 1), "1"), (date(2025, 6, 1), "2")])
async def test_a_clause_is_widened_on_its_day(clauses, day, edition):
    """Its parents, the definitions of its words in any form, both ends of references: of that day alone."""
    (clause,) = await clauses.show("HR-2.1", day)
    around = await clauses.around(clause, day)
    named = {
        relation: [(c.clause, c.edition) for c in getattr(around, relation)]
        for relation in ("parents", "definitions", "refers_to", "referred_by")
    }
    assert named == {
        "parents": [("2-tests", edition)],
        "definitions": [("HR-1.1", edition)],
        "refers_to": [("HR-2.2", edition)],
        "referred_by": [("HR-2.1.1", edition)],
    }


async def test_a_definition_that_is_asked_for_comes_first(clauses):
    """ "What is debt service?" is answered by the clause that defines it."""
    hits = await clauses.search("What is debt service?", date(2024, 6, 1))
    assert (hits[0].clause.clause, hits[0].clause.defines) == ("HR-1.2", ("Debt service",))

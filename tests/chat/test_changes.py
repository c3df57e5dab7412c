"""What a what-if question changes."""

import pytest

from decisioning.chat.changes import changes_in
from decisioning.titles import titles_of
from tests.chat.tools import APPLICATION, TODAY, product

CHANGES = [
    ("What if income were 160?", {"income": 160.0}),
    ("What if the income were 160 thousand pesetas a month?", {"income": 160.0}),
    ("What if income were ESP 160,000 a month?", {"income": 160.0}),
    ("If the amount were 800 and the term 24, what then?", {"amount": 800.0, "term_months": 24}),
    ("and for 48 months?", {"term_months": 48}),
    ("What would the rate be over 4 years?", {"term_months": 48}),
    ("What if the amount were 100 lower?", {"amount": 800.0}),
    ("What if the amount were 10 % higher?", {"amount": 990.0}),
    ("What if the income were doubled?", {"income": 300.0}),
    ("What if there were an adverse credit record?", {"records": "yes"}),
    ("What if the income was 160 and records no?", {"income": 160.0}),
    ("What if records were yes and debt 0?", {"records": "yes"}),
    ("What if the adverse credit record were removed?", {}),
    ("What if he did not have an adverse record?", {}),
    ("What if the applicant hadn't an adverse record?", {}),
    ("What if the loan were for 600 and the term 24?", {"amount": 600.0, "term_months": 24}),
    ("What if he borrowed only ESP 700,000?", {"amount": 700.0}),
    ("What if she had asked for 800 over 48 months?", {"amount": 800.0, "term_months": 48}),
    ("What if the loan to price ratio were 0.5?", {}),
    ("What if the disposable income were 50?", {}),
    ("What if the debt service to income ratio were 40 %?", {}),
    ("What if the price were 900 and the income 50?", {"price": 900.0, "income": 50.0}),
    ("What if she had a permanent job?", {}),
    ("What if she had a temporary contract?", {"job": "partime"}),
    ("What if he owned the home?", {"home": "owner"}),
    ("What if the assets were 2,000?", {"assets": 2000.0}),
    ("What if the household expenses were 30?", {"expenses": 30.0}),
    ("What if the length of employment were 2 years?", {"seniority_years": 2.0}),
    ("What if the price were 1,600 thousand?", {"price": 1600.0}),
    ("What if there were no debt?", {}),
    ("What if the applicant were taller?", {}),
    ("What if the term were 36?", {}),
]


@pytest.mark.parametrize(("question", "wanted"), CHANGES)
def test_reads_what_would_be_otherwise(question, wanted):
    """Fields by their names, money in the product's unit or in whole currency, only what differs."""
    fields = product().on(TODAY).application.fields
    assert changes_in(question, fields, APPLICATION, 1000, titles_of(product().on(TODAY))) == wanted


@pytest.mark.parametrize(
    "question",
    [
        "What if records were no?",
        "What if the adverse credit record were removed?",
        "What if she had not had an adverse record?",
        "What if there was no adverse record?",
    ],
)
def test_an_adverse_record_goes(question):
    """However it is said."""
    fields = product().on(TODAY).application.fields
    assert changes_in(question, fields, APPLICATION | {"records": "yes"}, 1000) == {"records": "no"}

"""Sentences about clauses without a decision: what stands in them must stand so in a clause."""

import pytest

from decisioning.grounding import verify

LENDING = {
    "L-1": "The bank may ask for a guarantor where the loan is unsecured. The borrower must insure goods.",
    "L-2": "An application is referred where the ratio exceeds 40 % and the score is lower than 600 points.",
    "L-3": "The bank answers a complaint within 20 days of receiving it. "
    "The customer may appeal within 60 days of the answer.",
    "L-4": "The analyst looks at the income, at the debts and at the age of the account.",
    "L-5": "An offer binds the bank for 14 days from its date.",
    "L-6": "If a customer moves abroad, closes the account and asks in writing, the bank refunds a fee.",
    "L-7": "A branch must not:\n(a) keep cash overnight;\n(b) open an account without a passport.",
    "L-8": "Money spent on travel means fares and rooms. The term does not include meals.",
    "L-9": "A holder of 10 % or more of the shares is a controller.",
}


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("The bank is free to ask for a guarantor where the loan is unsecured.", True),
        ("The bank must ask for a guarantor where the loan is unsecured.", False),
        ("The borrower may insure goods.", False),
        ("The bank may sell the goods.", False),
        (
            "An application is referred where the ratio exceeds 40 % or the score is lower than 600 points.",
            False,
        ),
        ("An application is referred where the ratio exceeds 40 %, whatever the score.", False),
        ("A complaint is answered within twenty days of its receipt.", True),
        ("A complaint is answered within 20 days of the appeal.", False),
        ("Among other things the analyst looks at the debts.", True),
        ("The analyst looks solely at the income.", False),
        ("An offer binds the customer for 14 days from its date.", False),
        (
            "A customer who moves abroad, closes the account and asks for it in writing gets the fee back.",
            True,
        ),
        ("If the customer moves abroad and closes the account, the bank refunds the fee.", False),
        ("A branch is forbidden to keep cash overnight.", True),
        ("A branch may keep cash overnight.", False),
        ("Meals are money spent on travel.", False),
        ("A holder of exactly 10 % of the shares is not a controller.", False),
        ("A holder of 10 % or less of the shares is a controller.", False),
    ],
)
def test_what_a_clause_says_is_not_told_otherwise(text, supported):
    """Duty, condition, start, person, exclusion and limit stay as the clause has them."""
    verdict = verify(LENDING, {}, None, text)
    assert verdict.supported is supported, verdict


RATES = {
    "R-1": "Where the debt is 500 thousand pesetas or more, the loan is approved on the condition "
    "that a statement of the balance is given.",
    "R-2": "The term must not exceed 60 months. The average life is 55 % of the term.",
}
FACTS = {
    "debt": {"value": 300, "unit": "thousand pesetas"},
    "term_months": {"value": 40, "unit": "months"},
}


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        (
            "With a debt of 300 thousand pesetas, a statement of the balance is a condition of the loan.",
            False,
        ),
        ("For a term of 40 months the average life is 22 months.", True),
        ("For a term of 40 months the average life is 24 months.", False),
        ("The term of 40 months is 20 months below the maximum of 60 months.", True),
    ],
)
def test_a_fact_meets_the_condition_whose_consequence_is_told(text, supported):
    """What is worked out from a fact and a clause is so, and no consequence is drawn from what is not met."""
    verdict = verify(RATES, FACTS, None, text)
    assert verdict.supported is supported, verdict


FARES = {
    "F-1": "A passenger whose train is more than 60 minutes late gets back 25 % of the fare.",
    "F-2": "Equity must be at least 20 % of total assets. A company below that is referred.",
    "F-3": "Luggage is insured up to 400 euros at home and up to 900 euros on journeys.",
    "F-4": "Guests with a pass may use the sauna. The sauna is cleaned at least once a week.",
}
LATE = {"delay": {"value": 75, "unit": "minutes"}}


@pytest.mark.parametrize(
    ("facts", "text", "supported"),
    [
        (LATE, "The train is 75 minutes late, 15 minutes above 60 minutes.", True),
        (LATE, "The delay of 75 minutes is less than 60 minutes.", False),
        ({"fare": {"value": 80, "unit": "EUR"}}, "Of the fare of 80 euros, 25 % are 20 euros.", True),
        ({"fare": {"value": 80, "unit": "EUR"}}, "Of the fare of 80 euros, 25 % are 25 euros.", False),
        ({"equity_ratio": {"value": 17, "unit": "percent"}}, "The equity of 17 % is below 20 %.", True),
        ({"equity_ratio": {"value": 17, "unit": "percent"}}, "The equity of 17 % is at least 20 %.", False),
        ({}, "On journeys, luggage is insured up to 400 euros.", False),
        ({}, "On journeys, luggage is insured up to 900 euros.", True),
        ({}, "All guests may use the sauna forever.", False),
        ({}, "The sauna is cleaned at most once a week.", False),
    ],
)
def test_numbers_stay_with_their_own(facts, text, supported):
    """A fact is compared and reckoned with in whatever unit it is given; a number keeps its place."""
    verdict = verify(FARES, facts, None, text)
    assert verdict.supported is supported, verdict

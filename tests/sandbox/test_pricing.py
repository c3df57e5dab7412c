"""The reference pricing: rates from risk, and loans that pay themselves back."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.pricing import (
    PricingTerms,
    apr,
    corrected_probability,
    expected_loss_a_year,
    instalment,
    nominal_rate,
    price,
    schedule,
)
from app.sandbox.terms import terms_on

TERMS = PricingTerms(
    cost_of_funds=0.06,
    loss_given_default=0.45,
    average_life_share=0.55,
    development_bad_rate=0.25,
    expected_bad_rate=0.09,
    tier_a_min_score=690,
    tier_b_min_score=630,
    margin_tier_a=0.03,
    margin_tier_b=0.04,
    margin_tier_c=0.05,
)
EDITIONS = [date(2024, 1, 1), date(2025, 7, 1), date(2026, 6, 1)]

amounts = st.integers(min_value=10_000, max_value=1_000_000)
rates = st.integers(min_value=1, max_value=9_000).map(lambda steps: steps / 10_000)
months = st.integers(min_value=1, max_value=120)
probabilities = st.floats(min_value=0, max_value=1)
bounded = settings(max_examples=100, deadline=None)


@bounded
@given(amounts, rates, months)
def test_a_schedule_repays_the_amount_exactly(amount, rate, term):
    """The parts of principal sum to the amount, each payment is its two parts, nothing is owed in the end."""
    payments = schedule(amount, rate, term)
    assert len(payments) == term
    assert sum(each.principal for each in payments) == amount
    assert all(each.payment == each.principal + each.interest for each in payments)
    assert payments[-1].balance == 0


@bounded
@given(amounts, rates, months)
def test_payments_are_level_but_for_the_last(amount, rate, term):
    """While anything stays owed each payment is the instalment; the rest differs by the rounding alone."""
    payments, level = schedule(amount, rate, term), instalment(amount, rate, term)
    assert {each.payment for each in payments if each.balance} <= {level}
    drift = sum((1 + rate / 12) ** month for month in range(term))
    owed = sum(level - each.payment for each in payments)
    assert abs(owed) <= drift + 1


@bounded
@given(amounts, rates, months)
def test_interest_is_a_twelfth_of_the_rate_on_what_is_owed(amount, rate, term):
    """Each month's interest is the rounded twelfth of the yearly rate on the balance before it."""
    balance = amount
    for each in schedule(amount, rate, term):
        assert each.interest == pytest.approx(balance * rate / 12, abs=0.51)
        balance = each.balance


@bounded
@given(amounts, rates, months)
def test_the_instalment_is_the_annuity(amount, rate, term):
    """Discounted at a twelfth of the rate, the level payments are worth the amount to within the rounding."""
    worth = sum((1 + rate / 12) ** -month for month in range(1, term + 1))
    assert instalment(amount, rate, term) * worth == pytest.approx(amount, abs=0.51 * worth)


@bounded
@given(amounts, rates, months)
def test_the_apr_discounts_the_payments_to_the_amount(amount, rate, term):
    """At the APR the scheduled payments are worth the amount paid out, to the sixth place of the rate."""
    payments = schedule(amount, rate, term)
    found = apr(amount, payments)

    def worth(yearly: float) -> float:
        monthly = (1 + yearly) ** (1 / 12)
        return sum((each.payment / monthly**k for k, each in enumerate(payments, start=1)), 0.0)

    assert worth(found + 1e-6) <= amount <= worth(found - 1e-6)


@bounded
@given(amounts, rates, st.integers(min_value=6, max_value=60))
def test_the_apr_is_the_rate_compounded(amount, rate, term):
    """With no charge beside interest the APR is the nominal rate compounded monthly, but for the rounding."""
    assert apr(amount, schedule(amount, rate, term)) == pytest.approx((1 + rate / 12) ** 12 - 1, abs=2e-3)


def test_a_loan_without_interest_is_shared_out():
    """At a rate of zero the payments are equal parts of the amount and the APR is zero."""
    payments = schedule(100_000, 0, 3)
    assert [each.payment for each in payments] == [33_333, 33_333, 33_334]
    assert apr(100_000, payments) == 0


def test_a_worked_loan():
    """1,000 at 12 % over a year is 88.85 a month: the figure of any annuity table."""
    answer = price(
        {"amount": 1000, "term_months": 12},
        700,
        0.0,
        PricingTerms(**{**TERMS.__dict__, "cost_of_funds": 0.09}),
        "v",
    )
    assert answer.model_dump() == {
        "nominal_rate": 0.12,
        "apr": 0.126835,
        "monthly_payment": 88.85,
        "total_payable": 1066.19,
        "tier": "A",
        "model": "credence-pricing",
        "version": "v",
    }


@bounded
@given(probabilities)
def test_the_prior_correction_moves_the_base_rate(pd):
    """The sample's base rate becomes the lender's, order is kept, and 0 and 1 stay where they are."""
    corrected = corrected_probability(pd, 0.25, 0.09)
    assert corrected_probability(0.25, 0.25, 0.09) == pytest.approx(0.09)
    assert 0 <= corrected <= pd
    assert corrected_probability(pd, 0.25, 0.25) == pytest.approx(pd)
    assert (corrected_probability(0, 0.25, 0.09), corrected_probability(1, 0.25, 0.09)) == (0, 1)


@bounded
@given(probabilities, probabilities, months)
def test_more_risk_never_costs_less(one, other, term):
    """In one tier and term, the rate rises with the probability of going bad."""
    low, high = sorted((one, other))
    assert nominal_rate(low, 700, term, TERMS) <= nominal_rate(high, 700, term, TERMS)


def test_the_rate_is_the_sum_of_its_parts():
    """Cost of funds, expected loss a year and the tier's margin: no other part, and no ceiling."""
    loss = expected_loss_a_year(0.5, 12, TERMS)
    assert loss == pytest.approx((0.09 / 0.91) / (0.25 / 0.75) / (1 + (0.09 / 0.91) * 3) * 0.45 / 0.55)
    assert nominal_rate(0.5, 500, 12, TERMS) == pytest.approx(0.06 + loss + 0.05, abs=5e-5)
    assert nominal_rate(1.0, 500, 6, TERMS) > 1


@pytest.mark.parametrize(("score", "tier"), [(690, "A"), (689, "B"), (630, "B"), (629, "C")])
def test_the_score_sets_the_tier(score, tier):
    """A score at a tier's minimum is in it."""
    assert TERMS.tier(score) == tier


@pytest.mark.parametrize("day", EDITIONS)
def test_each_edition_has_its_terms(day):
    """The terms are the dated parameters; a changed term has another version."""
    terms, version = terms_on(day)
    others = [terms_on(each) for each in EDITIONS if each != day]
    assert terms.cost_of_funds == {2024: 0.05, 2025: 0.055, 2026: 0.06}[day.year]
    assert version not in {other for _, other in others}


def test_there_is_no_price_before_the_first_edition():
    """A day before the first edition has no terms."""
    with pytest.raises(ValueError, match="no prices are in force on 2023-12-31"):
        terms_on(date(2023, 12, 31))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": 0}, "amount: 0 is not an amount above zero"),
        ({"amount": float("inf")}, "amount: inf is not an amount above zero"),
        ({"amount": True}, "amount: True is not an amount above zero"),
        ({"amount": None}, "amount: None is not an amount above zero"),
        ({"amount": 0.1}, "amount: 0.1 is too small for 60 payments"),
        ({"term_months": 0}, "term_months: 0 is not a number of months from 1 to 600"),
        ({"term_months": 1.5}, "term_months: 1.5 is not a whole number of months"),
        ({"term_months": "60"}, "term_months: '60' is not a number of months from 1 to 600"),
    ],
)
def test_what_cannot_be_priced_is_named(change, problem):
    """An amount or a term that is none is refused with its field."""
    with pytest.raises(ValueError, match=problem):
        price({"amount": 1000, "term_months": 60, **change}, 600, 0.2, TERMS, "v")


def test_a_probability_is_one():
    """A probability outside 0 to 1 is refused."""
    with pytest.raises(ValueError, match=r"pd: 1\.5 is not a probability"):
        price({"amount": 1000, "term_months": 60}, 600, 1.5, TERMS, "v")

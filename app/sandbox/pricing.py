"""The reference pricing model: a risk-based rate and the loan that follows from it, as pure functions.

nominal rate = cost of funds + expected loss a year + margin of the tier

Money is counted in cents, hundredths of the product's currency unit, so that a schedule's sums are exact;
rates are rounded to 4 places, as they are quoted. Halves are rounded up. Nothing is clipped: a rate above
the lender's ceiling is returned as it is, and a rule declines it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from decisioning.model import PriceAnswer, Value

MODEL = "credence-pricing"
_CENTS = 100  # of the currency unit
_RATE_STEPS = 10_000
_MONTHS = 12
_LONGEST_TERM = 600
_LARGEST_AMOUNT = 1e12
_APR_PRECISION = 1e-10


@dataclass(frozen=True)
class PricingTerms:
    """What the lender sets, as it stands on a day; rates and shares are fractions, scores are points.

    `development_bad_rate` is the share of bad in the sample that the probability was estimated on,
    `expected_bad_rate` the share that the lender expects of its own book, `average_life_share` the mean
    life of a loan as a share of its term.
    """

    cost_of_funds: float
    loss_given_default: float
    average_life_share: float
    development_bad_rate: float
    expected_bad_rate: float
    tier_a_min_score: float
    tier_b_min_score: float
    margin_tier_a: float
    margin_tier_b: float
    margin_tier_c: float

    def tier(self, score: float) -> str:
        """The price tier of a score: A, B or C."""
        if score >= self.tier_a_min_score:
            return "A"
        return "B" if score >= self.tier_b_min_score else "C"

    def margin(self, tier: str) -> float:
        """The margin a year of a tier."""
        return {"A": self.margin_tier_a, "B": self.margin_tier_b, "C": self.margin_tier_c}[tier]


class Instalment(NamedTuple):
    """One payment in cents: what is paid, what of it repays and what is interest, what is owed after it."""

    payment: int
    principal: int
    interest: int
    balance: int


def corrected_probability(pd: float, development_bad_rate: float, expected_bad_rate: float) -> float:
    """The probability on the lender's base rate instead of the sample's (prior correction).

    odds = odds of pd x odds of expected_bad_rate / odds of development_bad_rate: C. Elkan, The Foundations
    of Cost-Sensitive Learning, IJCAI 2001, theorem 2; G. King and L. Zeng, Political Analysis 9 (2001).
    """
    if pd >= 1:
        return 1.0
    odds = _odds(pd) * _odds(expected_bad_rate) / _odds(development_bad_rate)
    return odds / (1 + odds)


def _odds(probability: float) -> float:
    return probability / (1 - probability)


def expected_loss_a_year(pd: float, term_months: int, terms: PricingTerms) -> float:
    """Loss a year on what is owed: corrected PD x LGD over the average life of the loan in years.

    PD is over the life of the loan, so the loss is spread over that life (Basel Committee, An Explanatory
    Note on the Basel II IRB Risk Weight Functions, 2005, for EL = PD x LGD).
    """
    life_years = terms.average_life_share * term_months / _MONTHS
    probability = corrected_probability(pd, terms.development_bad_rate, terms.expected_bad_rate)
    return probability * terms.loss_given_default / life_years


def nominal_rate(pd: float, score: float, term_months: int, terms: PricingTerms) -> float:
    """The yearly nominal rate for this risk and term, to 4 places; never clipped."""
    margin = terms.margin(terms.tier(score))
    rate = terms.cost_of_funds + expected_loss_a_year(pd, term_months, terms) + margin
    return _half_up(rate * _RATE_STEPS) / _RATE_STEPS


def instalment(amount_cents: int, rate: float, term_months: int) -> int:
    """The level monthly payment that repays the amount: P i / (1 - (1 + i)^-n), i a twelfth of the rate.

    In whole cents. The annuity-immediate of S. G. Kellison, The Theory of Interest, ch. 3.
    """
    if rate == 0:
        return _half_up(amount_cents / term_months)
    monthly = rate / _MONTHS
    return _half_up(amount_cents * monthly / -math.expm1(-term_months * math.log1p(monthly)))


def schedule(amount_cents: int, rate: float, term_months: int) -> tuple[Instalment, ...]:
    """Every payment, in cents. The parts of principal sum to the amount exactly.

    Each month's interest is rounded; the last payment takes what rounding left.
    """
    ten_thousandths = round(rate * _RATE_STEPS)
    year = _RATE_STEPS * _MONTHS
    level, balance, payments = instalment(amount_cents, rate, term_months), amount_cents, []
    for number in range(1, term_months + 1):
        interest = (2 * balance * ten_thousandths + year) // (2 * year)
        principal = balance if number == term_months else min(level - interest, balance)
        balance -= principal
        payments.append(Instalment(principal + interest, principal, interest, balance))
    return tuple(payments)


def apr(amount_cents: int, payments: tuple[Instalment, ...]) -> float:
    """The yearly rate at which the payments are worth the amount on the day it is paid out, to 6 places.

    The equation of Directive (EU) 2023/2225, Annex III: amount = sum of payment_k (1 + X)^-(k/12), one
    payment a month, no charge beside interest; solved for the monthly rate by bisection. The payments are
    level but for the last, as those of `schedule` are; a small loan may be repaid before its term.
    """
    paid = [each.payment for each in payments if each.payment]
    level, last, months = paid[0], paid[-1], len(paid)
    low, high = 0.0, 1.0
    while high - low > _APR_PRECISION:
        middle = (low + high) / 2
        if _present_value(level, last, months, middle) > amount_cents:
            low = middle
        else:
            high = middle
    return round(math.expm1(_MONTHS * math.log1p((low + high) / 2)), 6)


def _present_value(level: int, last: int, months: int, monthly: float) -> float:
    discount = math.exp(-(months - 1) * math.log1p(monthly))
    return level * (1 - discount) / monthly + last * discount / (1 + monthly)


def price(
    application: Mapping[str, Value], score: float, pd: float, terms: PricingTerms, version: str
) -> PriceAnswer:
    """The whole answer. Raises ValueError naming what cannot be priced."""
    if not 0 <= pd <= 1:
        raise ValueError(f"pd: {pd!r} is not a probability")
    amount, months = _cents(application.get("amount")), _term(application.get("term_months"))
    rate = nominal_rate(pd, score, months, terms)
    payments = schedule(amount, rate, months)
    if not payments[0].payment:
        raise ValueError(f"amount: {application['amount']!r} is too small for {months} payments")
    return PriceAnswer(
        nominal_rate=rate,
        apr=apr(amount, payments),
        monthly_payment=payments[0].payment / _CENTS,
        total_payable=sum(each.payment for each in payments) / _CENTS,
        tier=terms.tier(score),
        model=MODEL,
        version=version,
    )


def _cents(amount: Value) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= _LARGEST_AMOUNT:
        raise ValueError(f"amount: {amount!r} is not an amount above zero")
    return _half_up(amount * _CENTS)


def _term(months: Value) -> int:
    if isinstance(months, bool) or not isinstance(months, int | float) or not 1 <= months <= _LONGEST_TERM:
        raise ValueError(f"term_months: {months!r} is not a number of months from 1 to {_LONGEST_TERM}")
    if months != int(months):
        raise ValueError(f"term_months: {months!r} is not a whole number of months")
    return int(months)


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)

"""The reference pricing model: a risk-based rate and the loan that follows from it, as pure functions.

nominal rate = cost of funds + expected loss a year + margin of the tier

Money is in the product's currency unit, rounded to 2 places (half away from zero), rates to 4: a rate is
quoted in hundredths of a per cent. Nothing is clipped: a rate above the lender's ceiling is returned as it
is, and a rule declines it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from decisioning.model import PriceAnswer, Value

MODEL = "credence-pricing"
_CENT = Decimal("0.01")
_RATE_PLACES = Decimal("0.0001")
_MONTHS = 12
_LONGEST_TERM = 600


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


@dataclass(frozen=True)
class Instalment:
    """One payment: what it repays, what it pays for the month, and what is owed after it."""

    payment: Decimal
    principal: Decimal
    interest: Decimal
    balance: Decimal


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
    return float(Decimal(rate).quantize(_RATE_PLACES, ROUND_HALF_UP))


def instalment(amount: Decimal, rate: float, term_months: int) -> Decimal:
    """The level monthly payment that repays amount: P i / (1 - (1 + i)^-n), i a twelfth of the rate.

    Rounded to 2 places. The annuity-immediate of S. G. Kellison, The Theory of Interest, ch. 3.
    """
    monthly = Decimal(repr(rate)) / _MONTHS
    if monthly == 0:
        return _money(amount / term_months)
    return _money(amount * monthly / (1 - (1 + monthly) ** -term_months))


def schedule(amount: Decimal, rate: float, term_months: int) -> tuple[Instalment, ...]:
    """Every payment. The principal parts sum to amount exactly: the last payment takes what rounding left."""
    monthly, level = Decimal(repr(rate)) / _MONTHS, instalment(amount, rate, term_months)
    payments, balance = [], amount
    for number in range(1, term_months + 1):
        interest = _money(balance * monthly)
        principal = balance if number == term_months else min(level - interest, balance)
        balance -= principal
        payments.append(Instalment(principal + interest, principal, interest, balance))
    return tuple(payments)


def apr(amount: Decimal, payments: tuple[Instalment, ...]) -> float:
    """The yearly rate at which the payments are worth the amount on the day it is paid out, to 6 places.

    The equation of Directive (EU) 2023/2225, Annex III: amount = sum of payment_k (1 + X)^-(k/12), one
    payment a month, no charges beside interest; solved for the monthly factor by bisection.
    """
    level, last, months = float(payments[0].payment), float(payments[-1].payment), len(payments)
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        monthly = (low + high) / 2
        if _present_value(level, last, months, monthly) > float(amount):
            low = monthly
        else:
            high = monthly
    return round((1 + (low + high) / 2) ** _MONTHS - 1, 6)


def _present_value(level: float, last: float, months: int, monthly: float) -> float:
    discount: float = (1 + monthly) ** -(months - 1)
    annuity = (1 - discount) / monthly if monthly else months - 1
    return level * annuity + last * discount / (1 + monthly)


def price(
    application: Mapping[str, Value], score: float, pd: float, terms: PricingTerms, version: str
) -> PriceAnswer:
    """The whole answer. Raises ValueError naming a field that is no amount or no term."""
    amount, months = _amount(application.get("amount")), _term(application.get("term_months"))
    rate = nominal_rate(pd, score, months, terms)
    payments = schedule(amount, rate, months)
    return PriceAnswer(
        nominal_rate=rate,
        apr=apr(amount, payments),
        monthly_payment=float(payments[0].payment),
        total_payable=float(sum(each.payment for each in payments)),
        tier=terms.tier(score),
        model=MODEL,
        version=version,
    )


def _amount(value: Value) -> Decimal:
    if isinstance(value, str | bool) or value is None or not 0 < value < float("inf"):
        raise ValueError(f"amount: {value!r} is not an amount above zero")
    return _money(Decimal(repr(value)))


def _term(value: Value) -> int:
    if (
        isinstance(value, str | bool)
        or value is None
        or value != int(value)
        or not 0 < value <= _LONGEST_TERM
    ):
        raise ValueError(f"term_months: {value!r} is not a number of months from 1 to {_LONGEST_TERM}")
    return int(value)


def _money(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)

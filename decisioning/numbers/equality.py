"""When a quantity in words and a value of the record are the same."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache

from decisioning.model import Comparator, Unit
from decisioning.numbers.model import SHARE, Kind, Quantity

_FRACTIONS = (Unit.RATIO, Unit.RATE, Unit.PROBABILITY)
_MONEY = (Unit.MONEY, Unit.MONEY_PER_MONTH)
_ROUGHLY = 0.04
"""How far "about a third" may be from it."""
_MONTHS_IN = {"months": Decimal(1), "years": Decimal(12)}
_DAYS_IN = {"days": Decimal(1), "weeks": Decimal(7)}


@lru_cache(maxsize=8192)
def exact(value: float | Decimal) -> Decimal:
    """A number as it is printed: 0.1 is one tenth, not its binary neighbour."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def states(
    quantity: Quantity, value: float | Decimal, unit: Unit, currency_unit: int = 1, *, exactly: bool = False
) -> bool:
    """Whether the quantity is this value of this unit, allowing only for the digits it leaves out.

    43 %, 0.43 and "forty-three percent" all state the RATIO 0.43, and 3 years the MONTHS 36. A value
    of MONEY counts units of `currency_unit` of the currency. A quantity written with fewer decimals
    than the value states it when it is the value rounded to those decimals; `exactly` forbids that.
    """
    wanted = exact(value)
    if unit in _FRACTIONS:
        return _states_fraction(quantity, wanted, exactly=exactly)
    if unit in _MONEY:
        return _states_money(quantity, wanted, unit, currency_unit, exactly=exactly)
    if unit in (Unit.MONTHS, Unit.YEARS):
        return _states_duration(quantity, wanted, unit, exactly=exactly)
    if unit is Unit.POINTS:
        return quantity.kind in (Kind.POINTS, Kind.NUMBER) and _same(quantity, wanted, exactly=exactly)
    if unit is Unit.COUNT:
        return _states_count(quantity, wanted)
    return False


def _states_fraction(quantity: Quantity, wanted: Decimal, *, exactly: bool) -> bool:
    if quantity.kind not in (Kind.PERCENT, Kind.NUMBER):
        return False
    if quantity.kind is Kind.NUMBER and quantity.places == 0 and wanted not in (0, 1):
        return False
    return _same(quantity, wanted, exactly=exactly)


def _states_money(
    quantity: Quantity, wanted: Decimal, unit: Unit, currency_unit: int, *, exactly: bool
) -> bool:
    if quantity.per not in ("", "month") or (quantity.per and unit is Unit.MONEY):
        return False
    if quantity.kind is Kind.MONEY:
        return _same(quantity, wanted * currency_unit, exactly=exactly)
    if quantity.kind is not Kind.NUMBER:
        return False
    return _same(quantity, wanted, exactly=exactly) or quantity.value == wanted * currency_unit


def _states_duration(quantity: Quantity, wanted: Decimal, unit: Unit, *, exactly: bool) -> bool:
    if quantity.kind is Kind.NUMBER:
        return _same(quantity, wanted, exactly=exactly)
    if quantity.kind is not Kind.DURATION or quantity.unit not in _MONTHS_IN:
        return False
    return quantity.value * _MONTHS_IN[quantity.unit] == wanted * _MONTHS_IN[unit.value]


def _states_count(quantity: Quantity, wanted: Decimal) -> bool:
    if quantity.kind is Kind.DURATION:
        return quantity.value * _DAYS_IN.get(quantity.unit, Decimal(1)) == wanted
    return quantity.kind is Kind.NUMBER and quantity.value == wanted


def _same(quantity: Quantity, wanted: Decimal, *, exactly: bool) -> bool:
    if quantity.value == wanted:
        return True
    away = abs(float(quantity.value) - float(wanted))
    if quantity.unit == SHARE and quantity.approximate and not exactly:
        return away <= _ROUGHLY
    if away > 1.01 * 10.0**-quantity.places:
        return False
    step = Decimal(1).scaleb(-quantity.places)
    if quantity.value != quantity.value.quantize(step):  # a third, two thirds
        return not exactly and quantity.value.quantize(step) == wanted.quantize(step)
    shown = max(0, -int(wanted.normalize().as_tuple().exponent))
    if exactly or quantity.places >= shown or (quantity.places < 0 and not quantity.approximate):
        return False
    return quantity.value in (wanted.quantize(step, ROUND_HALF_UP), wanted.quantize(step, ROUND_HALF_EVEN))


def bound_of(quantity: Quantity) -> Comparator | None:
    """The comparator that a clause sets with this quantity: "at most 60 %" and "a maximum of 60 %" are <=."""
    if quantity.comparator:
        return quantity.comparator
    return {"maximum": Comparator.LE, "minimum": Comparator.GE}.get(quantity.bound)

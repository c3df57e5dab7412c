"""How numbers are rounded before any rule reads them: what is compared is what is printed."""

from decimal import ROUND_HALF_UP, Decimal

from decisioning.model import Unit

_CENTS = Decimal("0.01")
_MILLIONTHS = Decimal("0.000001")
_PLACES = {Unit.MONEY: 2, Unit.MONEY_PER_MONTH: 2}
_STEP = {Unit.MONEY: _CENTS, Unit.MONEY_PER_MONTH: _CENTS}


def rounded(value: float, unit: Unit) -> float:
    """Half up in decimal: money to 2 places, everything else to 6.

    The decimal is the shortest that prints as the float, so 0.285 is 0.285 and not 0.28499….
    """
    if isinstance(value, int) or value.is_integer():
        return value
    # What has no more places than are kept is what it prints as; most numbers are.
    if round(value, _PLACES.get(unit, 6)) == value:
        return value
    return float(Decimal(repr(value)).quantize(_STEP.get(unit, _MILLIONTHS), ROUND_HALF_UP))

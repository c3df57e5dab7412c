"""How two values of the record stand to one another."""

from decisioning.model import Comparator, Value


def compare(value: Value, comparator: Comparator, limit: Value) -> bool:
    """Whether the value stands to the limit as the comparator says; what has no order can only be equal."""
    if comparator in (Comparator.EQ, Comparator.NE):
        return (value == limit) is (comparator is Comparator.EQ)
    if not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    if comparator in (Comparator.GT, Comparator.GE):
        return value > limit or (comparator is Comparator.GE and value == limit)
    return value < limit or (comparator is Comparator.LE and value == limit)

"""Quantities in English text: finds them, however written, and compares them with facts.

`quantities(text)` finds; `states(quantity, value, unit, currency_unit)` says whether one of them is
that value of that unit; `bound_of(quantity)` says which comparator a clause sets with it.
"""

from decisioning.numbers.comparators import OPPOSITE, Phrase, comparing_phrases, negated_at, trailing_phrases
from decisioning.numbers.equality import bound_of, exact, states
from decisioning.numbers.model import SHARE, Kind, Quantity
from decisioning.numbers.reading import quantities
from decisioning.numbers.skeleton import skeleton

__all__ = [
    "OPPOSITE",
    "SHARE",
    "Kind",
    "Phrase",
    "Quantity",
    "bound_of",
    "comparing_phrases",
    "exact",
    "negated_at",
    "quantities",
    "skeleton",
    "states",
    "trailing_phrases",
]

"""A text with its digits gone: what its wording tells, whatever its numbers are.

No pattern of the language (a word, a negation, a comparing phrase, where a numeral begins and ends) tells
one digit from another, so what it finds in a skeleton stands in the same place of every text of that
skeleton. A writer's sentences have few skeletons and any number of numbers.
"""

_DIGITS = str.maketrans("123456789", "000000000")


def skeleton(text: str) -> str:
    """The text with a nought for each digit; everything stands where it stood."""
    return text.translate(_DIGITS)

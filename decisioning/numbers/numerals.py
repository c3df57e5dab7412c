"""English numerals: digits with separators, words, fractions, to exact decimals."""

import re
from decimal import Decimal

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_RANKS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
}
_WORDS = {w: n for n, w in enumerate(_UNITS.split())} | {w: 20 + 10 * n for n, w in enumerate(_TENS.split())}
_SHARES = {
    "half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twelfth": 12, "twentieth": 20,
}  # fmt: skip
_ORDINALS = {w: n + 1 for n, w in enumerate(_RANKS.split())}

DIGITS = r"(?:\d{1,3}(?: \d{3})+(?:\.\d+)?(?![\d.,]*\d)|\d(?:[\d,.:/\u00a0\u202f]*\d)?(?:e\d+\b)?|\.\d+)"
_PLAIN = re.compile(r"(?:\d{1,3}(?:[, \u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?|\.\d+")
_GROUPING = str.maketrans("", "", ", \u00a0\u202f")
_CARDINAL = "|".join(sorted([*_WORDS, *_SCALES, "dozen"], key=len, reverse=True))
_FRACTION_WORD = rf"(?:hal(?:f|ves)|(?:{'|'.join(list(_SHARES)[1:])})s?)"
_FEW = "one|two|three|four|five|six|seven|eight|nine"
WORDED = (
    rf"(?:{_CARDINAL}|an?(?=\s+(?:hundred|thousand|million|billion|dozen)\b))"
    rf"(?:(?:[\s-]+|\s+and\s+)(?:{_CARDINAL}))*"
    rf"(?:\s+point(?:\s+(?:{_CARDINAL}))+)?"
    rf"(?:\s+and\s+(?:a|one|three)[\s-]+{_FRACTION_WORD})?"
)
_SCALED = "|".join(_SCALES)
FRACTION = (
    rf"(?:(?:an?\s+)?(?:half|quarter)\s+(?:of\s+)?an?\s+(?:{_SCALED})\b"
    rf"|(?:(?:an?|{_FEW})[\s-]+{_FRACTION_WORD}|half)(?=\s+(?:of|the|a|an|its|their|his|her)\b)"
    rf"|(?:{_FEW})[\s-]+(?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth)s\b"
    r"|(?<=by\s)half\b)"
)
_BEFORE = ("than", "least", "most", "within", "under", "over")
SINGLE = (
    "(?:" + "|".join(rf"(?<={w}\s)" for w in _BEFORE) + r")an?(?=\s+(?:year|month|week|day)\b)"
    r"|\ban?(?=\s+(?:year|month|week|day)\s+and\s+a\s+half\b)"
)
"""The article that counts: "less than a year" is less than one."""
_SMALL = rf"(?:\d{{1,3}}|{_FEW}|ten)"
PART = (
    rf"(?P<part>{_SMALL})\s+(?:in|out\s+of)\s+(?:every\s+)?"
    rf"(?P<whole>{_SMALL}|twenty|(?:a|one)\s+hundred)\b(?![\s-]*(?:%|\w*(?:reason|rule|condition|factor|model|ground|test|limit"
    r"|month|year|day|week|point|percent|per\b|thousand|million)))(?![.,:]\d)"
)
"""Four in ten, 3 out of 5; but not two of three reasons, nor so many in ten days."""
ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th))"


def digits(text: str) -> Decimal | None:
    """The value of a numeral written in digits, None where it has no one reading ("5,5", "1,2000").

    Thousands may be grouped by commas or hard spaces; the decimal mark is a point.
    """
    return plain(text) if _PLAIN.fullmatch(text) else None


def plain(text: str) -> Decimal:
    """The value of a numeral that has one reading."""
    return Decimal(text.translate(_GROUPING))


def places(text: str) -> int:
    """How many decimals a numeral written in digits shows."""
    return len(text.partition(".")[2])


def worded(text: str) -> Decimal:
    """The value of a numeral written in words, such as "one hundred and twenty" or "two and a half"."""
    head, _, tail = _fraction_tail(text.lower())
    whole, _, decimals = head.partition(" point")
    value = Decimal(_whole(whole))
    if decimals.strip():
        value += Decimal("0." + "".join(str(_WORDS[w]) for w in decimals.split() if w in _WORDS))
    return value + (fraction(tail) if tail else 0)


def _fraction_tail(text: str) -> tuple[str, str, str]:
    found = re.search(rf"\s+and\s+((?:a|one|three)[\s-]+{_FRACTION_WORD})$", text)
    return (text[: found.start()], "and", found.group(1)) if found else (text, "", "")


def _whole(text: str) -> int:
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", text):
        if word in _WORDS:
            current += _WORDS[word]
        elif word == "dozen":
            current = max(current, 1) * 12
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
        elif word in ("a", "an"):
            current = 0
    return total + current


def fraction(text: str) -> Decimal:
    """The value of a fraction in words, such as "two thirds" or "half"."""
    words = re.findall(r"[a-z]+", text.lower())
    if words[-1] in _SCALES:
        return Decimal(_SCALES[words[-1]]) / _SHARES["half" if "half" in words else "quarter"]
    share = "half" if words[-1] in ("half", "halves") else words[-1].rstrip("s")
    count = _WORDS.get(words[0], 1) if len(words) > 1 else 1
    return Decimal(count) / Decimal(_SHARES[share])


def part(found: re.Match[str]) -> Decimal | None:
    """The share that a match of PART names: "4 in 10" is 0.4; None where it is none."""
    few, many = (_counted(found[name]) for name in ("part", "whole"))
    return Decimal(few) / Decimal(many) if 0 < few < many else None


def _counted(text: str) -> int:
    return int(text) if text.isdigit() else _whole(text.lower())


def ordinal(text: str) -> int:
    """The rank that an ordinal names: "second" and "2nd" are 2."""
    lowered = text.lower()
    return _ORDINALS[lowered] if lowered in _ORDINALS else int(re.sub(r"\D", "", lowered))

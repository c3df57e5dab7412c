"""Comparing phrases of English and the negations that turn them round."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from decisioning.model import Comparator

OPPOSITE = {
    Comparator.GT: Comparator.LE,
    Comparator.LE: Comparator.GT,
    Comparator.LT: Comparator.GE,
    Comparator.GE: Comparator.LT,
    Comparator.EQ: Comparator.NE,
    Comparator.NE: Comparator.EQ,
}
"""What a comparator says when it is negated."""

_LIMITED = (
    r"(?:the\s+|a\s+|its\s+|our\s+|that\s+|this\s+|any\s+)?(?:\w+[\s-]){0,4}?"
    r"(?:limits?|maximum|minimum|thresholds?|cut-?offs?|floor|ceiling|cap|level|mark|line|band|average|bar)\b"
)
_NUMERAL = (
    r"(?:(?:the|a|an|our|its)\s+(?:[a-z]+\s+)?|some\s+|about\s+|both\s+)?(?:[€$£₧]|[A-Z]{3}\s*)?(?:\d|one|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve|thir|fif|twent|fort|eighty|ninet|half\b)"
)
_PERIOD = r"(?:the\s+|a\s+)?(?:\d[\d.,]*|[a-z]+(?:-[a-z]+)?)[\s-]+(?:years?|months?|weeks?|days?|monthly)\b"
"""A loan runs "over 36 months": no comparison, unless a term "is over" or is one "of over" them."""
_BEING = (
    "(?:"
    + "|".join(rf"(?<=\b{w}\s)" for w in ("is", "of", "for", "are", "be", "any", "just", "well", "terms"))
    + ")"
)

_PHRASES: tuple[tuple[Comparator, str], ...] = (
    (
        Comparator.GE,
        r"at\s+or\s+(?:above|over)|equal(?:s|led)?\s+(?:to\s+)?or\s+(?:is\s+)?(?:exceeds?|above|more\s+than)",
    ),
    (
        Comparator.LE,
        r"at\s+or\s+(?:below|under)|equal(?:s|led)?\s+(?:to\s+)?or\s+(?:is\s+)?(?:below|less\s+than)",
    ),
    (Comparator.GE, r"(?:greater|more|higher|larger|longer)\s+than\s+or\s+equal\s+to"),
    (Comparator.LE, r"(?:less|lower|smaller|shorter|fewer)\s+than\s+or\s+equal\s+to"),
    (Comparator.GE, r"at\s+(?:the\s+very\s+|the\s+|a\s+)?(?:least|minimum)|>=|≥|starting\s+(?:at|from)"),
    (
        Comparator.LE,
        r"at\s+(?:the\s+very\s+|the\s+|a\s+)?(?:most|maximum)|<=|≤|(?<!adds\s)(?<!add\s)(?<!added\s)(?<!adding\s)(?<!amounts\s)(?<!comes\s)up\s+to|as\s+(?:much|many|long|high)\s+as",
    ),
    (Comparator.LE, r"(?:capped|limited|restricted|confined)\s+(?:at|to)|not\s+exceeding"),
    (Comparator.LT, r"fall(?:s|ing|en)?\s+short\s+of|fell\s+short\s+of|short\s+of|miss(?:es|ed)\s+(?=the\b)"),
    (
        Comparator.LT,
        r"fail(?:s|ed|ing)?\s+to\s+(?:reach|meet|attain|clear|pass|make)|fail(?:s|ed|ing)?\s+(?=the\s+(?:cut-?off|minimum|floor))",
    ),
    (
        Comparator.GT,
        r"exceed(?:s|ed|ing)?|in\s+excess\s+of|surpass(?:es|ed|ing)?|outstrip(?:s|ped)?|overshoots?|upwards\s+of",
    ),
    (
        Comparator.GT,
        r"(?:more|greater|higher|larger|bigger|longer|later|older)\s+(?:[a-z]+\s+){0,2}?than|above|beyond|>",
    ),
    (Comparator.GT, rf"(?:over|past)(?=\s+{_LIMITED})|(?:over|past)(?!\s+{_PERIOD})(?=\s+{_NUMERAL})"),
    (Comparator.GT, rf"{_BEING}over(?=\s+{_PERIOD})"),
    (
        Comparator.GT,
        rf"(?:tops|topped|passes|passed|outruns|outran|cross(?:es|ed)|overstep(?:s|ped)?)(?=\s+(?:{_NUMERAL}|{_LIMITED}))",
    ),
    (Comparator.GT, r"breach(?:es|ed|ing)?(?=\s+(?:the|our|its|that|this|a)\b)"),
    (
        Comparator.LT,
        r"(?:less|lower|fewer|smaller|shorter|earlier|younger)\s+(?:[a-z]+\s+){0,2}?than|below|beneath|<",
    ),
    (Comparator.LT, rf"under(?=\s+(?:{_NUMERAL}|{_LIMITED}))"),
    (Comparator.LE, rf"within(?=\s+(?:{_NUMERAL}|{_LIMITED}))"),
    (
        Comparator.GE,
        r"reach(?:es|ed|ing)?(?=\s)|meets?(?=\s+(?:the|our|a)\b)|clear(?:s|ed)?(?=\s+(?:the|our|a|its|that)\b)",
    ),
    (Comparator.EQ, r"equal(?:s|led)?(?:\s+to)?|exactly|=="),
)
_NOTHING_AFTER = r"(?!\s+(?:than\b|\d|[€$£₧]|[A-Z]{3}\s?\d|the\b|an?\b|its\b|our\b|one\b|all\b))"
""" "500 and below" is no more than 500; "at least 500 and below 540" is another comparison."""
_AFTER: tuple[tuple[Comparator, str], ...] = (
    (
        Comparator.GE,
        r"(?:or|and)\s+(?:more|above|over|higher|longer|greater|upwards?|better)"
        + _NOTHING_AFTER
        + r"|upwards|at\s+(?:the\s+)?least|at\s+(?:a\s+)?minimum",
    ),
    (
        Comparator.LE,
        r"at\s+the\s+latest|(?:or|and)\s+(?:less|below|under|lower|shorter|fewer|smaller)"
        + _NOTHING_AFTER
        + r"|at\s+(?:the\s+)?most|at\s+(?:a\s+)?maximum",
    ),
)
_PHRASE = re.compile(
    "|".join(rf"(?P<p{n}>(?<![\w-])(?:{p}))" for n, (_, p) in enumerate(_PHRASES)),
    re.IGNORECASE,
)
_LOWERED = re.compile(_PHRASE.pattern.replace("A-Z", "a-z"))
"""The same for a text in lower case: it is faster than a pattern that ignores case."""
AFTER = re.compile(
    "|".join(rf"(?P<a{n}>\s*,?\s*\(?(?:{p})\b)" for n, (_, p) in enumerate(_AFTER)), re.IGNORECASE
)
_STOP = (
    r"(?:because|as|since|and|but|so|which|that|if|when|where|while|although|though|therefore|hence|"
    r"unless|whose|who|than|rather)"
)
_NEGATOR = (
    r"(?:not|never|no|cannot|can't|neither|nor|without|\w+n['\u2019]t|fail(?:s|ed|ing)?\s+to|far\s+from)"
)
_NEGATED = re.compile(
    rf"(?<![\w-]){_NEGATOR}(?:\s+(?!{_STOP}\b)[\w'\u2019-]+){{0,3}}\s+$"
    r"|\bnot\s+so\s+\w+\s+as\s+to\s+(?:be\s+)?$",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"not\s+only\s+(?:[\w'\u2019-]+\s+){0,2}$|no\s+(?:doubt|longer)\s+(?:[\w'\u2019-]+\s+){0,2}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A comparing phrase of a text; `comparator` has its negation folded in."""

    comparator: Comparator
    negated: bool
    start: int
    end: int


def negated_at(text: str, position: int) -> bool:
    """Whether a negation stands so close before that position that it governs what follows."""
    left = text[max(0, position - 60) : position]
    return bool(_NEGATED.search(left)) and not _NO_NEGATION.search(left)


@lru_cache(maxsize=4096)
def comparing_phrases(text: str) -> tuple[Phrase, ...]:
    """The comparing phrases of the text in order, such as "at least", "does not exceed" or "above"."""
    return tuple(_found(text))


def _found(text: str) -> Iterator[Phrase]:
    lowered = text.lower()
    pattern, read = (_LOWERED, lowered) if len(lowered) == len(text) else (_PHRASE, text)
    for found in pattern.finditer(read):
        number = int(str(found.lastgroup)[1:])
        comparator = _PHRASES[number][0]
        negated = negated_at(text, found.start())
        yield Phrase(OPPOSITE[comparator] if negated else comparator, negated, found.start(), found.end())


def comparator_after(text: str, end: int) -> tuple[Comparator, int] | None:
    """The comparator that trails a quantity ending there ("60 % or more") and where it ends."""
    found = AFTER.match(text, end)
    if not found:
        return None
    return _AFTER[int(str(found.lastgroup)[1:])][0], found.end()


def trailing_phrases(text: str, ends: Iterable[int]) -> Iterator[Phrase]:
    """What trails quantities that end there and compares: the "or less" of "60 % or less"."""
    for end in ends:
        after = comparator_after(text, end)
        if after:
            start = end + len(text[end:]) - len(text[end:].lstrip())
            yield Phrase(after[0], False, start, after[1])

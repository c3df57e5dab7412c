"""A sentence must not hold for more than its clause: no condition dropped, no duty invented or turned."""

import re
from collections.abc import Iterator
from itertools import pairwise

from decisioning.grounding.anchors import check_anchors
from decisioning.grounding.conditions import check_conditions
from decisioning.grounding.duties import check_duties
from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.swapped import nearest_to
from decisioning.grounding.text import Word, words
from decisioning.model import Comparator, Problem
from decisioning.numbers import Kind, Phrase, bound_of, comparing_phrases

_STRONG = re.compile(
    r"\b(?:without\s+(?:any\s+)?exceptions?|whatever|regardless|irrespective|whether\s+or\s+not|in\s+(?:any|every|all)\s+cases?|no\s+matter"
    r"|always|invariably|under\s+all\s+circumstances|unconditionally|and\s+never\s+(?:for\s+)?less|even\s+(?:if|when|where|for|without)"
    r"|forever|permanently|as\s+often\s+as|wherever|however\s+(?:\w+ly|much|many|long|high)|without\s+regard|for\s+all\s+purposes|out\s+of\s+the\s+question"
    r"|throughout|for\s+the\s+(?:whole|entire|full)\s+\w+|from\s+the\s+first\s+day)\b",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\b(?:every|all|any|each|whenever)\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:unless|except(?:\s+(?:as|where|if|when|that))?|other\s+than|if|when|where|whenever|only|provided\s+that|as\s+long\s+as|that\s+(?:is|are|was|were|has|have|\w+s)|which"
    r"|who\s+(?:has|have|is|are)|whose|to\s+the\s+extent)\b(?P<rest>[^,.;]*)",
    re.IGNORECASE,
)
_KEPT = 0.34
_CLOSE = 16
"""Characters between a thing and the limit that says which of it is meant: "balances up to"."""
_ONLY = re.compile(
    r"(?<!not\s)\b(?:only(?!\s+(?:once|after|[\d\u20ac$\u00a3]|a\b|an\b|one\b|two\b|half\b))|solely|exclusively|nothing\s+but|nobody\s+but)\b"
    r"|\b(?:the\s+)?sole(?:\s+\w+)?\s+(?:ground|reason|condition|basis|purpose|case)\b",
    re.IGNORECASE,
)
_EXCLUSIVE = re.compile(
    r"\b(?:only|sole(?:ly)?|exclusively|alone|limited|restrict\w*|unless|except|other\s+than|confined|single|just|until"
    r"|(?:not|no|nobody|none|never|nothing|neither|cannot)\b[^.;]*\b(?:if|where|when|before|other|else|but|without|than))\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?P<word>and|or)\b", re.IGNORECASE)
_AND_OR = re.compile(
    r"\b(?P<one>[a-z]{3,})\s+(?P<word>and|or)\s+(?:(?:the|an?|its|their|by|of|in)\s+)*(?P<other>[a-z]{3,})",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"\b(?P<word>unless|except\s+(?:if|where|when)|if|where|when)\b(?P<rest>[^,.;]*)", re.IGNORECASE
)
_SAME = 0.66
_SIDES = {Comparator.GT: 1, Comparator.GE: 1, Comparator.LT: -1, Comparator.LE: -1}
_OUTCOME = re.compile(
    r"\b(?:declined|refused|rejected|turned\s+down|referred|approved|accepted|granted|deleted|lost)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|none|nobody|nothing|without|only|unless|except)\b", re.IGNORECASE
)


def check_widened(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each way in which the sentence says more than the clauses nearest to it."""
    if pool.outcome is not None:
        return
    nearest = nearest_to(said, pool)
    if nearest:
        yield from _universal(said, nearest, pool)
        yield from _two_limits(said, nearest)
        yield from check_duties(said, nearest, pool)
        yield from _joined(said, nearest)
        yield from _both_limits(said, nearest)
        yield from _only(said, nearest)
        yield from _turned(said, nearest)
        yield from check_anchors(said, nearest, pool)
        yield from check_conditions(said, nearest, pool)
        yield from _unless(said, nearest)


def _universal(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "without exception", "every": only where the clause has no condition that is left out."""
    strong = _STRONG.search(said.text)
    if strong and not any(
        strong.group().lower() in p.text.lower() or _STRONG.search(p.text) for p in pool.passages
    ):
        yield said.problem("exception", f'no clause says "{strong.group()}"')
        return
    weak = _WEAK.search(said.text)
    noun = next((w for w in said.words if weak and w.start >= weak.end() and not is_stop(w.text)), None)
    if not weak:
        return
    if noun:
        yield from _bounded(said, noun, weak.group(), nearest)
        yield from _restricted(said, noun, weak.group(), nearest)
    phrase = " ".join(said.text[weak.start() :].split()[:2]).lower()
    if any(phrase in p.text.lower() for p in nearest):
        return
    yield from _conditional(said, weak.group(), nearest)


def _bounded(said: Said, noun: Word, every: str, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "All balances" where the clause has "balances up to 50,000 euros"."""
    for passage in nearest:
        for word in (w for w in passage.words if w.stem == noun.stem):
            bounded = [q for q in passage.quantities if bound_of(q) and 0 <= q.start - word.end <= _CLOSE]
            if bounded and not any(equal(q, bounded[0]) for q in said.amounts):
                yield said.problem("exception", f'"{every}" leaves out "{bounded[0].text}"')
                return


def _conditional(said: Said, every: str, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """What holds under a condition does not hold of all."""
    own = frozenset(k for w in said.content for k in keys(w.stem))
    for passage in nearest:
        for condition in _CONDITION.finditer(passage.text):
            rest = [w for w in words(condition["rest"]) if not is_stop(w.text) and not is_neutral(w.stem)]
            told = sum(bool(keys(w.stem) & own) for w in rest)
            if rest and told <= _KEPT * len(rest):
                yield said.problem("exception", f'"{every}" leaves out "{condition.group().strip()}"')
                return


def _restricted(said: Said, noun: Word, every: str, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "All applicants" where the clause has "self-employed applicants" alone."""
    before = [
        next((v for v in p.words if v.end + 1 == w.start), None)
        for p in nearest
        for w in p.words
        if w.text.lower() == noun.text.lower()
    ]
    kept = frozenset(k for w in said.words for k in keys(w.stem))
    left = [w for w in before if w and not (is_stop(w.text) or is_neutral(w.stem) or keys(w.stem) & kept)]
    if left and len(left) == len(before):
        yield said.problem("exception", f'"{every}" leaves out "{left[0].text}"')


def _two_limits(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """Where two conditions must both be met, one of them does not do."""
    if not _OUTCOME.search(said.text):
        return
    for passage in nearest:
        bounds = [q for q in passage.quantities if bound_of(q) and q.kind is not Kind.CLAUSE]
        both = (
            len(bounds) > 1 and _OUTCOME.search(passage.text) and not re.search(r"\b(?:n?or)\b", passage.text)
        )
        told = [b for b in bounds if any(equal(q, b) for q in said.amounts)]
        if both and told and len(told) < len(bounds):
            left = next(b for b in bounds if b not in told)
            yield said.problem("exception", f'the clause asks for "{left.text}" as well')
            return


def _joined(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "The borrower or the guarantor" is not both."""
    for one, word, other in _pairs(said.text):
        pairs = [p for passage in nearest for p in _pairs(passage.text)]
        theirs = {w for a, w, b in pairs if {a, b} == {one, other}}
        if theirs and word not in theirs and not _NO.search(said.text):
            yield said.problem("exception", f'the clause has "{min(theirs)}" where this has "{word}"')
            return


def _both_limits(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """Of two limits that must both be met, one is not enough: what stands between two numbers is kept."""
    for first, second in pairwise(said.amounts):
        own = _BETWEEN.findall(said.text[first.end : second.start])
        theirs = [
            _BETWEEN.findall(p.text[a.end : b.start])
            for p in nearest
            for a, b in pairwise([q for q in p.quantities if q.kind is not Kind.CLAUSE])
            if equal(first, a) and equal(second, b)
        ]
        words_of = {w[0].lower() for w in theirs if w}
        if len(own) == 1 and len(words_of) == 1 and own[0].lower() not in words_of:
            yield said.problem("exception", f'the clause has "{min(words_of)}" where this has "{own[0]}"')
            return


def _turned(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "At most once a month" is not "at least once a month": comparisons of what is told in words."""
    for own in said.phrases if not said.amounts else ():
        after = _next_two(said.text, own)
        found = ((q.text, p) for q in nearest for p in comparing_phrases(q.text))
        sides = {_SIDES.get(p.comparator, 0) for text, p in found if _next_two(text, p) == after}
        if len(after) > 1 and sides == {-_SIDES.get(own.comparator, 0)}:
            yield said.problem("comparator", f'"{said.text[own.start : own.end]}" turns the clause round')
            return


def _next_two(text: str, phrase: Phrase) -> list[str]:
    return text[phrase.end :].lower().split()[:2]


def _only(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """What a clause says of some is not said of these only."""
    found = _ONLY.search(said.text)
    if found and not any(_EXCLUSIVE.search(p.text) for p in nearest):
        yield said.problem("exception", f'no clause says "{found.group()}" of this')


def _pairs(text: str) -> list[tuple[str, str, str]]:
    """Each two words of a text that an "and" or an "or" joins."""
    found = ((words(m["one"]), m["word"].lower(), words(m["other"])) for m in _AND_OR.finditer(text))
    return [(a[0].stem, word, b[0].stem) for a, word, b in found if a and b]


def _unless(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """ "Unless the home is damaged" is not "if the home is damaged"."""
    for own in _WHETHER.finditer(said.text):
        about = _about(own["rest"])
        for passage in nearest:
            theirs = [m for m in _WHETHER.finditer(passage.text) if _alike(about, _about(m["rest"]))]
            signs = {_negative(m) for m in theirs}
            if signs and _negative(own) not in signs:
                yield said.problem("exception", f'the clause says "{theirs[0].group().strip()}"')
                return


def _about(text: str) -> frozenset[str]:
    return frozenset(w.stem for w in words(text) if not is_stop(w.text) and not is_neutral(w.stem))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) >= _SAME * max(len(one), len(other))


def _negative(found: re.Match[str]) -> bool:
    """Whether a condition holds where what it names does not."""
    unless = found["word"].lower() in ("unless", "except if", "except where", "except when")
    return unless is not bool(re.search(r"\b(?:not|no|never)\b", found["rest"], re.IGNORECASE))

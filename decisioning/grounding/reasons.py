"""Whether a text gives every principal reason, in anybody's words (Reg B comment 9(b)(2)-4)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from decisioning.claims import Claim, reason_of, rule_of
from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.pool import passages_of
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word
from decisioning.grounding.topics import Phrase, phrases
from decisioning.model import Problem, Reason

Mention = frozenset[tuple[int, int]]
"""Where a reason is given: the sentence's number and the places of the words that give it."""

_TOLD = re.compile(
    r"\b(?:reasons?|because|due|owing|factors?|against|above|below|exceed\w*|over|under|short|too|low\w*|high\w*|few\w*|little|long\w*"
    r"|insufficient|excessive|limit\w*|cut-?off|minimum|maximum|weigh\w*|count\w*|adverse|lack\w*|not|weak\w*|poor|points|beyond|larger"
    r"|more|less|large|heavy|short|brief|limited|refer\w*|person|need\w*|hurt|scor\w*|concern\w*|worr\w*|led|problem\w*)\b",
    re.IGNORECASE,
)
_ENOUGH = 0.5
_MOST_PLACES = 24


def missing_reasons(
    texts: Sequence[str], claims: Sequence[Claim], titles: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """A problem for each principal reason that none of the sentences gives.

    Two reasons need words of their own each: "debt service to income is too high" gives one reason
    about income, not two.
    """
    said = [Said(text) for text in texts]
    wanted = [
        (reason, _mentions(said, claim, reason, titles or {}))
        for claim in claims
        if (reason := reason_of(claim))
    ]
    wanted.sort(key=lambda w: len(w[1]))
    given = _assign([m for _, m in wanted])
    return tuple(_problem(reason) for (reason, _), found in zip(wanted, given, strict=True) if not found)


def _assign(mentions: list[list[Mention]]) -> list[bool]:
    """Which reasons can be given by words of their own: the assignment that serves most."""
    best: list[bool] = [False] * len(mentions)

    def place(n: int, used: Mention, given: list[bool]) -> None:
        nonlocal best
        if sum(given) + len(mentions) - n <= sum(best):
            return
        if n == len(mentions):
            best = list(given)
            return
        for mention in mentions[n]:
            if not mention & used:
                place(n + 1, used | mention, [*given, True])
        place(n + 1, used, [*given, False])

    place(0, frozenset(), [])
    return best


def _mentions(said: list[Said], claim: Claim, reason: Reason, titles: Mapping[str, str]) -> list[Mention]:
    found: list[Mention] = []
    for number, sentence in enumerate(said):
        told = bool(_TOLD.search(sentence.text))
        least = 0 if told else 0.6 * max(1, len(sentence.content))
        places = (p for p in _places(sentence, claim, reason, titles) if len(p) >= least)
        found += [frozenset((number, p) for p in own) for own in places]
    smallest = sorted(set(found), key=lambda m: (len(m), sorted(m)))
    return smallest[:_MOST_PLACES]


def _places(said: Said, claim: Claim, reason: Reason, titles: Mapping[str, str]) -> Iterator[frozenset[int]]:
    rule = rule_of(claim)
    name = rule.fact if rule else reason.source
    for phrase in phrases(name, titles.get(name, "")):
        yield from _of_phrase(said, phrase)
    appendix = reason.appendix_c.removeprefix("other:")
    for text in (reason.text, appendix, reason.code.replace("_", " ")):
        for passage in passages_of("reason", None, text):
            yield from _of_text(said, passage.words)


def _of_phrase(said: Said, phrase: Phrase) -> Iterator[frozenset[int]]:
    places = [[w.start for w in said.words if w.stem == word] for word in phrase]
    if not all(places):
        return
    for combination in list(product(*(p[:3] for p in places)))[:8]:
        if len(set(combination)) == len(phrase):
            yield frozenset(combination)


def _of_text(said: Said, text: Sequence[Word]) -> Iterator[frozenset[int]]:
    wanted = [w for w in text if not is_stop(w.text) and not is_neutral(w.stem)]
    if not wanted:
        return
    hits = {w.stem: [v.start for v in said.content if keys(v.stem) & keys(w.stem)] for w in wanted}
    exact = sum(1 for w in wanted if any(v.stem == w.stem for v in said.content))
    carried = sum(1 for w in wanted if hits[w.stem])
    if carried >= _ENOUGH * len(wanted) and exact >= 1 and carried >= min(2, len(wanted)):
        yield frozenset(p for places in hits.values() for p in places[:1])


def _problem(reason: Reason) -> Problem:
    return Problem(
        sentence=None,
        code="missing_reason",
        problem=f'principal reason {reason.rank} is not given: "{reason.text}" ({reason.code})',
    )

"""Whether a text gives every principal reason, in anybody's words (Reg B comment 9(b)(2)-4)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from decisioning.claims import Claim, comparisons_of, reason_of, rule_of
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_neutral, is_stop, listed
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.text import words
from decisioning.grounding.topics import MEANT, named_in, phrases, stems_of, words_of
from decisioning.model import Comparator, Component, Problem, Reason, Rule
from decisioning.numbers import Kind, states

Mention = frozenset[tuple[int, int]]
"""Where a reason is given: the sentence's number and the places of the words that give it."""

_ENOUGH = 0.5
_KEPT = (Comparator.LE, Comparator.GE)
_MOST_PLACES = 24
_COMBINATIONS = 8
_MOSTLY = 1.5
"""A sentence not this many times as long as a reason's own text says that reason and no other."""
_REQUESTED = ("amount", "term_months")
"""What every sentence about the outcome names."""


@dataclass(frozen=True)
class _Wanted:
    """A reason to be found: its rule, what its topic is called, and the words that are its own."""

    reason: Reason
    rule: Rule | None
    name: str
    title: str
    own: frozenset[str]
    twins: tuple[Rule | None, ...]


def missing_reasons(
    texts: Sequence[str],
    claims: Sequence[Claim],
    titles: Mapping[str, str] | None = None,
    currency_unit: int = 1,
) -> tuple[Problem, ...]:
    """A problem for each principal reason that none of the sentences gives.

    Two reasons need words of their own each: "debt service to income is too high" gives one reason
    about income, not two; and a rule's reason and the score's on the same fact need a sentence each.
    """
    wanted = _wanted(claims, titles or {})
    if not wanted:
        return ()
    said = [said_of(text) for text in texts]
    around = _around(wanted, claims, titles or {})
    longer = [_standing(each, around) for each in said]
    texts_of = frozenset(_plain(w.reason.text) for w in wanted)
    found = [(w, _mentions(said, longer, w, texts_of, currency_unit)) for w in wanted]
    found.sort(key=lambda f: (len(f[1]), f[0].reason.rank))
    given = _assign([m for _, m in found])
    missing = (w.reason for (w, _), there in zip(found, given, strict=True) if not there)
    return tuple(_problem(r) for r in sorted(missing, key=lambda r: r.rank))


def _wanted(claims: Sequence[Claim], titles: Mapping[str, str]) -> list[_Wanted]:
    carried = [(claim, reason) for claim in claims if (reason := reason_of(claim))]
    texts = [_stems_of(reason) for _, reason in carried]
    shared = Counter(s for text in texts for s in text)
    names = [rule.fact if (rule := rule_of(claim)) else reason.source for claim, reason in carried]
    named: dict[str, list[tuple[Claim, Rule | None]]] = {}
    for (claim, _), name in zip(carried, names, strict=True):
        named.setdefault(name, []).append((claim, rule_of(claim)))
    return [
        _Wanted(
            reason=reason,
            rule=rule_of(claim),
            name=name,
            title=titles.get(name, ""),
            own=frozenset(s for s in text if shared[s] == 1 and s not in listed("boilerplate.txt")),
            twins=tuple(r for c, r in named[name] if c is not claim),
        )
        for (claim, reason), text, name in zip(carried, texts, names, strict=True)
    ]


def _around(wanted: list[_Wanted], claims: Sequence[Claim], titles: Mapping[str, str]) -> dict[str, str]:
    """The titles of all facts that may be named in these texts."""
    rules = [rule for claim in claims if (rule := rule_of(claim))]
    read = (c.fact for rule in rules for c in comparisons_of(rule))
    return {fact: titles.get(fact, "") for fact in (*(w.name for w in wanted), *titles, *read)}


def _standing(said: Said, around: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The words of the longest name of each fact that stands in a sentence."""
    near = [n for n, title in around.items() if not said.stems.isdisjoint(stems_of(n, title))]
    found = ((name, words_of(name, said.sequence, around[name])) for name in near)
    return {name: own for name, own in found if len(own) > 1}


def _stems_of(reason: Reason) -> frozenset[str]:
    appendix = reason.appendix_c.removeprefix("other:")
    text = f"{reason.text} {appendix} {reason.code.replace('_', ' ').lower()}"
    return frozenset(w.stem for w in words(text) if not is_stop(w.text) and not is_neutral(w.stem))


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


def _mentions(
    said: list[Said],
    longer: list[dict[str, frozenset[str]]],
    wanted: _Wanted,
    texts: frozenset[str],
    currency_unit: int,
) -> list[Mention]:
    found: list[Mention] = []
    own_text = _plain(wanted.reason.text)
    for number, sentence in enumerate(said):
        spoken = _plain(sentence.text)
        if own_text and own_text in spoken:
            start = spoken.find(own_text)
            found.append(frozenset((number, p) for p in range(start, start + len(own_text))))
            continue
        if any(text and text in spoken and len(spoken) < _MOSTLY * len(text) for text in texts):
            continue
        if (
            _keeps(sentence)
            or form("of another rule").search(sentence.text)
            or _is_of_a_twin(sentence, wanted, currency_unit)
        ):
            continue
        least = 0 if _gives(sentence, wanted) else 0.6 * max(1, len(sentence.content))
        others = [own for name, own in longer[number].items() if name != wanted.name]
        places = (p for p in _places(sentence, others, wanted, currency_unit) if len(p) >= least)
        found += [frozenset((number, p) for p in own) for own in places]
    smallest = sorted(set(found), key=lambda m: (len(m), sorted(m)))
    return smallest[:_MOST_PLACES]


def _keeps(said: Said) -> bool:
    """Whether a sentence only tells of limits that were kept: "not above the limit of 50 %"."""
    return bool(said.phrases) and all(p.negated and p.comparator in _KEPT for p in said.phrases)


def _plain(text: str) -> str:
    return text.lower().rstrip(". ")


def _gives(said: Said, wanted: _Wanted) -> bool:
    """Whether a sentence gives a reason at all; that so much is asked for and goes to a person gives none."""
    if form("gives a reason").search(said.text):
        return True
    return wanted.name not in _REQUESTED and bool(form("may give a reason").search(said.text))


def _is_of_a_twin(said: Said, wanted: _Wanted, currency_unit: int) -> bool:
    """Whether a sentence gives the reason of another rule, or of the score, on the same fact."""
    if not wanted.twins:
        return False
    scored = wanted.reason.component is Component.SCORE
    if bool(form("of the score").search(said.text)) is not scored:
        return True
    others = [rule for rule in wanted.twins if rule is not None]
    if scored or wanted.rule is None:
        return False
    return not _limited_by(said, wanted.rule, currency_unit) and any(
        _limited_by(said, rule, currency_unit) for rule in others
    )


def _limited_by(said: Said, rule: Rule, currency_unit: int) -> bool:
    """Whether a sentence names the clause of a rule or its limit."""
    limit = comparisons_of(rule)[0].limit
    if not isinstance(limit, int | float):
        return False
    return any(
        q.name == rule.clause if q.kind is Kind.CLAUSE else states(q, limit, rule.unit, currency_unit)
        for q in said.quantities
    )


def _places(
    said: Said, longer: list[frozenset[str]], wanted: _Wanted, currency_unit: int
) -> Iterator[frozenset[int]]:
    own, meant = phrases(wanted.name, wanted.title)
    for phrase in (*own, *(p for p in meant if len(p) > 1)):
        if said.stems.issuperset(phrase) and not _is_inner(said, phrase, longer):
            yield from _of_phrase(said, phrase)
    if wanted.rule is not None and named_in(wanted.name, said.stems, wanted.title) >= MEANT:
        yield from _of_amount(said, wanted.rule, currency_unit)
    hits = {w.stem: w.start for w in said.content if w.stem in wanted.own}
    if wanted.own and len(hits) >= min(_ENOUGH * len(wanted.own), 2 if len(wanted.own) > 2 else 1):
        yield frozenset(hits.values())


def _is_inner(said: Said, phrase: tuple[str, ...], longer: list[frozenset[str]]) -> bool:
    """Whether the words are part of a longer name there: the income of "debt service to income"."""
    if not any(other > set(phrase) for other in longer):
        return False
    return all(said.sequence.count(word) == 1 for word in phrase)


def _of_amount(said: Said, rule: Rule, currency_unit: int) -> Iterator[frozenset[int]]:
    for comparison in comparisons_of(rule)[:1]:
        for told in (comparison.value, comparison.limit):
            if not isinstance(told, int | float) or isinstance(told, bool):
                continue
            for quantity in said.amounts:
                if states(
                    quantity, abs(told) if told < 0 < quantity.value else told, comparison.unit, currency_unit
                ):
                    yield frozenset({quantity.start})


def _of_phrase(said: Said, phrase: tuple[str, ...]) -> Iterator[frozenset[int]]:
    places = [[w.start for w in said.words if w.stem == word] for word in phrase]
    if not all(places):
        return
    for combination in list(product(*(p[:3] for p in places)))[:_COMBINATIONS]:
        if len(set(combination)) == len(phrase):
            yield frozenset(combination)


def _problem(reason: Reason) -> Problem:
    problem = f'principal reason {reason.rank} is not given: "{reason.text}" ({reason.code})'
    return Problem(sentence=None, code="missing_reason", problem=problem)

"""What a sentence says of a fact and its limit must be so: above is not below, must is not must not."""

import re
from collections.abc import Iterator

from decisioning.claims import comparisons_of
from decisioning.comparison import compare
from decisioning.grounding.arithmetic import compares
from decisioning.grounding.forms import form
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import COMPLEMENT, Known, Pool, Role, equal, same
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.standing import value_of
from decisioning.grounding.topics import MEANT, NAMED
from decisioning.grounding.working import mirrored, stands_to
from decisioning.model import Comparator, Effect, Problem
from decisioning.numbers import Kind, Phrase, Quantity, bound_of, comparing_phrases

_POLICY_ASKS = re.compile(
    r"\b(?:policy|manual|lender|rule|clause|system|[A-Z]+-[\d.]+|we|that)\s+(?:\w+\s+)?(?:wants?|needs?|asks?(?:\s+for)?|calls?\s+for"
    r"|demands?|expects?)\b"
)
_IS_ASKED = re.compile(
    r"\s*(?:points\s+)?(?:is|are|was|were)\s+(?:needed|required|asked|demanded|called)\b",
    re.IGNORECASE,
)
_LIMIT_NOUN = re.compile(
    r"^\W*(?:[\w'-]+\s+){0,4}?(?:limits?|maximum|minimum|ceiling|cap|floor|thresholds?|cut-?off|line|level|bar|average|mark|amount"
    r"|norm|band|zero|[A-Z]+-[\d.]+\s+(?:permits|allows|lets|tolerates|accepts|asks|sets|wants|requires|says)|what\s+(?:the\s+)?\w+\s+(?:may|can|allows?|permits?|accepts?|asks?)|(?:the\s+)?(?:system|policy|lender|we)\s+(?:may|can"
    r"|could|allows?|permits?|accepts?))\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?|got)\s+(?:[\w'\u2019]+\s+){0,2}?$", re.IGNORECASE
)
_PARTICIPLE = re.compile(r"(?:exceeded|surpassed|breached|reached|met|outstripped|missed)\b", re.IGNORECASE)
_TWO = 2
_NEAR_WORDS = 6
_INCLUSIVE = (Comparator.GE, Comparator.LE)
_SIDE = {Comparator.GT: 1, Comparator.GE: 1, Comparator.LT: -1, Comparator.LE: -1}


def check_relations(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each comparison of the sentence that the record contradicts."""
    for phrase in said.phrases if pool.outcome is not None else (*said.phrases, *said.trailing):
        problem = _phrase(said, phrase, pool)
        if problem:
            yield problem
    yield from _bounds(said, pool)


def _phrase(said: Said, phrase: Phrase, pool: Pool) -> Problem | None:
    quantity = _object(said, phrase)
    after = said.text[phrase.end :]
    if quantity is None and form("of an average").search(after[:50]):
        return _against_average(said, phrase, pool)
    if quantity is None:
        pair = _two_facts(said, phrase, pool)
        if pair is not None:
            return pair
    if quantity is None and not _LIMIT_NOUN.search(after) and not _is_passive(said, phrase):
        return None
    limits = _limits(said, quantity, pool, phrase)
    if limits and not (is_general(said, pool) and quantity is not None and _in_clauses(quantity, pool)):
        if quantity is None and not any(_values(k, pool) for k in limits):
            return None
        agreed = [_agrees(said, phrase, quantity, k, pool) for k in limits]
        if any(agreed):
            return None
        return _contradiction(said, phrase, limits[0])
    if quantity is None:
        return None
    so = compares(said, phrase, quantity, pool)
    if so is False:
        words = said.text[phrase.start : quantity.end]
        return said.problem("comparator", f'"{words}" is not so of the facts')
    return None if so else _with_passage(said, phrase, quantity, pool)


def _two_facts(said: Said, phrase: Phrase, pool: Pool) -> Problem | None:
    """ "The loan is above the price" compares two facts of the record with one another."""
    end = min([b for b in said.boundaries if b >= phrase.end], default=len(said.text))
    right, left = said.ordered(phrase.end, end), said.ordered(0, phrase.start)
    others = [n for topic in pool.topics(right[:_NEAR_WORDS]) for n in topic]
    named = sorted(
        ((pool.named(n, frozenset(left)), n) for n in pool.may_name(frozenset(left))), reverse=True
    )
    if (
        len(others) != 1
        or len(pool.topics(left)) > 1
        or not named
        or named[0][0] < MEANT
        or _LIMIT_NOUN.search(said.text[phrase.end : end])
    ):
        return None
    one, other = value_of(named[0][1], pool), value_of(others[0], pool)
    if one is None or other is None or one.unit is not other.unit or one.name == other.name:
        return None
    if compare(one.value, phrase.comparator, other.value):
        return None
    words = said.text[phrase.start : phrase.end]
    return said.problem("comparator", f'"{words}" is not so of {one.name} and {other.name}')


def _is_passive(said: Said, phrase: Phrase) -> bool:
    """ "The limit of 70 % was not exceeded": what is compared with stands before."""
    left = max([b for b in said.boundaries if b < phrase.start], default=0)
    before = said.text[left : phrase.start]
    words = said.text[phrase.start : phrase.end]
    return bool(_PASSIVE.search(before) and _PARTICIPLE.match(words) and form("strict limit").search(before))


def _object(said: Said, phrase: Phrase) -> Quantity | None:
    """The quantity that a phrase compares with: the next one, or the one that it trails."""
    words = said.text[phrase.start : phrase.end]
    later = [q for q in said.amounts if q.start >= phrase.end]
    earlier = [q for q in said.amounts if q.end <= phrase.start]
    if _is_passive(said, phrase):
        left = max([b for b in said.boundaries if b < phrase.start], default=0)
        return next((q for q in reversed(earlier) if q.start >= left), None)
    if earlier and re.match(r"(?:or|and)\b|upwards", words, re.IGNORECASE):
        return earlier[-1]
    if later and later[0].comparator is phrase.comparator:
        return later[0]
    trailing = not re.search(r"\w", said.text[phrase.end :]) or bool(
        re.match(r"\s*[.,;:)]", said.text[phrase.end :])
    )
    return earlier[-1] if earlier and trailing and re.match(r"at\b", words, re.IGNORECASE) else None


def _in_clauses(quantity: Quantity, pool: Pool) -> bool:
    return any(equal(quantity, q) for p in pool.passages for q in p.quantities)


def _limits(said: Said, quantity: Quantity | None, pool: Pool, phrase: Phrase | None = None) -> list[Known]:
    limits = [k for k in pool.numbers if k.role is Role.LIMIT and not k.name.startswith("score_")]
    if quantity is not None:
        limits = [k for k in limits if same(quantity, k, pool.currency_unit)]
        best = max((pool.named(k.name, said.stems) for k in limits), default=0.0)
        return [k for k in limits if pool.named(k.name, said.stems) >= min(best, NAMED) - 0.001]
    limits = [k for k in limits if not k.turned]
    values = {k.name for q in said.amounts for k in pool.meaning(q) if k.role is not Role.LIMIT}
    named = [(pool.named(k.name, said.stems), k) for k in limits]
    best = max((score for score, _ in named), default=0.0)
    if best < MEANT:
        return _meant(said, phrase, [k for k in limits if k.name in values])
    return _meant(said, phrase, [k for score, k in named if score >= min(best, NAMED) - 0.001])


def _meant(said: Said, phrase: Phrase | None, limits: list[Known]) -> list[Known]:
    """The limit that "the limit" means: of the clause named, else the cut-off, else of a rule that fired."""
    clauses = {q.name for q in said.quantities if q.kind is Kind.CLAUSE and _belongs(said, phrase, q)}
    groups = (
        [k for k in limits if k.rule is not None and k.rule.clause in clauses],
        [k for k in limits if k.rule is None and re.search(r"cut-?\s?off", said.text, re.IGNORECASE)],
        [k for k in limits if k.rule is not None and k.rule.fired and _rule_comparator(k)],
        limits,
    )
    return next((group for group in groups if group), [])


def _belongs(said: Said, phrase: Phrase | None, clause: Quantity) -> bool:
    """Where a sentence compares twice, a clause belongs to the comparison right before it."""
    before = [p for p in said.phrases if p.end <= clause.start]
    return phrase is None or len(said.phrases) < _TWO or (bool(before) and before[-1] == phrase)


def _values(limit: Known, pool: Pool) -> set[float]:
    values = {k.value for k in pool.numbers if k.name == limit.name and k.role is Role.VALUE}
    return {abs(v) for v in values} if limit.turned else values


def _agrees(said: Said, phrase: Phrase, quantity: Quantity | None, limit: Known, pool: Pool) -> bool:
    """Whether the comparison holds for the record's value, or is what the rule acts on or asks for."""
    compared = _rule_comparator(limit)
    true = any(compare(v, phrase.comparator, limit.value) for v in _values(limit, pool))
    left, right = _sides(said, phrase)
    asked = _POLICY_ASKS.search(left) or _IS_ASKED.match(right)
    if compared is not None and ((form("duty or permission").search(left) and quantity is not None) or asked):
        return phrase.comparator is COMPLEMENT[compared]
    if compared is None or not is_general(said, pool):
        return true
    return _triggers(said, phrase, compared)


def _triggers(said: Said, phrase: Phrase, compared: Comparator) -> bool:
    good, bad = bool(form("good").search(said.text)), bool(form("bad").search(said.text))
    if good and not bad:
        return phrase.comparator is COMPLEMENT[compared]
    return phrase.comparator is compared


def _rule_comparator(limit: Known) -> Comparator | None:
    """How the rule compares with this limit where it is the rule's principal one."""
    rule = limit.rule
    if rule is None or rule.effect not in (Effect.DECLINE, Effect.REFER):
        return None
    own = comparisons_of(rule)[0]
    if own.fact == limit.name and isinstance(own.limit, int | float) and _is(own.limit, limit):
        return own.comparator
    return None


def _is(value: float, limit: Known) -> bool:
    return abs(value) == limit.value if limit.turned else value == limit.value


def _sides(said: Said, phrase: Phrase) -> tuple[str, str]:
    """What stands before a phrase in its part of the sentence, and what stands after its quantity."""
    left = max([b for b in said.boundaries if b < phrase.start], default=0)
    quantity = _object(said, phrase)
    return said.text[left : phrase.start], said.text[quantity.end if quantity else phrase.end :]


def _contradiction(said: Said, phrase: Phrase, limit: Known) -> Problem:
    words, name = said.text[phrase.start : phrase.end], limit.name.replace("_", " ")
    return said.problem("comparator", f'"{words}" turns the relation of {name} to its limit round')


def _against_average(said: Said, phrase: Phrase, pool: Pool) -> Problem | None:
    """Points of a principal reason lie below the average, never above it (Reg B comment 9(b)(2)-5)."""
    if _SIDE.get(phrase.comparator) == 1 and any(c.kind == "characteristic" for c in pool.carriers):
        return said.problem(
            "comparator", "a principal reason of the score lies below the average, not above it"
        )
    return None


def _with_passage(said: Said, phrase: Phrase, quantity: Quantity, pool: Pool) -> Problem | None:
    """A comparison with a number that only clauses know must be the comparison of one of them."""
    stated = [
        (likeness(said.content, p), p, q) for p in pool.passages for q in p.quantities if equal(quantity, q)
    ]
    if not stated or stands_to(said, phrase, quantity, pool):
        return None
    phrase = mirrored(said, phrase, quantity)
    most = max(s for s, _, _ in stated)
    wanted = _norm(said.text, phrase.comparator, phrase.start)
    for alike, passage, own in stated:
        bound = bound_of(own)
        if alike < most - 0.001:
            continue
        if pool.outcome is None and phrase.comparator is Comparator.EQ and bound in _INCLUSIVE:
            return None
        if bound is None or bound is phrase.comparator or _norm(passage.text, bound, own.start) is wanted:
            return None
        if phrase.comparator is COMPLEMENT[bound] and _follows(said, phrase, passage, alike, pool):
            return None
    words = said.text[phrase.start : quantity.end]
    return said.problem("comparator", f'no clause says "{words}"; it compares the other way')


def _follows(said: Said, phrase: Phrase, passage: Passage, alike: float, pool: Pool) -> bool:
    """Whether another sentence of the clause, about the contrary case, is what the sentence restates."""
    others = (p for p in pool.passages if p.clause == passage.clause and p is not passage)
    least = max(alike, 0.5)
    return any(
        (near := likeness(said.content, p)) > least
        or (near == least and any(q.comparator is phrase.comparator for q in comparing_phrases(p.text)))
        for p in others
    )


def _norm(text: str, comparator: Comparator, start: int) -> Comparator:
    """What must hold, whether a text puts it as a duty, as what is declined or as what is accepted."""
    left = text[max(0, start - 80) : start]
    part = re.split(r"[,;:(]|\b(?:and|but|because|which|so)\b", left)[-1]
    if form("bad").search(text) and not (
        form("good").search(text) and not re.search(r"\bnot\b|\bno\b", text, re.IGNORECASE)
    ):
        return comparator if re.search(r"\b(?:must|shall|cannot)\b", part) else COMPLEMENT[comparator]
    return comparator


def _bounds(said: Said, pool: Pool) -> Iterator[Problem]:
    """A maximum must not be called a minimum."""
    for quantity in said.amounts:
        side = {"maximum": -1, "minimum": 1}.get(quantity.bound)
        if side is None:
            continue
        own = [k for k in _limits(said, quantity, pool) if k.rule is not None]
        sides = {_SIDE.get(COMPLEMENT[c]) for k in own if (c := _rule_comparator(k))} or {side for _ in own}
        if not own:
            stated = ((p, q) for p in pool.passages for q in p.quantities if equal(quantity, q))
            sides = {_SIDE.get(_norm(p.text, b, q.start)) if (b := bound_of(q)) else side for p, q in stated}
        if sides and side not in sides:
            yield said.problem("comparator", f'"{quantity.text}" is no {quantity.bound}')

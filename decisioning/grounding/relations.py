"""What a sentence says of a fact and its limit must be so: above is not below, must is not must not."""

import re
from collections.abc import Iterator

from decisioning.claims import comparisons_of
from decisioning.comparison import compare
from decisioning.grounding.amounts import equal, same
from decisioning.grounding.pool import COMPLEMENT, Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.model import Comparator, Effect, Problem
from decisioning.numbers import Phrase, Quantity, bound_of

_NORM = re.compile(
    r"\b(?:must|shall|should|may|can|cannot|can't|mustn't|has\s+to|have\s+to|needs?\s+to|required|requires?|allow\w*|permit\w*"
    r"|is\s+to\s+be|are\s+to\s+be|maximum|minimum|limit\s+is|accept\w*|needs?|demands?|asks?\s+for|ought)\b",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"\b(?:if|where|when|whenever|whose|that|any|every|each|applications|loans|requests|amounts|scores|terms|an?|larger|once|which"
    r"|unless|no)\b",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(?:approv\w+|accept\w*|grant\w*|eligible|pass(?:es)?|tier|qualif\w+|may\s+be\s+approved|suffic\w+)\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(?:declin\w+|refus\w+|reject\w+|den(?:y|ied|ies)|refer\w*|person|officer|manual\w*|escalat\w+|ineligible|not\s+approved|review\w*)\b",
    re.IGNORECASE,
)
_LIMIT_NOUN = re.compile(
    r"^\W*(?:[\w'-]+\s+){0,4}?(?:limits?|maximum|minimum|ceiling|cap|floor|thresholds?|cut-?off|line|level|bar|average|mark|amount"
    r"|what|norm|band|zero)\b",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"\b(?:averages?|mean|typical|others?|peers|reference)\b", re.IGNORECASE)
_SIDE = {Comparator.GT: 1, Comparator.GE: 1, Comparator.LT: -1, Comparator.LE: -1}


def check_relations(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each comparison of the sentence that the record contradicts."""
    for phrase in said.phrases:
        problem = _phrase(said, phrase, pool)
        if problem:
            yield problem
    yield from _bounds(said, pool)


def _phrase(said: Said, phrase: Phrase, pool: Pool) -> Problem | None:
    quantity = _object(said, phrase)
    if quantity is None and _AVERAGE.search(said.text[phrase.end : phrase.end + 50]):
        return _against_average(said, phrase, pool)
    if quantity is None and not _LIMIT_NOUN.search(said.text[phrase.end :]):
        return None
    limits = _limits(said, quantity, pool)
    if limits:
        if any(_agrees(said, phrase, k, pool) for k in limits):
            return None
        return _contradiction(said, phrase, limits[0])
    if quantity is not None:
        return _with_passage(said, phrase, quantity, pool)
    return None


def _object(said: Said, phrase: Phrase) -> Quantity | None:
    """The quantity that a phrase compares with."""
    later = [q for q in said.amounts if q.start >= phrase.end]
    earlier = [
        q for q in said.amounts if q.end <= phrase.start and not said.text[q.end : phrase.start].strip(" (-")
    ]
    if earlier and re.match(r"or\b|and\b|upwards", said.text[phrase.start : phrase.end], re.IGNORECASE):
        return earlier[-1]
    first = later[0] if later else None
    return first if first is not None and first.comparator is phrase.comparator else None


def _limits(said: Said, quantity: Quantity | None, pool: Pool) -> list[Known]:
    limits = [k for k in pool.numbers if k.role is Role.LIMIT and k.name not in ("score_min", "score_max")]
    if quantity is not None:
        limits = [k for k in limits if same(quantity, k, pool.currency_unit)]
        best = max((pool.named(k.name, said.stems) for k in limits), default=0.0)
        return [k for k in limits if pool.named(k.name, said.stems) >= best - 0.001]
    values = {
        k.name
        for q in said.amounts
        for k in pool.numbers
        if k.role is Role.VALUE and same(q, k, pool.currency_unit)
    }
    named = [(pool.named(k.name, said.stems), k) for k in limits]
    best = max((score for score, _ in named), default=0.0)
    if best < 0.9:
        return [k for k in limits if k.name in values]
    return [k for score, k in named if score >= best - 0.001]


def _agrees(said: Said, phrase: Phrase, limit: Known, pool: Pool) -> bool:
    values = {k.value for k in pool.numbers if k.name == limit.name and k.role is Role.VALUE}
    left = said.text[max(0, phrase.start - 80) : phrase.start]
    compared = _rule_comparator(limit)
    normative = _normative(left)
    if compared is not None and normative:
        return phrase.comparator is COMPLEMENT[compared]
    true = any(compare(v, phrase.comparator, limit.value) for v in values)
    if compared is None or (not said.generic and not _TRIGGER.search(left)):
        return true
    return phrase.comparator in (compared, COMPLEMENT[compared]) and (
        true or _triggers(said, phrase, compared)
    )


def _triggers(said: Said, phrase: Phrase, compared: Comparator) -> bool:
    good, bad = bool(_GOOD.search(said.text)), bool(_BAD.search(said.text))
    if good and not bad:
        return phrase.comparator is COMPLEMENT[compared]
    return phrase.comparator is compared


def _rule_comparator(limit: Known) -> Comparator | None:
    rule = limit.rule
    if rule is None or rule.effect not in (Effect.DECLINE, Effect.REFER):
        return None
    parts = [(p.fact, p.limit, p.comparator) for p in comparisons_of(rule)]
    return next((c for fact, value, c in parts if fact == limit.name and value == limit.value), None)


def _normative(left: str) -> bool:
    """Whether a duty or a permission governs the comparison, in its own part of the sentence."""
    part = re.split(r"[,;:(]|\b(?:and|but|because|which|so)\b", left)[-1]
    return bool(_NORM.search(part))


def _contradiction(said: Said, phrase: Phrase, limit: Known) -> Problem:
    words = said.text[phrase.start : phrase.end]
    name = limit.name.replace("_", " ")
    return _problem(
        said,
        "comparator",
        f'"{words}" turns the relation of {name} to its limit round; the record says otherwise',
    )


def _against_average(said: Said, phrase: Phrase, pool: Pool) -> Problem | None:
    """Points of a principal reason lie below the average, never above it (Reg B comment 9(b)(2)-5)."""
    if any(c.kind == "characteristic" for c in pool.carriers) and _SIDE.get(phrase.comparator) == 1:
        return _problem(
            said, "comparator", "a principal reason of the score lies below the average, not above it"
        )
    return None


def _with_passage(said: Said, phrase: Phrase, quantity: Quantity, pool: Pool) -> Problem | None:
    """A comparison with a number that only clauses know must be the comparison of one of them."""
    stated: list[tuple[int, str, Quantity]] = []
    for passage in pool.passages:
        shared = {w.stem for w in passage.content} & {w.stem for w in said.content}
        stated += [(len(shared), passage.text, own) for own in passage.quantities if equal(quantity, own)]
    if not stated:
        return None
    most = max(s for s, _, _ in stated)
    wanted = _norm(said.text, phrase.comparator, phrase.start)
    for shared_words, text, own in stated:
        bound = bound_of(own)
        if shared_words == most and (
            bound is None or bound is phrase.comparator or _norm(text, bound, own.start) is wanted
        ):
            return None
    words = said.text[phrase.start : quantity.end]
    return _problem(said, "comparator", f'no clause says "{words}"; it compares the other way')


def _norm(text: str, comparator: Comparator, start: int) -> Comparator:
    """What must hold, whether a text puts it as a duty, as what is declined or as what is accepted."""
    left = text[max(0, start - 80) : start]
    if _normative(left):
        return comparator
    if _BAD.search(text) and not _GOOD.search(text):
        return COMPLEMENT[comparator]
    return comparator


def _bounds(said: Said, pool: Pool) -> Iterator[Problem]:
    """A maximum must not be called a minimum."""
    for quantity in said.amounts:
        side = {"maximum": -1, "minimum": 1}.get(quantity.bound)
        if side is None:
            continue
        rules = [k for k in _limits(said, quantity, pool) if _rule_comparator(k)]
        asked = {_SIDE.get(COMPLEMENT[c]) for k in rules if (c := _rule_comparator(k))}
        passages = [bound_of(q) for p in pool.passages for q in p.quantities if equal(quantity, q)]
        in_clauses = {_SIDE.get(b) for b in passages if b}
        in_clauses |= {-s for s in in_clauses if s}  # a clause may put its limit either way round
        if asked and side not in asked:
            yield _problem(said, "comparator", f'"{quantity.text}" is no {quantity.bound}')


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

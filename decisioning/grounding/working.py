"""What follows from two numbers: how far a fact is from a limit of a clause, and on which side."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from decisioning.comparison import compare
from decisioning.grounding.arithmetic import follows
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Known, Pool, Role, equal
from decisioning.grounding.roles import could_be
from decisioning.grounding.said import Said
from decisioning.grounding.topics import MEANT
from decisioning.model import Comparator, Problem, Unit
from decisioning.numbers import Kind, Phrase, Quantity, bound_of, negated_at
from decisioning.numbers.equality import exact

_AFTER = re.compile(
    r"\s*(?:points?\s+)?(?:(?P<above>higher|above|over|beyond|more|longer|larger|too\s+(?:high|long|much))"
    r"|(?P<below>lower|below|under|short|shy|less|shorter|smaller|away|missing|too\s+(?:low|short|little)))\b",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby\s+(?:only\s+|just\s+)?$", re.IGNORECASE)
_ABOVE = re.compile(
    r"\b(?:exceed\w*|clear\w*|beat\w*|surpass\w*|top(?:s|ped)?|above|over|higher|break\w*|breach\w*)\b",
    re.IGNORECASE,
)
_BELOW = re.compile(r"\b(?:miss\w*|short|below|under|lower|lack\w*|fail\w*)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|they|this|these)\b", re.IGNORECASE)
_LABELLED = re.compile(r"\b(?:tier|band|grade|class)\s+([A-Z])\b")
_ROW = re.compile(r"\|\s*([A-Z]|\d{1,2}|[IVX]{1,4})\s*\|")
_LIMIT = re.compile(
    r"\b(?:minimum|maximum|limit|ceiling|cap|floor|threshold|cut-?off|bar|line|mark|longest|shortest|largest|smallest|highest|lowest"
    r"|required|needed|allowed|permitted)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\s+(?:before|prior\s+to|ahead\s+of)\b", re.IGNORECASE)
_MIRRORED = {Comparator.LE: Comparator.GE, Comparator.GT: Comparator.LT}
_SIDES = {Comparator.GT: 1, Comparator.GE: 1, Comparator.LT: -1, Comparator.LE: -1}

_BAD = re.compile(
    r"\b(?:declined|refused|rejected|turned\s+down|referred|ineligible|too\s+(?:low|high|long|short|small|large))\b",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(?:(?:within|inside)\s+(?:the\s+|both\s+|all\s+)?(?:\w+\s+)?limits|approved|accepted|granted|eligible|acceptable|admissible|enough|sufficient|suffices|(?:meets?|satisf(?:y|ies)|keeps?|respects?|complies|fulfils?)\b(?=.*\b(?:limit|minimum|maximum|ceiling|cap|floor|threshold|requirements?|conditions?|rules?|policy)))\b",
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"\b(?:allowed|permitted|possible|financed|long\s+enough)\b", re.IGNORECASE)
_ELSE = re.compile(r"\b(?:without|unless|would|if|neither|nor)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|no|never|cannot|neither|nor|without|unless)\b|n['\u2019]t\b", re.IGNORECASE)

Limit = tuple[Decimal, Quantity, Passage]
"""What a limit is worth in the unit of a fact, and where it stands."""


def is_worked_out(said: Said, quantity: Quantity, pool: Pool) -> bool:
    """Whether it is the difference of a fact and a limit of the clauses, told on the side that is so."""
    if pool.outcome is not None:
        return False
    side = _side(said, quantity)
    others = [q for q in said.amounts if q is not quantity]
    away = side != 0 and any(
        (value - limit[0]) * side == worth_of(quantity, known, pool)
        for known in _values(pool)
        for limit in _told(said, limits_of(said, pool)[known], others)
        for value in [value_of(known, pool)]
    )
    return away or follows(said, quantity, pool, side)


def stands_to(said: Said, phrase: Phrase, quantity: Quantity, pool: Pool) -> bool | None:
    """Whether the fact of the sentence stands so to a limit that is called one; None where it is not told.

    "612 is above the minimum of 540" compares a fact with a limit and says nothing of the clause's own side.
    """
    if pool.outcome is not None or not _LIMIT.search(said.text[phrase.end : quantity.start]):
        return None
    told = [
        compare(float(value_of(known, pool)), phrase.comparator, float(worth))
        for known, limits in limits_of(said, pool).items()
        for worth, limit, _ in limits
        if equal(quantity, limit)
    ]
    return any(told) if told else None


def mirrored(said: Said, phrase: Phrase, quantity: Quantity) -> Phrase:
    """The same phrase, but "no later than 45 days before" as at least 45 days before."""
    if _BEFORE.match(said.text, quantity.end) and "later" in said.text[phrase.start : phrase.end]:
        return replace(phrase, comparator=_MIRRORED.get(phrase.comparator, phrase.comparator))
    return phrase


def check_limits(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a fact is said to keep or break a limit of the clauses and does not."""
    if pool.outcome is not None:
        return
    for phrase in said.phrases:
        after = said.text[phrase.end :]
        side = _SIDES.get(phrase.comparator)
        if side is None or not re.match(r"\W*(?:[\w-]+\s+){0,2}?" + _LIMIT.pattern, after, re.IGNORECASE):
            continue
        found = [
            (known, limit)
            for known, limits in limits_of(said, pool).items()
            for limit in _told(said, limits, [])
            if _given(said, phrase, known, pool)
        ]
        kind = re.search(
            r"\b(?P<low>minimum|floor|shortest|lowest|smallest)\b|\b(?:maximum|ceiling|cap|longest|highest)\b",
            after,
        )
        if kind:
            wanted = 1 if kind["low"] else -1
            found = [(k, x) for k, x in found if _SIDES.get(bound_of(x[1]) or Comparator.EQ) == wanted]
        if found and not any(
            compare(float(value_of(k, pool)), phrase.comparator, float(x[0])) for k, x in found
        ):
            words = said.text[phrase.start : phrase.end]
            yield said.problem("comparator", f'"{words}" is not so of {found[0][0].name.replace("_", " ")}')


def check_consequences(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where a fact that breaks no limit is said to have a bad consequence, or the reverse."""
    told_bad, told_good = _BAD.search(said.text), _GOOD.search(said.text)
    found = told_bad or told_good
    if pool.outcome is not None or not found or (told_bad and told_good) or _ELSE.search(said.text):
        return
    bad = bool(told_bad) is not negated_at(said.text, found.start())
    for known, limits in limits_of(said, pool).items():
        given = any(known in pool.meaning(q) and q.comparator is None and not q.bound for q in said.amounts)
        told = [x for x in limits if any(equal(q, x[1]) for q in said.amounts)]
        if not given or not limits:
            continue
        broken = [_breaks(value_of(known, pool), x) for x in limits if bad or not told or x in told]
        name = known.name.replace("_", " ")
        limits_with = [x for x in limits if len({q for q in x[2].quantities if bound_of(q)}) > 1]
        if limits_with and not bad:
            continue
        if bad and not any(broken):
            yield said.problem("comparator", f'{name} keeps every limit of the clauses: "{found.group()}"')
        if not bad and any(broken):
            yield said.problem("comparator", f'{name} breaks a limit of the clauses: "{found.group()}"')


def fits_predicate(text: str, clause: str, *, met: bool) -> bool:
    """Whether a text that calls a case good or bad calls good what keeps the limit of a clause."""
    bad, good = _BAD.search(text), _GOOD.search(text) or _ALLOWED.search(text)
    found = bad or good
    if found is None or (bad and good) or re.search(r"\bwithout\b", text, re.IGNORECASE):
        return True
    broken = met if _declines(clause) else not met
    return (bool(bad) is not negated_at(text, found.start())) is broken


def _breaks(value: Decimal, limit: Limit) -> bool:
    """Whether a value meets what a clause declines or refers, or misses what it asks for."""
    worth, quantity, passage = limit
    bound = bound_of(quantity)
    met = bound is not None and compare(float(value), bound, float(worth))
    return met if _declines(passage.text) else not met


def _declines(clause: str) -> bool:
    """Whether a clause says what is declined, not what is accepted or asked for."""
    bad, good = _BAD.search(clause), _GOOD.search(clause) or _ALLOWED.search(clause)
    if bad:
        return not negated_at(clause, bad.start())
    return good is not None and negated_at(clause, good.start())


def _given(said: Said, phrase: Phrase, known: Known, pool: Pool) -> bool:
    """Whether the sentence gives the value of the fact before the phrase."""
    return any(q.end <= phrase.start and known in pool.meaning(q) for q in said.amounts)


def _side(said: Said, quantity: Quantity) -> int:
    after = _AFTER.match(said.text, quantity.end)
    if after:
        return 1 if after["above"] else -1
    before = said.text[: quantity.start]
    if _BY.search(before):
        above, below = (max((m.start() for m in p.finditer(before)), default=-1) for p in (_ABOVE, _BELOW))
        return 0 if above == below else 1 if above > below else -1
    return -1 if re.search(r"\b(?:lacks?|missing)\s+$", before, re.IGNORECASE) else 0


def _values(pool: Pool) -> list[Known]:
    return [k for k in pool.numbers if k.role is Role.VALUE]


@once
def limits_of(said: Said, pool: Pool) -> dict[Known, list[Limit]]:
    """The limits of the clauses for each fact that the sentence or the clause names."""
    labels = {m[1] for m in _LABELLED.finditer(said.text)}
    found: dict[Known, list[Limit]] = {}
    for known in _values(pool):
        found[known] = []
        before: frozenset[str] = frozenset()
        for passage in pool.passages:
            own = frozenset(w.stem for w in passage.words)
            stems = own | before if _PRONOUN.search(passage.text) else own
            before = own
            row = _row(passage)
            labelled = not labels or (row in labels if row else True)
            named = row or pool.named(known.name, stems) >= MEANT
            if not labelled or not named or (row and not labels):
                continue
            for quantity in passage.quantities:
                worth = worth_of(quantity, known, pool) if bound_of(quantity) else None
                if worth is not None:
                    found[known].append((worth, quantity, passage))
    return found


def _told(said: Said, limits: list[Limit], others: list[Quantity]) -> list[Limit]:
    """The limits that the sentence gives itself, or those of the clause that it is most like."""
    given = [x for x in limits if any(equal(q, x[1]) for q in others)]
    if not others or not any(q.kind is x[1].kind and bound_of(q) for q in others for x in limits):
        return given or limits
    best = max((likeness(said.content, x[2]) for x in limits), default=0.0)
    near = (x for x in limits if _row(x[2]) or likeness(said.content, x[2]) >= best - 0.001)
    return given or list(near)


def _row(passage: Passage) -> str:
    """The label of a row of a table, or nothing."""
    found = _ROW.match(passage.text)
    return found[1] if found else ""


def value_of(known: Known, pool: Pool) -> Decimal:
    """The value of a fact in whole currency or its own unit."""
    return exact(known.value) * (pool.currency_unit if known.unit in _MONEY else 1)


_MONEY = (Unit.MONEY, Unit.MONEY_PER_MONTH)
_IN_MONTHS = {"months": Decimal(1), "years": Decimal(12)}


def worth_of(quantity: Quantity, known: Known, pool: Pool) -> Decimal | None:
    """What a quantity is worth in the unit of a fact; None where it is of another sort."""
    if known.unit is not None and quantity.kind is not Kind.NUMBER and not could_be(quantity, known.unit):
        return None
    if quantity.kind is Kind.DURATION and known.unit is None:
        return quantity.value
    if quantity.kind is Kind.DURATION:
        months = _IN_MONTHS.get(quantity.unit)
        if months is None or known.unit not in (Unit.MONTHS, Unit.YEARS):
            return None
        return quantity.value * months / (12 if known.unit is Unit.YEARS else 1)
    return quantity.value

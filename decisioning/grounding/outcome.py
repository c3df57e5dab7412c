"""A sentence must not say another outcome than the record, nor promise one."""

import re
from collections.abc import Iterator

from decisioning.grounding.forms import form
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.rulings import met_by_facts
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import Kind, Quantity, bound_of, negated_at

_WOULD_BE = re.compile(r"\bwould\s+be\b", re.IGNORECASE)
_STATED = re.compile(r"\b(?:is|are|was|were)\s+(?:\w+\s+)?$", re.IGNORECASE)
_TOLD_TO = re.compile(
    r"\b(?:must|has\s+to|should|will|is\s+going\s+to)\s+(?:decline|refuse|reject)\b",
    re.IGNORECASE,
)
_DECIDED = re.compile(
    r"\b(?:is|was|has\s+been|and)\s+(?:now\s+|already\s+|finally\s+)?(?P<verb>decided)\b(?!\s+(?:by|under|on))",
    re.IGNORECASE,
)
TOLD = {
    Outcome.APPROVE: "approved",
    Outcome.COUNTER_OFFER: "answered with a counter-offer",
    Outcome.REFER: "referred to a person",
    Outcome.DECLINE: "declined",
    Outcome.INCOMPLETE: "incomplete",
}
"""What an application is that was decided so."""
_TURNED = {Outcome.DECLINE: Outcome.APPROVE.value, Outcome.APPROVE: Outcome.DECLINE.value}
"""What is not granted is declined."""
_SIMULATED = re.compile(r"\bsimulat\w+\b", re.IGNORECASE)
_PERSON_DECIDES = re.compile(
    r"\b(?:person|human|underwriter|officer|analyst)\s+(?:must|has\s+to|needs\s+to|should|will)\s+(?:now\s+|then\s+)?(?:decide|review|look)\b",
    re.IGNORECASE,
)
_BY_ITSELF = re.compile(r"\b(?:by\s+itself|on\s+its\s+own|alone|would|if|unless|whenever)\b", re.IGNORECASE)
_REFERRAL = re.compile(r"\breferrals?\b", re.IGNORECASE)
_COMPLETE = re.compile(r"\b(?:complete|whole|full)\b(?!\s+price)", re.IGNORECASE)


def check_outcome(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence states an outcome that the record does not, or promises any."""
    promise = form("promise").search(said.text)
    if promise and not negated_at(said.text, promise.start()):
        yield said.problem("promise", f'"{promise.group()}" promises what only a decision can give')
    general = is_general(said, pool)
    if general and re.search(r"\bapprovals?\b", said.text, re.IGNORECASE):
        yield from _approval(said, pool)
    for outcome in Outcome:
        for found in form(outcome.value).finditer(said.text):
            problem = (
                _by_clauses(said, outcome, found, pool) if general else _of_this(said, outcome, found, pool)
            )
            if problem:
                yield problem
    if not general:
        yield from _undecided(said, pool)
        yield from _left_to_a_person(said, pool)


def _left_to_a_person(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is decided waits for nobody, though a rule by itself would have asked for a person."""
    found = _PERSON_DECIDES.search(said.text)
    settled = pool.outcome in (Outcome.APPROVE, Outcome.DECLINE, Outcome.COUNTER_OFFER)
    if found and settled and not _BY_ITSELF.search(said.text) and not negated_at(said.text, found.start()):
        yield said.problem("outcome", f'"{found.group()}": {_told(pool)}')


def _undecided(said: Said, pool: Pool) -> Iterator[Problem]:
    """What nobody has decided yet is not told as decided, nor is anybody told how to."""
    told_to = _TOLD_TO.search(said.text)
    if told_to and not negated_at(said.text, told_to.start()):
        yield said.problem("outcome", f'"{told_to.group()}": nobody is told how to decide')
    if pool.outcome in (Outcome.INCOMPLETE, Outcome.REFER):
        decided = _DECIDED.search(said.text)
        nothing = re.search(r"\b(?:nothing|nobody)\b", said.text, re.IGNORECASE)
        if decided and not nothing and not negated_at(said.text, decided.start("verb")):
            yield said.problem("outcome", f"nothing is decided yet: {_told(pool)}")
    whole = _COMPLETE.search(said.text) if pool.outcome is Outcome.INCOMPLETE else None
    if whole and not negated_at(said.text, whole.start()) and re.search(r"\b(?:is|are)\b", said.text):
        yield said.problem("outcome", "the application is incomplete, and the sentence calls it complete")


def _approval(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is said of approvals in general must stand in a clause about approvals."""
    clauses = _speaking(said, pool)
    if clauses and not any(re.search(r"\bapprov\w+", p.text, re.IGNORECASE) for p in clauses):
        yield said.problem("outcome", "the clause that it rests on does not speak of an approval")


def states_outcome(text: str, outcome: Outcome) -> bool:
    """Whether a text states this outcome and does not deny it."""
    return any(not negated_at(text, m.start()) for m in form(outcome.value).finditer(text))


def _of_this(said: Said, outcome: Outcome, found: re.Match[str], pool: Pool) -> Problem | None:
    part = _part(said, found.start())
    stated = _STATED.search(said.text[: found.start()]) and outcome is not pool.outcome
    excused = form("modal" if stated else "hypothetical").search(part)
    if excused and not (_WOULD_BE.search(part) and outcome is not pool.outcome):
        return None
    denied = negated_at(said.text, found.start())
    decided = _STATED.search(said.text[: found.start()]) and not _SIMULATED.search(said.text)
    if pool.simulated and outcome is pool.outcome and decided:
        return said.problem("outcome", "nothing was decided: the sentence must say that it is a simulation")
    if denied and outcome is pool.outcome:
        return said.problem("outcome", f"{_told(pool)}, and the sentence denies it")
    if denied or outcome is pool.outcome:
        return None
    if outcome is Outcome.REFER and _named_referral(said, pool):
        return None
    return said.problem("outcome", f'"{found.group()}" contradicts the decision: {_told(pool)}')


def _named_referral(said: Said, pool: Pool) -> bool:
    """A declined application may also have met a rule that refers, where the sentence names its clause."""
    named = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    return any(r.fired and r.effect is Effect.REFER and r.clause in named for r in pool.rules)


def _by_clauses(said: Said, outcome: Outcome, found: re.Match[str], pool: Pool) -> Problem | None:
    """What the policy does in general must be what the clause with the sentence's numbers or words says."""
    clauses = _speaking(said, pool)
    if not clauses:
        return None
    denied = negated_at(said.text, found.start())
    said_by = [
        p
        for p in clauses
        for m in form(outcome.value).finditer(p.text)
        if negated_at(p.text, m.start()) is denied
    ]
    if outcome is Outcome.REFER:
        said_by += [p for p in clauses if _REFERRAL.search(p.text)]
    turned = _TURNED.get(outcome)
    if turned is not None and not denied and pool.outcome is None:
        said_by += [
            p for p in clauses for m in form(turned).finditer(p.text) if negated_at(p.text, m.start())
        ]
    by_whom = re.match(r"\s+by\b", said.text[found.end() :])
    if outcome is Outcome.APPROVE and by_whom and not denied:
        said_by += [p for p in clauses if re.search(r"\bapproval\s+(?:of|by)\b", p.text, re.IGNORECASE)]
    if said_by or (denied and met_by_facts(said, pool).get(outcome) is False):
        return None
    if denied and not any(form(outcome.value).search(p.text) for p in clauses):
        return None
    return said.problem("outcome", f'no clause says "{found.group()}" of this')


def _speaking(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The clauses that have all the sentence's numbers, or else the sentence most like it; whole clauses."""
    named = [q.name for q in said.quantities if q.kind is Kind.CLAUSE]
    own = [p for p in pool.passages if p.clause in named]
    if own:
        return tuple(own)
    exact = [p for p in pool.passages if any(_bounds_alike(q, o) for q in said.amounts for o in p.quantities)]
    if any(form(outcome.value).search(p.text) for p in exact for outcome in Outcome):
        return tuple(exact)
    numbered = [
        p.clause
        for p in pool.passages
        if said.amounts and any(equal(q, o) for q in said.amounts for o in p.quantities)
    ]
    best = max((likeness(said.content, p) for p in pool.passages), default=0.0)
    nearest = [p.clause for p in pool.passages if best > 0 and likeness(said.content, p) >= best - 0.001]
    return tuple(p for p in pool.passages if p.clause in (numbered or nearest))


def _bounds_alike(one: Quantity, other: Quantity) -> bool:
    """Whether a clause compares with the same number in the same way."""
    return one.comparator is not None and equal(one, other) and bound_of(one) is bound_of(other)


def _part(said: Said, position: int) -> str:
    left = max([b for b in said.boundaries if b < position], default=0)
    right = min([b for b in said.boundaries if b > position], default=len(said.text))
    return said.text[left:right]


def _told(pool: Pool) -> str:
    is_it = "would be" if pool.simulated else "is"
    return f"the application {is_it} {TOLD[pool.outcome]}" if pool.outcome else ""

"""A sentence must not say another outcome than the record, nor promise one."""

import re
from collections.abc import Iterator

from decisioning.grounding.pool import Passage, Pool, equal, likeness
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import Kind, negated_at

_PERSON = r"(?:person|officer|underwriter|analyst|colleague|specialist|reviewer|human)"
_SAYS: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    (
        Outcome.APPROVE,
        re.compile(
            r"\b(?:approved|approves|granted|grants|accepted|successful|green\s+light|(?:means?|leads?\s+to|results?\s+in)\s+an?\s+approval"
            r"|(?:we|lender|bank)\s+(?:approve|grant|accept)s?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.DECLINE,
        re.compile(
            r"\b(?:declined|declines|refused|refuses|refusal|rejected|rejects|rejection|denied|denies|turned\s+down|turns\s+down|unsuccessful"
            r"|unable\s+to\s+(?:approve|offer|lend|grant|accept)|(?:means?|led|leads?|leading|results?|resulted)\s+(?:to\s+|in\s+)?(?:an?\s+|the\s+)?decline)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.REFER,
        re.compile(
            rf"\b(?:referred|refers|escalated|passed\s+(?:on\s+)?to\s+(?:an?|our|the)\s+(?:\w+\s+)?{_PERSON}"
            rf"|(?:sends?|sent|goes|go|handed|forwarded|passed)\s+(?:\w+\s+){{0,3}}?to\s+(?:an?|our|the)\s+(?:\w+\s+)?{_PERSON}"
            r"|manual(?:ly)?\s+(?:review\w*|assess\w*|decision)"
            rf"|(?:with|by|before)\s+an?\s+(?:\w+\s+)?{_PERSON}\s+for\s+(?:\w+\s+)?review"
            rf"|{_PERSON}\s+(?:must\s+|will\s+|now\s+|has\s+to\s+|is\s+to\s+|reviews?\s+and\s+)?(?:decides?|look\s+at))\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.INCOMPLETE,
        re.compile(r"\b(?:incomplete|cannot\s+(?:yet\s+)?be\s+decided|undecided)\b", re.IGNORECASE),
    ),
    (Outcome.COUNTER_OFFER, re.compile(r"\bcounter-?\s?offer\w*\b", re.IGNORECASE)),
)
_HYPOTHETICAL = re.compile(
    r"\b(?:would|could|might|may|can|must|should|if|unless|whenever|without|otherwise|had|lets?|allows?|until|cut-?off\s+for|for\s+approval)\b",
    re.IGNORECASE,
)
_WOULD_BE = re.compile(r"\bwould\s+be\b", re.IGNORECASE)
_PROMISE = re.compile(
    r"\b(?:(?:will|shall|'ll|is\s+going\s+to|are\s+going\s+to|is\s+certain\s+to|is\s+sure\s+to|is\s+bound\s+to)\s+(?:\w+\s+){0,3}?"
    r"(?:approv\w+|accept\w*|grant\w*|succeed|qualify|be\s+(?:declined|refused|rejected|funded|paid\s+out)|receive\s+(?:the|your|a)\s+"
    r"(?:loan|money|funds)|get\s+(?:the|your|a)\s+(?:loan|money|funds|approval)|waive\w*|lower\w*|reduc\w+|improv\w+|reconsider\w*|overturn\w*)"
    r"|guarantees?\s+(?:that|to|you|approval|a\s+new)|guaranteed\b|we\s+promise|promise[sd]?\s+(?:that|to|you)|i\s+promise|rest\s+assured"
    r"|assur(?:e|es|ed)\s+(?:you|that|of)|you\s+can\s+count\s+on|without\s+(?:any\s+)?(?:fail|doubt)|certain(?:ly)?\s+(?:be|to\s+be|get|obtain)"
    r"|surely|definitely|undoubtedly|no\s+doubt|pre-?approved|promises?\s+(?:approval|a|to)|commit(?:s|ted)?\s+to\s+(?:approv\w+|lend\w*|grant\w*)"
    r"|could\s+get\s+the\s+loan|for\s+ever)\b",
    re.IGNORECASE,
)
_COMPLETE = re.compile(r"\b(?:complete|whole|full)\b(?!\s+price)", re.IGNORECASE)


def check_outcome(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence states an outcome that the record does not, or promises any."""
    promise = _PROMISE.search(said.text)
    if promise and not negated_at(said.text, promise.start()):
        yield _problem(said, "promise", f'"{promise.group()}" promises what only a decision can give')
    general = is_general(said, pool)
    if general and re.search(r"\bapprovals?\b", said.text, re.IGNORECASE):
        yield from _approval(said, pool)
    for outcome, form in _SAYS:
        for found in form.finditer(said.text):
            problem = (
                _by_clauses(said, outcome, found, pool) if general else _of_this(said, outcome, found, pool)
            )
            if problem:
                yield problem
    if not general and pool.outcome is Outcome.INCOMPLETE:
        whole = _COMPLETE.search(said.text)
        if whole and not negated_at(said.text, whole.start()) and re.search(r"\b(?:is|are)\b", said.text):
            yield _problem(
                said, "outcome", "the application is incomplete, and the sentence calls it complete"
            )


def _approval(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is said of approvals in general must stand in a clause about approvals."""
    clauses = _speaking(said, pool)
    if clauses and not any(re.search(r"\bapprov\w+", p.text, re.IGNORECASE) for p in clauses):
        yield _problem(said, "outcome", "the clause that it rests on does not speak of an approval")


def states_outcome(text: str, outcome: Outcome) -> bool:
    """Whether a text states this outcome and does not deny it."""
    form = dict(_SAYS)[outcome]
    return any(not negated_at(text, m.start()) for m in form.finditer(text))


def _of_this(said: Said, outcome: Outcome, found: re.Match[str], pool: Pool) -> Problem | None:
    part = _part(said, found.start())
    if _HYPOTHETICAL.search(part) and not (_WOULD_BE.search(part) and outcome is not pool.outcome):
        return None
    denied = negated_at(said.text, found.start())
    if denied and outcome is pool.outcome:
        return _problem(said, "outcome", f"the decision is {_word(pool.outcome)}, and the sentence denies it")
    if denied or outcome is pool.outcome:
        return None
    if outcome is Outcome.REFER and _named_referral(said, pool):
        return None
    return _problem(
        said, "outcome", f'"{found.group()}" contradicts the decision: it is {_word(pool.outcome)}'
    )


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
        for m in dict(_SAYS)[outcome].finditer(p.text)
        if negated_at(p.text, m.start()) is denied
    ]
    if said_by:
        return None
    if denied and not any(dict(_SAYS)[outcome].search(p.text) for p in clauses):
        return None
    return _problem(said, "outcome", f'no clause says "{found.group()}" of this')


def _speaking(said: Said, pool: Pool) -> tuple[Passage, ...]:
    """The clauses that have all the sentence's numbers, or else the sentence most like it; whole clauses."""
    named = [q.name for q in said.quantities if q.kind is Kind.CLAUSE]
    own = [p for p in pool.passages if p.clause in named]
    if own:
        return tuple(own)
    numbered = [
        p.clause
        for p in pool.passages
        if said.amounts and any(equal(q, o) for q in said.amounts for o in p.quantities)
    ]
    best = max((likeness(said.content, p) for p in pool.passages), default=0.0)
    nearest = [p.clause for p in pool.passages if best > 0 and likeness(said.content, p) >= best - 0.001]
    return tuple(p for p in pool.passages if p.clause in (numbered or nearest))


def _part(said: Said, position: int) -> str:
    left = max([b for b in said.boundaries if b < position], default=0)
    right = min([b for b in said.boundaries if b > position], default=len(said.text))
    return said.text[left:right]


def _word(outcome: Outcome | None) -> str:
    return str(outcome.value).replace("_", " ") if outcome else ""


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

"""A sentence must not say another outcome than the record, nor promise one."""

import re
from collections.abc import Iterator

from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.model import Outcome, Problem
from decisioning.numbers import negated_at

_SAYS: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    (
        Outcome.APPROVE,
        re.compile(
            r"\b(?:approved|approve|approves|granted|grants?|accepted|successful|go(?:es)?\s+ahead|green\s+light)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.DECLINE,
        re.compile(
            r"\b(?:declined?|declines|refused?|refuses|refusal|rejected?|rejects|rejection|denied|denies|deny|turned\s+down"
            r"|turns?\s+down|unsuccessful|unable\s+to\s+(?:approve|offer|lend|grant|accept))\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.REFER,
        re.compile(
            r"\b(?:referred|refers|referral|escalated|passed\s+(?:on\s+)?to\s+(?:a|an|our|the)\s+(?:\w+\s+)?(?:person|officer|underwriter"
            r"|analyst|team|colleague|specialist)|manual(?:ly)?\s+(?:review\w*|assess\w*|decision)"
            r"|(?:with|by|before)\s+an?\s+(?:\w+\s+)?(?:person|officer|underwriter|analyst)\s+for\s+(?:\w+\s+)?review"
            r"|person\s+(?:must\s+|will\s+|now\s+|has\s+to\s+)?decides?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Outcome.INCOMPLETE,
        re.compile(r"\b(?:incomplete|cannot\s+(?:yet\s+)?be\s+decided|undecided)\b", re.IGNORECASE),
    ),
    (Outcome.COUNTER_OFFER, re.compile(r"\bcounter-?\s?offer\w*\b", re.IGNORECASE)),
)
_SUBJECT = re.compile(
    r"\b(?:application|request|loan|applicant|credit|it|we|file|case|borrower|lender|decision|outcome|result|customer|client|claim"
    r"|he|she|they|you|your|proposal|bank|system|means?|meaning)\b",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:would|could|might|may|can|cannot|must|should|if|unless|where|when|whenever|above|below|beyond|under|before|until|without"
    r"|otherwise|alone|automatically|had)\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:(?:will|shall|'ll|is\s+going\s+to|are\s+going\s+to|is\s+certain\s+to|is\s+sure\s+to|is\s+bound\s+to)\s+(?:\w+\s+){0,3}?"
    r"(?:approv\w+|accept\w*|grant\w*|succeed|qualify|be\s+(?:declined|refused|rejected|funded|paid\s+out)|receive\s+(?:the|your|a)\s+"
    r"(?:loan|money|funds)|get\s+(?:the|your|a)\s+(?:loan|money|funds|approval)|waive\w*|lower\w*|reduc\w+|improv\w+|reconsider\w*|overturn\w*)"
    r"|guarantee[sd]?\s+(?:that|to|you|approval|a|an|the|your)|we\s+promise|promise[sd]?\s+(?:that|to|you)|i\s+promise|rest\s+assured"
    r"|assur(?:e|es|ed)\s+(?:you|that|of)|you\s+can\s+count\s+on|without\s+(?:any\s+)?(?:fail|doubt)|certain(?:ly)?\s+(?:be|to\s+be|get|obtain)"
    r"|definitely|undoubtedly|no\s+doubt|pre-?approved|promises?\s+(?:approval|a)|commit(?:s|ted)?\s+to\s+(?:approv\w+|lend\w*|grant\w*))\b",
    re.IGNORECASE,
)


def check_outcome(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence states an outcome that the record does not, or promises any."""
    promise = _PROMISE.search(said.text)
    if promise and not negated_at(said.text, promise.start()):
        yield _problem(said, "promise", f'"{promise.group()}" promises what only a decision can give')
    if pool.outcome is None or said.generic:
        return
    for outcome, form in _SAYS:
        for found in form.finditer(said.text):
            problem = _statement(said, outcome, found, pool)
            if problem:
                yield problem


def states_outcome(text: str, outcome: Outcome) -> bool:
    """Whether a text states this outcome and does not deny it."""
    form = dict(_SAYS)[outcome]
    return any(not negated_at(text, m.start()) for m in form.finditer(text))


def _statement(said: Said, outcome: Outcome, found: re.Match[str], pool: Pool) -> Problem | None:
    part = _part(said, found.start())
    if _HYPOTHETICAL.search(part) or not _SUBJECT.search(said.text):
        return None
    denied = negated_at(said.text, found.start())
    if denied and outcome is pool.outcome:
        return _problem(said, "outcome", f"the decision is {_word(pool.outcome)}, and the sentence denies it")
    if not denied and outcome is not pool.outcome:
        return _problem(
            said, "outcome", f'"{found.group()}" contradicts the decision: it is {_word(pool.outcome)}'
        )
    return None


def _part(said: Said, position: int) -> str:
    left = max([b for b in said.boundaries if b < position], default=0)
    right = min([b for b in said.boundaries if b > position], default=len(said.text))
    return said.text[left:right]


def _word(outcome: Outcome | None) -> str:
    return str(outcome.value).replace("_", " ") if outcome else ""


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

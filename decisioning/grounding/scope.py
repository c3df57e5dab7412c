"""Whether a sentence speaks of this application or of applications in general."""

import re

from decisioning.grounding.once import once
from decisioning.grounding.pool import Pool, Role
from decisioning.grounding.said import Said
from decisioning.numbers import Quantity

_MANY = (
    r"(?:applications|loans|requests|files|applicants|borrowers|customers|cases|scores|ratios|amounts|terms|notices|referrals"
    r"|complaints|incomes|rates)"
)
_ONE = (
    r"(?:application|request|loan|file|applicant|borrower|customer|case|score|amount|term|ratio|offer|notice|referral|complaint"
    r"|income|rate|record|factor|larger|longer|smaller|shorter|higher|lower)"
)
_GENERAL = re.compile(
    rf"(?<!these\s)(?<!those\s)(?<!both\s)(?<!these\stwo\s)(?<!of\s)(?<!all\s)(?<!reference\s)(?<!other\s)\b{_MANY}\b"
    rf"|\b(?:an?|any|each|every)\s+(?:[\w-]+\s+){{0,2}}?{_ONE}\b"
    r"|(?:^|[,;:]\s*)(?:if|whenever|unless|whoever)\b|^where\b|\bwhere\s+(?:the|an?|its?|that)\b|\b(?:if|unless|whenever)\s+(?:the|an?|any|it|its)\b"
    r"|\b(?:the|our)\s+(?:policy|manual)\s+(?:\w+ly\s+)?(?!in\b|of\b)\w+s\b"
    r"|^[A-Z]+[-\u2011][\d.]+\s+(?:says|states|reads)\b|\b(?:as\s+a\s+rule|in\s+general|always|never)\b",
    re.IGNORECASE,
)
_OF_THIS = re.compile(
    r"\b(?:this|your|the\s+present)\s+(?:\w+\s+)?(?:application|request|loan|applicant|file|case)\b|\b(?:because|since|although)\b"
    r"|\b(?:principal|main|first|second|third|fourth|only)\s+(?:\w+\s+)?reasons?\b|\b(?:send|sends|led|leads)\s+the\s+(?:application|case)\b"
    r"|\b(?:among|one\s+of)\s+the\s+(?:\w+\s+)?reasons\b"
    r"|^(?:the|this|your|its|their)\s+(?:[\w-]+\s+){0,3}?(?:application|request|loan|applicant|borrower|household|customer|score|amount|offer"
    r"|income|ratio|file|term|rate)\b(?!\s+(?:must|may|shall|should|cannot|can)\b)",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:if|unless|whenever)\b|^where\b|\bwhere\s+(?:the|an?|its?)\b|\b(?:an?|any|each|every)\s+(?:[\w-]+\s+)?(?:application|applicant)\b",
    re.IGNORECASE,
)


@once
def is_general(said: Said, pool: Pool) -> bool:
    """Whether the sentence states the policy for everybody; one with a value of the record never does."""
    if pool.outcome is None:
        return True
    if not _GENERAL.search(said.text) or (_OF_THIS.search(said.text) and not _CONDITIONAL.search(said.text)):
        return False
    return not any(_only_a_value(q, pool) for q in said.amounts)


def _only_a_value(quantity: Quantity, pool: Pool) -> bool:
    known = {k.role for k in pool.meaning(quantity)}
    return bool(known & {Role.VALUE, Role.SHORTFALL}) and Role.LIMIT not in known

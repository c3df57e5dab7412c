"""Reasons that say nothing: what Regulation B's comment 9(b)(2)-1 and 12 CFR 1002.9(b)(2) do not accept.

"Statements that the adverse action was based on the creditor's internal standards or policies or that the
applicant … failed to achieve a qualifying score on the creditor's credit scoring system are insufficient."
"""

import re

_WHOSE = r"internal|our|its|their|the\s+(?:lender|creditor|bank)\W?s|credit|lending|company|minimum"
_HOUSE = r"polic(?:y|ies)|standards?|criteria|criterion|guidelines?|requirements?|rules|parameters"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_WHOSE})\s+(?:credit\s+|lending\s+|internal\s+|minimum\s+)?(?:{_HOUSE})\b",
        r"\b(?:insufficient|low|qualifying|passing|required|minimum|total|overall)\s+(?:credit\s+)?scores?\b",
        r"\bscores?\b[^.]{0,40}\b(?:low|lower|below|insufficient|not\s+(?:high|good)\s+enough|inadequate)\b",
        r"\b(?:insufficient|too few|not enough|number of)\s+points\b",
        r"\bcredit[\s-]?scoring\b|\bscoring\s+(?:system|model)\b|\bscorecard\b",
        r"\b(?:does|do|did)\s+not\s+(?:qualify|meet\s+(?:the|our)\s+\w+)\b|\bnot\s+(?:eligible|creditworthy)\b",
    )
)


def vague_words(sentence: str) -> str | None:
    """The words for whose sake a sentence is no specific reason; None where it may be one."""
    for pattern in _PATTERNS:
        if found := pattern.search(sentence):
            return found[0]
    return None

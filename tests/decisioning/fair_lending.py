"""A scan for sentences that treat an applicant worse for what Regulation B protects.

It reads English, not intentions: a sentence that names a protected subject must protect it in a form
that the scan knows, or be one of those that a person has read and approved here.
"""

import re

_SUBJECT = re.compile(
    r"\b(?:part-?time|temporary,? (?:\w+ )?(?:contracts?|work|employment|income|jobs?)|contract is temporary"
    r"|pension\w*|annuit\w+|retirement|public assistance|welfare|alimony|child support|maintenance"
    r"|marital|married|spouses?|husbands?|wives|wife|co-?signers?|guarantors?|suret\w+"
    r"|another person's signature|age|sex|race|religion|national origin|pregnan\w+|children)\b",
    re.IGNORECASE,
)
_WORSE = re.compile(
    r"\b(?:discount\w*|reduc\w+|exclu\w+|left out|leav\w+ out|ignor\w+|haircut|half|halv\w+|only|at most"
    r"|up to|weigh\w+|lower\w*|less|further|additional|extra|second|longer|more than|averag\w+|declin\w+"
    r"|referr\w+|must (?:provide|present|show|add|bring|give|have)|need\w*|requir\w+|condition|deposit"
    r"|prefer\w*|help\w*|strengthen\w*|improv\w+|invit\w+|encourag\w+|suggest\w*|supplement\w*|asks? for"
    r"|asked for|turn|discourag\w+)\b"
    r"|\d",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|never|no|nobody|none|nothing|neither|nor|without)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:not|never|no longer)\s+(?:\w+\s+)?"
    r"(?:counted|considered|accepted|income|taken into account|included)\b",
    re.IGNORECASE,
)
_PROTECTS = re.compile(r"\bcounted in full\b|\blike wages\b|\bneed not\b", re.IGNORECASE)
_LAW = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*(?:CP-|CFR)[^()]*(?:\([^()]*\)[^()]*)*\)|CP-\d+\.\d+")

APPROVED = frozenset(
    {
        # A record for monitoring is kept apart, which protects.
        "Age and marital status, where the lender holds them to monitor its own fairness, are kept apart from"
        " the file.",
        # It counts in the applicant's favour, at the applicant's wish (12 CFR 1002.6(b)(6)(i) and (iii)).
        "The history of an account that was shared with a spouse, or that stood in the name of a spouse or"
        " former spouse, counts for the applicant too where the applicant asks for it and shows that it"
        " reflects the applicant's own creditworthiness.",
        # The lender measures proxies to keep them out.
        "Before a characteristic is scored, the lender measures how well it alone tells whether an applicant"
        " is married or belongs to an age group, and writes down why it may be used.",
        # The age is that of an entry in a record, not of a person.
        "The underwriter looks at the age of the entry, at the sum, at whether it was paid since, and at its"
        " cause.",
    }
)
"""Sentences that name a subject, are no protection by form, and were read and found fair."""


def unfair(sentence: str) -> str | None:
    """Why the sentence may treat someone worse for a protected subject, None where it does not."""
    plain = _LAW.sub("", sentence)
    subject = _SUBJECT.search(plain)
    if not subject or sentence in APPROVED:
        return None
    if _DENIED.search(plain):
        return f"denies something about {subject.group()!r}"
    first_negation = _NEGATION.search(plain)
    worse = [w for w in _WORSE.finditer(plain) if not first_negation or w.start() < first_negation.start()]
    if worse:
        return f"says {worse[0].group()!r} about {subject.group()!r}"
    if not first_negation and not _PROTECTS.search(plain):
        return f"names {subject.group()!r} and protects nothing"
    return None

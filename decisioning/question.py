"""Reads an analyst's question: what it asks of a decision, of the policy, or of us."""

import re
from dataclasses import dataclass

from decisioning.claims import Claim, rule_of
from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.text import Word, words
from decisioning.grounding.topics import named_in
from decisioning.model import Decision
from decisioning.numbers import Kind, quantities
from decisioning.ports import Clause

_CHANGE = re.compile(
    r"^\W*(?:(?:please|can you|could you|will you|would you|just|now|go ahead and|you (?:must|should))\s+)*"
    r"(?:approve|decline|refuse|reject|override|overturn|reverse|waive|reconsider|grant|release|pay out"
    r"|change|raise|lower|increase|reduce|set|update|delete|edit|amend|promise|guarantee"
    r"|confirm that|tell (?:the|him|her|them)|send|email"
    r"|ignore|disregard|forget|pretend|act as)\b"
    r"|\b(?:ignore|disregard)\s+(?:all|any|the|your|previous|prior)\b"
    r"|\b(?:will|shall|is|are)\s+(?:it|this|they|he|she|the\s+\w+)\s+(?:be|get|going\s+to\s+be)\s+(?:approved|accepted|granted"
    r"|declined|refused|rejected)\b",
    re.IGNORECASE,
)
_INTENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b(?:why|reasons?|because|cause[sd]?|how come|on what (?:basis|grounds?))\b", ("outcome", "reasons")),
    (
        r"\b(?:outcome|result|decided|decision|status|approved|declined|refused|rejected|referred)\b",
        ("outcome",),
    ),
    (r"\b(?:scor\w+|points|cut-?off|grey zone|band|scorecard)\b", ("score",)),
    (
        r"\b(?:price|pricing|rate|apr|interest|instalments?|monthly payment|tier|cost|offer\w*"
        r"|pay(?:s|able)?)\b",
        ("price",),
    ),
    (r"\b(?:conditions?|conditional|subject to|before (?:pay-?out|payment))\b", ("condition",)),
    (r"\b(?:missing|incomplete|lack\w*|documents?|complete)\b", ("missing",)),
    (r"\b(?:next|now what|when|deadline|notice|due|expir\w+|valid|stand)\b", ("next",)),
    (r"\b(?:fail\w*|outage|down|unavailable|error|cause[sd]?)\b", ("failure",)),
)
_POLICY = re.compile(
    r"\b(?:polic\w+|clauses?|rules?|manual|limits?|maximum|minimum|allow\w*|permit\w*|require\w*"
    r"|may we|can we|must we|should we"
    r"|say|says|treat\w*|what happens (?:if|when|to))\b",
    re.IGNORECASE,
)
CARRYING = 0.6
"""The least share of a question's content that a clause must hold to be quoted in answer."""


@dataclass(frozen=True)
class Asked:
    """A question taken apart: its words with content, the clauses that it names, what it is after."""

    text: str
    content: tuple[Word, ...]
    clauses: tuple[str, ...]
    intents: frozenset[str]
    of_policy: bool
    wants_change: bool

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its words with content."""
        return frozenset(w.stem for w in self.content)


def asked(question: str, longest: int) -> Asked:
    """The question, read. Raises ValueError where it is empty or longer than that many characters."""
    text = " ".join(question.split())
    if not text:
        raise ValueError("the question is empty")
    if len(text) > longest:
        raise ValueError(f"the question is longer than {longest} characters")
    named = tuple(dict.fromkeys(q.name for q in quantities(text) if q.kind is Kind.CLAUSE))
    intents = frozenset(i for form, kinds in _INTENTS if re.search(form, text, re.IGNORECASE) for i in kinds)
    content = tuple(w for w in words(text) if not is_stop(w.text))
    return Asked(
        text=text,
        content=content,
        clauses=named,
        intents=intents,
        of_policy=bool(_POLICY.search(text)) or bool(named),
        wants_change=bool(_CHANGE.search(text)),
    )


def wanted_claims(read: Asked, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The claims of a decision that the question asks for."""
    return tuple(c for c in claims if _wanted(read, c))


def wanted_facts(read: Asked, decision: Decision, told: tuple[Claim, ...]) -> tuple[str, ...]:
    """The facts that the question names and that no claim already told gives, at most three."""
    given = {rule.fact for c in told if (rule := rule_of(c))}
    named = [(named_in(n, read.stems), n) for n in decision.facts if n not in given]
    best = max((score for score, _ in named), default=0.0)
    if best < 1:
        return ()
    return tuple(n for score, n in named if score >= best)[:3]


def carries(read: Asked, clause: Clause) -> bool:
    """Whether a clause holds enough of what the question asks about to be quoted in answer."""
    wanted = [w for w in read.content if not is_neutral(w.stem)] or list(read.content)
    if not wanted:
        return False
    own = words(f"{clause.heading or ''} {clause.text}")
    stems = {w.stem for w in own}
    likes = {key for w in own if not is_stop(w.text) for key in keys(w.stem)}
    exact = sum(1.0 for w in wanted if w.stem in stems)
    alike = sum(0.6 for w in wanted if w.stem not in stems and keys(w.stem) & likes)
    return exact >= 1 and (exact + alike) / len(wanted) >= CARRYING


def _wanted(read: Asked, claim: Claim) -> bool:
    if claim.kind in read.intents:
        return True
    if claim.kind in ("threshold", "characteristic", "reason", "failure", "missing"):
        fired = claim.kind != "threshold" or claim.rule.fired
        if "reasons" in read.intents and fired:
            return True
    rule = rule_of(claim)
    names = (rule.fact,) if rule and claim.kind in ("threshold", "score") else ()
    return any(named_in(n, read.stems) >= 1 for n in names)

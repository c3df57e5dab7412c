"""The words of a sentence must be carried by claims and clauses, and by the right ones."""

import re
from collections.abc import Iterator

from decisioning.grounding.lexicon import is_neutral, keys
from decisioning.grounding.names import known_clause
from decisioning.grounding.pool import Carrier, Passage, Pool
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word
from decisioning.model import Outcome, Problem
from decisioning.numbers import Kind

_VERBATIM = 0.9
CARRIED = 0.7
"""The least share of a sentence's content that the record or the clauses must carry."""
_CONDITION = re.compile(
    r"\b(?:subject\s+to|conditional\s+(?:up)?on|on\s+(?:the\s+)?condition|conditions?\s+(?:of|for|is|are|that|on)|provided\s+that"
    r"|as\s+long\s+as|prerequisite|contingent\s+(?:up)?on|before\s+(?:the\s+)?(?:pay-?\s?out|payment\s+of\s+the\s+loan|release|disburs\w+"
    r"|drawdown)|before\s+the\s+(?:loan|money|funds)\s+(?:is|are)\s+(?:paid|released|disbursed)|in\s+exchange\s+for)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"\b(?:applicant|borrower|customer|client|you|he|she|they)\s+(?:\w+\s+)?(?:must|has\s+to|have\s+to|needs?\s+to|shall|is\s+required\s+to"
    r"|are\s+required\s+to|is\s+obliged\s+to|are\s+asked\s+to|is\s+asked\s+to)\b",
    re.IGNORECASE,
)
_ADVERSE = re.compile(
    r"\b(?:few(?:er)?|little|low(?:er)?|short|brief|weak|insufficient|poor|inadequate|lack\w*|limited|too|excessive|against|adverse\w*"
    r"|negative\w*|below\s+(?:the\s+)?average|reasons?|because|due|owing|factors?|counted|weigh\w*|hurt|harm\w*|problem\w*|concern\w*"
    r"|high|heavy|large|long|unstable|recent\w*|not\s+enough|worse|under\s*min\w*|drag\w*|pull\w*|bad)\b",
    re.IGNORECASE,
)


def check_content(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence says more than record and clauses do, or rests on the wrong ones."""
    content = [w for w in said.content if pool.outcome is None or not is_neutral(w.stem)]
    uncarried = [w for w in content if not keys(w.stem) & pool.keys]
    if content and len(uncarried) / len(content) > 1 - CARRIED:
        listed = ", ".join(dict.fromkeys(w.text for w in uncarried))
        yield _problem(said, "not_carried", f"neither the record nor a clause speaks of: {listed}")
    if pool.outcome is not None:
        yield from _conditions(said, pool)
        yield from _causes(said, pool)
    yield from _clauses(said, pool)


def share(content: tuple[Word, ...] | list[Word], carried: frozenset[str]) -> float:
    """Which share of the words is carried by these keys; all of nothing."""
    counted = [w for w in content if not is_neutral(w.stem)] or list(content)
    return sum(1 for w in counted if keys(w.stem) & carried) / len(counted) if counted else 1.0


def likeness(said: Said, passage: Passage) -> float:
    """How much of the sentence stands in the passage: its own words count whole, their likes half."""
    own = [w for w in said.content if not is_neutral(w.stem)] or list(said.content)
    if not own:
        return 0.0
    exact = passage.stems
    return sum(1.0 if w.stem in exact else 0.5 if keys(w.stem) & passage.keys else 0.0 for w in own) / len(
        own
    )


def _conditions(said: Said, pool: Pool) -> Iterator[Problem]:
    asks = _CONDITION.search(said.text) or _DUTY.search(said.text)
    if not asks or said.generic:
        return
    carriers = [c for c in pool.carriers if c.kind in ("condition", "missing", "next")]
    texts = [p for c in carriers for p in c.passages]
    if any(likeness(said, p) >= _VERBATIM for c in pool.carriers for p in c.passages):
        return
    if any(_restates(said, p) for p in texts) or any(
        c.kind == "next" and share(said.content, c.keys) >= 1 for c in carriers
    ):
        return
    if any(c.kind == "missing" and any(pool.named(f, said.stems) >= 1 for f in c.names) for c in carriers):
        return
    kind = "condition" if pool.outcome is Outcome.APPROVE else "outcome"
    yield _problem(
        said, f"unknown_{kind}", f'"{asks.group()}" states a condition that the decision does not carry'
    )


def _restates(said: Said, passage: Passage) -> bool:
    wanted = [w for w in passage.content if not is_neutral(w.stem)] or list(passage.content)
    own = frozenset(k for w in said.content for k in keys(w.stem))
    return sum(1 for w in wanted if keys(w.stem) & own) >= 0.5 * len(wanted)


def _causes(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is called a reason must be one."""
    if said.generic or not _ADVERSE.search(said.text):
        return
    claimed = frozenset(key for c in pool.carriers for key in c.keys if c.kind != "outcome")
    own = frozenset(n for c in pool.carriers for n in c.names)
    for name in sorted(pool.near(said.stems) - own):
        if pool.named(name, said.stems) >= 1 and not _worded(name, said, claimed, pool):
            plain = name.replace("_", " ")
            yield _problem(said, "unknown_reason", f"{plain} is no reason of this decision")


def _worded(name: str, said: Said, claimed: frozenset[str], pool: Pool) -> bool:
    words = [w for w in said.content if pool.named(name, frozenset({w.stem})) > 0]
    return all(keys(w.stem) & claimed for w in words)


def check_source(text: str, clause: str | None, pool: Pool) -> Iterator[Problem]:
    """A problem where a sentence that is said to rest on a clause is not carried by it."""
    said = Said(text, tuple(sorted(pool.clauses)))
    if clause is not None and not _rests_on(said, clause, pool):
        yield _problem(said, "wrong_clause", f"{clause} does not carry this sentence")


def _clauses(said: Said, pool: Pool) -> Iterator[Problem]:
    """A clause that a sentence names must be the one that carries it."""
    for quantity in said.quantities:
        if quantity.kind is not Kind.CLAUSE or not known_clause(quantity.name, pool):
            continue
        name = quantity.name
        if not _rests_on(said, name, pool):
            yield _problem(said, "wrong_clause", f"{name} does not carry this sentence")


def _rests_on(said: Said, name: str, pool: Pool) -> bool:
    own = [p for p in pool.passages if p.clause == name]
    carriers = [c for c in pool.carriers if name in c.clauses]
    if any(is_about(said, c, pool) for c in carriers):
        return True
    carried = frozenset(k for p in own for k in p.keys)
    numbers_stand = all(any(q.value == o.value for p in own for o in p.quantities) for q in said.amounts)
    return bool(own) and numbers_stand and share(said.content, carried) >= CARRIED


def is_about(said: Said, carrier: Carrier, pool: Pool) -> bool:
    """Whether the sentence speaks of what the claim speaks of."""
    if carrier.kind in ("outcome", "next", "price"):
        return share(said.content, carrier.keys) >= CARRIED
    if carrier.rule is not None and pool.named(carrier.rule.fact, said.stems) >= 0.9:
        return True
    if any(pool.named(n, said.stems) >= 0.9 for n in carrier.names):
        return True
    return any(_restates(said, p) for p in carrier.passages)


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

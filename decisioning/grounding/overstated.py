"""What is told as the only one, as the most that is allowed, or against a limit, must be that."""

import re
from collections.abc import Iterator

from decisioning.claims import comparisons_of
from decisioning.grounding.pool import Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.standing import value_of
from decisioning.grounding.topics import NAMED
from decisioning.model import Problem
from decisioning.numbers import Kind, negated_at

_ALONE = re.compile(
    r"\b(?:alone|solely|by\s+itself|on\s+its\s+own|single-?handedly)\s+(?:led|caused|decided|brought|sank|settled|produced)\b"
    r"|\b(?:only|sole|single|one\s+and\s+only)\s+(?:principal\s+|main\s+)?(?:reason|ground|cause|factor)\b(?!\s+(?:of|for)\s+(?:the|a)\s+refer)"
    r"|\bfor\s+(?:this|that)\s+reason\s+(?:alone|only)\b|\bnothing\s+(?:else|but)\b",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:longest|largest|highest|biggest|shortest|smallest|lowest|most|least)\b(?=(?:\s+\w+){0,4}?\s+(?:the\s+)?"
    r"(?:policy|manual|lender|clause|rules?|[A-Z]+-[\d.]+)\s+(?:still\s+)?(?:allows?|permits?|accepts?|admits?|lends?|takes?)\b)",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"\b(?:above|below|over|under|beyond|exceeds?|exceeded|short\s+of|less\s+than|more\s+than)\s+(?:what\s+is\s+|the\s+)?"
    r"(?:maximum|minimum|limit|ceiling|floor|cap|threshold)\b",
    re.IGNORECASE,
)


def check_overstated(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where one of several is told as the only one, or a limit that nobody set as reached."""
    if pool.outcome is None or is_general(said, pool):
        return
    yield from _only(said, pool)
    yield from _most(said, pool)
    yield from _unlimited(said, pool)


def _only(said: Said, pool: Pool) -> Iterator[Problem]:
    """The only reason is the only one: where several were given, none led to the outcome alone."""
    found = _ALONE.search(said.text)
    reasons = sum(c.rank is not None for c in pool.carriers)
    if found and reasons > 1 and not negated_at(said.text, found.start()):
        yield said.problem("unknown_reason", f'"{found.group()}": there are {reasons} principal reasons')


def _most(said: Said, pool: Pool) -> Iterator[Problem]:
    """The longest term that the policy allows is as long as its limit."""
    limits_told = any(k.role is Role.LIMIT for q in said.amounts for k in pool.meaning(q))
    if limits_told or not _MOST.search(said.text):
        return
    for quantity in said.amounts:
        for known in pool.meaning(quantity):
            limits = {
                c.limit
                for r in pool.rules
                for c in comparisons_of(r)
                if c.fact == known.name and isinstance(c.limit, int | float)
            }
            if known.role is Role.VALUE and limits and known.value not in limits:
                name = known.name.replace("_", " ")
                yield said.problem("limit_as_value", f'"{quantity.text}" is the {name}, not its limit')
                return


def _unlimited(said: Said, pool: Pool) -> Iterator[Problem]:
    """What no rule of the record reads is neither above nor below its limit."""
    found = _LIMITED.search(said.text)
    if found is None or any(q.kind is Kind.CLAUSE for q in said.quantities):
        return
    limited = {k.name for k in pool.numbers if k.role is Role.LIMIT}
    start = max([b for b in said.boundaries if b < found.start()], default=0)
    topics = pool.topics(said.ordered(start, found.start()))
    for topic in () if any(t & limited for t in topics) else topics[-1:]:
        named = [n for n in topic if pool.named(n, said.stems) >= NAMED]
        if named and not topic & limited and all(value_of(n, pool) for n in named):
            name = named[0].replace("_", " ")
            yield said.problem("unknown_limit", f"no rule of this decision sets a limit for {name}")

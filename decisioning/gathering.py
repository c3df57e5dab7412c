"""The clauses that an explanation may rest on: those that its claims name, and some beside them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from decisioning.claims import Claim
from decisioning.errors import DependencyFailed
from decisioning.grounding import in_force
from decisioning.model import Decision
from decisioning.ports import Clause, Clauses

_CORPUS, _SEARCH = "retrieval", "search"


async def gather(
    decision: Decision,
    claims: Sequence[Claim],
    clauses: Clauses,
    document: str,
    known_at: datetime | None,
    k: int,
    context_s: float,
) -> tuple[list[Clause], str | None]:
    """The clauses that claims name and some beside them; without these where only their search failed.

    What claims rest on is read by name: an embedding model that fails, or does not answer within
    context_s seconds, costs the context and no more.
    """
    names = list(dict.fromkeys(n for claim in claims for n in claim.clauses))
    named = await clauses.named(document, names, decision.as_of, known_at)
    found = [named[n] for n in names if n in named and in_force(named[n], decision.as_of)]
    queries = [q for claim in claims if (q := " ".join((*claim.facts, claim.kind)).replace("_", " "))][:k]
    if k and queries:
        try:
            async with asyncio.timeout(context_s):
                near = await clauses.context(document, queries, decision.as_of, k, known_at)
        except TimeoutError:
            return found, _SEARCH
        except DependencyFailed as failure:
            if failure.dependency == _CORPUS:
                raise
            return found, failure.dependency
        found += [c for c in near if c.clause not in named and in_force(c, decision.as_of)]
    return found, None

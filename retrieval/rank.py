"""One order out of two: how near the words are, and how near the meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.model import Clause, Hit

COSINE_WEIGHT = 1.0
"""Weight of the cosine beside BM25, each divided by the best of its candidates."""

NAMED = 10.0
"""A clause that the question names stands before every other."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause in force with both of its scores, exact whichever leg found it."""

    clause: Clause
    bm25: float
    cosine: float
    named: bool


def ranked(candidates: Sequence[Candidate], k: int) -> list[Hit]:
    """The k best, best first; ties in the order of their ids, so that the same question answers the same."""
    best_bm25 = max((c.bm25 for c in candidates), default=0.0) or 1.0
    best_cosine = max((c.cosine for c in candidates), default=0.0) or 1.0
    hits = [
        Hit(c.clause, c.bm25 / best_bm25 + COSINE_WEIGHT * c.cosine / best_cosine + NAMED * c.named)
        for c in candidates
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.clause.id))[:k]


def merged(answers: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """The k best of several questions: first what came first for any of them."""
    best: dict[int, tuple[int, float, Hit]] = {}
    for hits in answers:
        for place, hit in enumerate(hits):
            rank = (place, -hit.score, hit)
            if hit.clause.id not in best or rank[:2] < best[hit.clause.id][:2]:
                best[hit.clause.id] = rank
    return [hit for _, _, hit in sorted(best.values(), key=lambda r: (r[0], r[1], r[2].clause.id))][:k]

"""One order out of several figures: how near the words are, in what company, and how near the meaning.

The score of a clause among the candidates of a question is

    words · (BM25 + pairs) / the best of them + cosine · cosine / the best of them + coverage · coverage

where `pairs` is the mean idf of the question for each pair of its neighbouring terms that the clause has
side by side, and `coverage` the share of the question's idf that the clause has words for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.model import Hit


@dataclass(frozen=True, slots=True)
class Weights:
    """What each figure counts; the defaults were chosen on questions about 40 financial rulebooks (ObliQA's
    dev set) and held against the cross-references of Regulation B: `python -m evals.retrieval_ideas`."""

    words: float = 1.0
    pair: float = 0.6
    cosine: float = 1.2
    coverage: float = 0.25


NAMED = 10
"""A clause that a brief question names stands before every other."""

BRIEF = 8
NAMED_AMONG_OTHER_THINGS = 1.0
"""A question of more words than these may name a clause as its setting, and ask for another."""

MANY = 30
"""A name is worth so much less as more clauses have it; one that more than these have says nothing."""

LEAST = 1e-9
"""Nothing is divided by less."""


def merged(answers: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """The k best of several questions: first what came first for any of them."""
    best: dict[int, tuple[int, float, Hit]] = {}
    for hits in answers:
        for place, hit in enumerate(hits):
            rank = (place, -hit.score, hit)
            if hit.clause.id not in best or rank[:2] < best[hit.clause.id][:2]:
                best[hit.clause.id] = rank
    return [hit for _, _, hit in sorted(best.values(), key=lambda r: (r[0], r[1], r[2].clause.id))][:k]

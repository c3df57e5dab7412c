"""`python -m evals.retrieval_ideas`: what each idea of search brings, one added to the next.

Every third question about the rulebooks, and every referring sentence of Regulation B; means with their 95 %
bootstrap intervals. Minutes.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evals import crossrefs
from evals.corpora import Place, regulation, rulebooks, settled
from evals.intervals import bootstrap
from evals.measured import Measured, with_score
from evals.places import DATA, OUT
from evals.retrieval import answers, referred
from retrieval.passages import complete
from retrieval.rank import Weights
from retrieval.search import PostgresClauses

EVERY = 3

WORDS = Weights(words=1, pair=0, cosine=0, coverage=0)
MEANING = Weights(words=0, pair=0, cosine=1, coverage=0)
PLAIN = Weights(words=1, pair=0, cosine=1, coverage=0)

VARIANTS: Mapping[str, tuple[Weights, bool]] = {
    "BM25 alone": (WORDS, False),
    "vectors alone": (MEANING, False),
    "vectors alone, questions turned": (MEANING, True),
    "BM25 and vectors, one to one": (PLAIN, False),
    "and pairs of words": (replace(PLAIN, pair=0.6), False),
    "and coverage": (replace(PLAIN, pair=0.6, coverage=0.25), False),
    "and questions turned": (replace(PLAIN, pair=0.6, coverage=0.25), True),
    "and vectors at 1.2: as shipped": (Weights(), True),
}
"""Each with its weights, and whether questions are turned towards their answers."""


async def ideas(place: Place) -> None:
    """Print every variant on both corpora."""
    async with rulebooks(place) as corpus:
        await settled(corpus.engine)
        for name, (weights, turned) in VARIANTS.items():
            _tell(name, await answers(corpus, weights, turned, EVERY), "rulebooks")
        _tell("as shipped, every question", await answers(corpus, Weights(), turned=True), "rulebooks")
    async with regulation(place) as made:
        for name, (weights, turned) in VARIANTS.items():
            embedder = (
                made.vectors if turned else replace(made.vectors, name=f"{made.vectors.name}, unmapped")
            )
            await complete(made.engine, embedder)
            found, strayed = await referred(made, PostgresClauses(made.engine, embedder, weights=weights))
            _tell(name, found, "regulation")
            _tell(name, found, "regulation, masked")
            print(f"clauses of another edition: {strayed}", flush=True)


def _tell(name: str, cases: Sequence[Measured], corpus: str) -> None:
    figures = []
    for metric in ("recall", "precision"):
        values = [case.scores[f"{corpus} {metric}"] for case in with_score(cases, f"{corpus} {metric}")]
        low, high = bootstrap(values)
        figures.append(f"{sum(values) / len(values):.3f} ({low:.3f} to {high:.3f})")
    print(f"{corpus:20} {name:34} recall@10 {figures[0]}  MAP@10 {figures[1]}", flush=True)


def main() -> int:
    """Print everything; `credence eval run retrieval` holds the figures against their gates."""
    parser = argparse.ArgumentParser(prog="python -m evals.retrieval_ideas", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the data sets (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the vectors (default: %(default)s)")
    asked = parser.parse_args()
    for name in crossrefs.EDITIONS:
        read = crossrefs.found(asked.data, name)
        complete_truth = "" if name in crossrefs.COMPLETE else " (the truth is incomplete)"
        print(f"references {name}: precision {read.precision:.3f}, recall {read.recall:.3f}{complete_truth}")
    asyncio.run(ideas(Place(asked.data, asked.out, asked.out)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

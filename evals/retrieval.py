"""How well search finds the clause: on what it was not learned from.

Questions about 40 financial rulebooks (ObliQA's dev set) are asked of the real search over the real database.
What was learned from questions is measured on others only: the map of a third of the questions is learned
from the other two. Regulation B's cross-references show whether what helps on one corpus hurts on another,
and that no search ever leaves its day, or what was known. What each idea brings:
`python -m evals.retrieval_ideas`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from evals import crossrefs
from evals.benchmarks import obliqa
from evals.benchmarks.figures import average_precision, recall
from evals.cases import NotRun
from evals.corpora import Place, Regulation, Rulebooks, day_of, regulation, rulebooks, settled
from evals.frame import Findings, Options, PartSuite
from evals.gates import Gate, exactly, mean
from evals.measured import Measured
from evals.places import OUT
from evals.slices import charts
from retrieval.rank import Weights
from retrieval.search import PostgresClauses

K = 10
DAY = date(2026, 1, 1)

WHY = "what is explained can be no better than its clause; without vectors, without words or without the"
WHY += " rarity of words search is below this"
ELSEWHERE = "what is learned on one corpus must not hurt on another; without vectors, or without words, below"


def measured(number: str, asked: str, found: Sequence[str], wanted: frozenset[str], corpus: str) -> Measured:
    """A question with the share of its clauses among the first ten found, and their average precision."""
    scores = {
        f"{corpus} recall": recall(found, wanted, K),
        f"{corpus} precision": average_precision(found, wanted, K),
    }
    said = f"found {', '.join(found[:K])}; wanted {', '.join(sorted(wanted))}"
    count = "one" if len(wanted) == 1 else "several"
    return Measured(number, scores, {"corpus": corpus, "clauses that answer": count}, asked, said)


async def answers(corpus: Rulebooks, weights: Weights, turned: bool, every: int = 1) -> list[Measured]:
    """What search with these weights finds for the questions about rulebooks."""
    vectors = corpus.by_thirds if turned else corpus.plain
    clauses = PostgresClauses(corpus.engine, vectors, weights=weights)
    made = []
    for number, one in enumerate(corpus.asked[::every]):
        hits = await clauses.search(one.text, DAY, k=K)
        found = [hit.clause.clause for hit in hits]
        made.append(measured(f"rulebooks-{number * every}", one.text, found, one.relevant, "rulebooks"))
    return made


async def referred(corpus: Regulation, clauses: PostgresClauses) -> tuple[list[Measured], int]:
    """Every referring sentence on its edition's first day, as written and masked; and how many clauses of
    another edition were found."""
    made, strayed = [], 0
    for number, one in enumerate(corpus.asked):
        for name, text in (("regulation", one.sentence), ("regulation, masked", one.masked)):
            hits = await clauses.search(text, day_of(one), document=crossrefs.DOCUMENT, k=K + 1)
            strayed += sum(
                not hit.clause.effective_from <= day_of(one) < (hit.clause.effective_to or date.max)
                for hit in hits
            )
            found = [hit.clause.clause for hit in hits if hit.clause.clause != one.source]
            case = measured(f"{name}-{one.edition}-{number}", text, found, one.wanted, name)
            made.append(replace(case, slices={**case.slices, "edition": one.edition}))
    return made, strayed


async def unknown(corpus: Regulation, clauses: PostgresClauses) -> int:
    """How many clauses of the earliest edition are found as of its first day, before it was known."""
    first = min(day_of(one) for one in corpus.asked)
    found = [
        await clauses.search(
            one.sentence, first, document=crossrefs.DOCUMENT, known_at=corpus.half_known, k=K
        )
        for one in corpus.asked
        if day_of(one) == first
    ]
    return sum(len(hits) for hits in found)


def place_of(options: Options, folder: str) -> Place:
    """Where the corpora are; raises NotRun where the data sets are absent."""
    if not (options.data / folder).is_dir():
        raise NotRun(f"no data sets in {options.data}")
    home = options.settings.home if options.settings else options.home.parent
    return Place(options.data, home / OUT.name, home)


def on_rulebooks(options: Options) -> Findings:
    """Questions that were not learned from; a share of them among fewer clauses where few are wanted."""
    place = place_of(options, obliqa.FOLDER)

    async def asked() -> list[Measured]:
        async with rulebooks(place, options.most) as corpus:
            await settled(corpus.engine)
            return await answers(corpus, Weights(), turned=True)

    cases = asyncio.run(asked())
    gates = (
        _gate("recall@10, ObliQA dev, not learned from", cases, "rulebooks recall", 0.81, WHY),
        _gate("MAP@10, ObliQA dev, not learned from", cases, "rulebooks precision", 0.695, WHY),
    )
    return Findings(gates, charts(cases, {"rulebooks recall": "recall@10 on rulebooks"}), cases=tuple(cases))


def on_regulation(options: Options) -> Findings:
    """Sentences that refer to other clauses, in each edition on its day."""
    place = place_of(options, "reg-b-crossrefs")

    async def asked() -> tuple[list[Measured], int, int]:
        async with regulation(place, options.most) as corpus:
            clauses = PostgresClauses(corpus.engine, corpus.vectors)
            return *(await referred(corpus, clauses)), await unknown(corpus, clauses)

    cases, strayed, early = asyncio.run(asked())
    gates = (
        _gate("recall@10, Regulation B, referring sentence", cases, "regulation recall", 0.8, ELSEWHERE),
        _gate("MAP@10, Regulation B, referring sentence", cases, "regulation precision", 0.63, ELSEWHERE),
        _gate("recall@10, Regulation B, masked", cases, "regulation, masked recall", 0.55, ELSEWHERE),
        _gate("MAP@10, Regulation B, masked", cases, "regulation, masked precision", 0.27, ELSEWHERE),
        exactly("clauses of another edition", strayed, "at most", 0, "never a rule of another day"),
        exactly("clauses that were not known yet", early, "at most", 0, "never a rule that nobody knew"),
    )
    shown = charts(cases, {"regulation recall": "recall@10 on Regulation B"})
    return Findings(gates, shown, cases=tuple(cases))


def _gate(name: str, cases: Sequence[Measured], metric: str, threshold: float, why: str) -> Gate:
    gate = mean(name, cases, metric, "at least", threshold, why)
    return replace(gate, each=False)


SUITE = PartSuite(
    name="retrieval",
    about="search finds the clause that answers: rulebooks by thirds, Regulation B on each edition's day",
    parts={"rulebooks": on_rulebooks, "Regulation B": on_regulation},
)

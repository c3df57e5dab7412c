"""How good the checker of explanations is: mutants, sentences in other words, a model's own, a foreign set.

`python -m evals.verifier [--decisions N] [--show]` prints what was judged wrong as well.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from statistics import median
from typing import TypeVar

from app.sandbox.applications import sample_applications
from decisioning.grounding import verify
from decisioning.model import Decision
from evals.cases import NotRun, spread
from evals.frame import Findings, Options, PartSuite
from evals.gates import Gate, Result, exactly, share
from evals.intervals import wilson
from evals.measured import Bar, Chart
from evals.runner import run_suite
from evals.training.sample import can_be_scored
from evals.words.breaking import PROCESSES, Broken, broken
from evals.words.decided import DAYS, decided
from evals.words.faithfulness import FILE, pairs
from evals.words.labelled import DATA, SETS, Counted, count, labelled
from evals.words.outside import Judged, outside
from evals.words.recorded import balanced, judged, recorded
from evals.words.timing import ROUNDS, cpu_ms, growth

DECISIONS = 5_000
SENTENCES = 6
"""On a share so many of a set for each decision."""
T = TypeVar("T")
ALONE = {
    "outside_first": (0.95, 0.95),
    "outside": (0.76, 0.9),
    "outside_held": (0.35, 0.7),
    "clauses_by_hand": (0.8, 0.95),
    "strangers": (0.55, 0.8),
    "strangers_held": (0.47, 0.6),
}
"""The least shares accepted and rejected, as they hold; only the held sets say how it goes with others."""
SAMPLED = 60
WARM_UP, TIMED = 60, 300
FEW_ROUNDS = 1
NEW, ENOUGH = 2, 100
"""The batch of recorded sentences that the checker has not seen; fewer of them tell nothing."""
WHY_FALSE = "one false number in a letter is a violation"
WHY_TRUE = "a checker that refuses true sentences makes every explanation alike"
WHY_MODEL = "what a model writes is what must be told apart; without its numbers the checker is below this"
WHY_FOREIGN = "not learned from; without its look at foreign words the checker is far below this"
WHY_ELSE = "a checker that knows only its own writer's words checks nothing"

Part = Callable[[Options], Findings]


def mutants(options: Options) -> Findings:
    """False sentences made from true explanations, kind by kind, and the true ones."""
    processes = PROCESSES if options.most is None else 1
    found = broken(decisions(options.most), processes=processes)
    made, rejected = found.made, found.rejected
    kinds = [
        share(f"mutants rejected: {kind}", rejected[kind], made[kind], "at least", 0.98, WHY_FALSE)
        for kind in sorted(made)
    ]
    gates = (
        share("mutants rejected", rejected.total(), made.total(), "at least", 0.995, WHY_FALSE),
        *kinds,
        share("true sentences rejected", len(found.refused), found.true, "at most", 0.005, WHY_TRUE),
        exactly("kinds of mutants", len(made), "at least", 20, "each kind is a way to be wrong"),
    )
    notes = (
        f"{found.decisions} decisions, {made.total()} mutants of {len(made)} kinds",
        *(f"through: {kind}: {text}" for kind, text in found.through[:SAMPLED]),
        *(f"refused: {text}" for text in found.refused[:SAMPLED]),
    )
    return Findings(gates, (_chart(found),), notes=notes)


@cache
def decisions(most: int | None = None) -> tuple[Decision, ...]:
    """DECISIONS of the sample's applications under each edition; or few, with each kind that is rare."""
    return tuple(asyncio.run(_all_decisions(DECISIONS) if most is None else _few_decisions(most)))


async def _all_decisions(most: int) -> list[Decision]:
    """Every application under one edition in turn, then under the next, until there are enough."""
    made: list[Decision] = []
    for turn in range(len(DAYS)):
        if len(made) < most:
            made += await decided((*DAYS[turn:], *DAYS[:turn]))
    return Random(1).sample(made[: max(most, len(made) // len(DAYS))], min(most, len(made)))


async def _few_decisions(most: int) -> list[Decision]:
    """Applications spread over the sample; before them incomplete ones, after them some under an outage."""
    samples = sample_applications()
    rare = max(1, most // 10)
    incomplete = [each for each in samples if not can_be_scored(each.application)][:rare]
    spread = [samples[n * len(samples) // most] for n in range(most - len(incomplete))]
    return await decided(outages=rare, chosen=[*incomplete, *spread])


def _set(name: str, least: float) -> Part:
    """A set of sentences labelled by hand."""

    def part(options: Options) -> Findings:
        found = count(_few(labelled(name), options))
        return Findings((*_both(name, found, (least, least)),))

    return part


def _few(cases: Sequence[T], options: Options) -> list[T]:
    """The sentences of a set; on a share some for each decision."""
    return spread(cases, len(cases) if options.most is None else SENTENCES * options.most)


def _both(name: str, found: Counted | Judged, least: tuple[float, float]) -> Iterable[Gate]:
    about = name.replace("_", " ")
    yield share(f"{about}: true accepted", found.accepted, found.true, "at least", least[0], WHY_ELSE)
    yield share(f"{about}: false rejected", found.rejected, found.false, "at least", least[1], WHY_FALSE)


def _alone(name: str) -> Part:
    """Sentences of readers who had not seen the checker, about clauses and facts alone or about decisions.

    The checker was worked on with all but `outside_held` and `strangers_held`, which were only ever counted.
    """

    def part(options: Options) -> Findings:
        del options
        return Findings((*_both(name, outside(name), ALONE[name]),))

    return part


def sources(options: Options) -> Findings:
    """Clauses of other products and laws, without a decision."""
    del options
    sides: dict[str, list[bool]] = {"true": [], "false": []}
    lines = (DATA / "sources.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines:
        case = json.loads(line)
        for side, found in sides.items():
            found += [verify(case["sources"], {}, None, text).supported for text in case[side]]
    true, false = sides["true"], sides["false"]
    rejected = len(false) - sum(false)
    return Findings(
        (
            share("sources alone: true accepted", sum(true), len(true), "at least", 0.85, WHY_ELSE),
            share("sources alone: false rejected", rejected, len(false), "at least", 0.85, WHY_FALSE),
        )
    )


def of_a_model(options: Options) -> Findings:
    """What a small model wrote, labelled by reading it."""
    cases = judged(tuple(_few(recorded(), options)))
    found = [(case.supported, let_out) for case, let_out in cases]
    new = [(case.supported, let_out) for case, let_out in cases if case.batch == NEW]
    gates = [_balanced("sentences of a 1.5B model", found, 0.86, WHY_MODEL)]
    if len(new) >= ENOUGH:
        gates.append(_balanced("those that the checker was not worked on with", new, 0.79, WHY_MODEL))
    return Findings(tuple(gates))


def _balanced(of: str, found: list[tuple[bool, bool]], least: float, why: str) -> Gate:
    value, low, high = balanced(found)
    gate = exactly(f"balanced accuracy on {of}", value, "at least", least, why)
    return replace(gate, low=low, high=high, n=len(found))


def foreign(options: Options) -> Findings:
    """Claims about sources that are no credit at all, labelled by others."""
    path = options.data / FILE
    if not path.is_file():
        raise NotRun(f"{FILE} is not there")
    return Findings(
        (
            _balanced(
                "claims that are no credit at all",
                pairs(_few(path.read_text(encoding="utf-8").splitlines(), options)),
                0.85,
                WHY_FOREIGN,
            ),
        )
    )


def speed(options: Options) -> Findings:
    """What a check costs beside the median one, and in a long text."""
    chosen = list(decisions(options.most))
    cpu_ms(chosen[:WARM_UP])  # the clauses are read once a process, not once an explanation
    times = sorted(cpu_ms(chosen[WARM_UP : WARM_UP + TIMED] or chosen))
    most = times[int(len(times) * 0.99)] / median(times)
    # A ratio: milliseconds belong to the machine and to what else it does, and would make a gate of both.
    ratio = growth(chosen[0], rounds=ROUNDS if options.most is None else FEW_ROUNDS)
    waits = "a caller waits while it is checked"
    longer = "a long text must not be a way to keep a worker busy"
    gates = (
        exactly("CPU of a check, p99 over the median", most, "at most", 6, waits),
        exactly(
            "cost of a sentence in a text 8 times as long",
            ratio,
            "at most",
            2,
            longer,
        ),
    )
    return Findings(tuple(replace(gate, timed=True) for gate in gates))


def _chart(found: Broken) -> Chart:
    bars = []
    for kind in sorted(found.made):
        made, rejected = found.made[kind], found.rejected[kind]
        low, high = wilson(rejected, made)
        bars.append(Bar(kind, rejected / made, low, high, made))
    return Chart("mutants rejected by kind", tuple(bars))


SUITE = PartSuite(
    name="verifier",
    about="the checker of explanations: mutants, other words, a model's sentences, foreign sources",
    parts={
        "mutants": mutants,
        **{name: _set(name, 0.95) for name in SETS},
        "held_out": _set("held_out", 0.75),
        "sources": sources,
        **{name: _alone(name) for name in ALONE},
        "of a model": of_a_model,
        "foreign": foreign,
        "speed": speed,
    },
)


def lines(found: Result, *, show: bool) -> Iterable[str]:
    """The result as text."""
    for gate in found.gates:
        mark = "" if gate.passed else "  FAILED"
        yield f"{gate.name:64s}{gate.value:9.4f} ({gate.low:.4f} to {gate.high:.4f}){mark}"
    yield from found.notes if show else found.notes[:1]
    for name in SETS if show else ():
        yield from (f"{'+' if w.true else '-'} {w.about}: {w.text}" for w in count(labelled(name)).wrong)


def main() -> int:
    """Print every figure."""
    asks = argparse.ArgumentParser(prog="python -m evals.verifier", description=__doc__)
    asks.add_argument(
        "--decisions", type=int, default=None, help="a share: so many decisions, a third of the rest"
    )
    asks.add_argument("--show", action="store_true", help="what was judged wrong")
    asked = asks.parse_args()
    found = run_suite(SUITE, Options(Path(), most=asked.decisions))
    print("\n".join(lines(found, show=asked.show)))
    return 0 if found.status == "passed" else 1


if __name__ == "__main__":
    sys.exit(main())

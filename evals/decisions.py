"""The suite `decisions`: what the policy does to 4,454 real applications, against how they turned out.

An application that training saw is judged by a scorecard that did not see it: development rows by the one of
the four other folds, held-out rows by the shipped one. The label is the source's final opinion, so a "bad"
rate here is that sample's, never a lender's default rate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from app.sandbox.applications import SampleApplication, sample_applications
from app.sandbox.scoring import Scorecard, read_scorecard, scorecard_of
from decisioning.model import Decision, Outcome
from decisioning.product import PRODUCTS, Product, load_product
from evals.cases import Case, CaseSet, NotRun, case_set
from evals.changed import read_changes, with_parameters
from evals.frame import Bench, CaseSuite, Findings
from evals.gates import Gate, exactly, mean
from evals.in_process import decided
from evals.intervals import wilson
from evals.measured import Bar, Chart, Measured

LATEST, BEFORE = date(2026, 6, 1), date(2025, 7, 1)
BANDS = (0, 460, 500, 540, 580, 630, 690, 10_000)
APPETITE = 0.10
APPROVE = Outcome.APPROVE.value


class Row(Case):
    """One application of the data set, by its row."""

    row: int


def rows(bench: Bench) -> CaseSet[Row]:
    """Every application of the data set."""
    del bench
    honest_cards()
    return case_set(Row(id=each.external_id, row=each.row) for each in sample_applications())


@cache
def product() -> Product:
    """The product that decides."""
    return load_product(PRODUCTS / "consumer_loan")


@cache
def honest_cards() -> Mapping[int, Scorecard]:
    """By row the scorecard of the other folds; rows that no training saw are absent. Raises NotRun."""
    try:
        from evals.training.fit import fit, scorecard_json
        from evals.training.sample import FOLDS, development, sample_of
    except ImportError as missing:
        raise NotRun(f"out-of-fold scorecards need {missing.name}, which is for development") from None
    rows_seen = development(sample_applications())
    sample = sample_of(rows_seen)
    parts = [sample.where(sample.fold != fold) for fold in range(FOLDS)]
    cards = [scorecard_of(scorecard_json(fit(part), part, "")) for part in parts]
    return {row.row: cards[fold] for row, fold in zip(rows_seen, sample.fold, strict=True)}


@cache
def _applications() -> Mapping[int, SampleApplication]:
    return {each.row: each for each in sample_applications()}


async def measure(bench: Bench, case: Row) -> Measured:
    """The application decided as shipped, and by a scorecard that never saw it, today and before.

    With other parameters, today is under them, and before is today as it is.
    """
    sample, path = _applications()[case.row], bench.options.parameters
    today, before_on = (_tried(path), LATEST) if path else (product(), BEFORE)
    shipped = await decided(sample.application, today, read_scorecard_once(), LATEST)
    card = honest_cards().get(case.row)
    honest = await decided(sample.application, today, card, LATEST) if card else shipped
    before = await decided(sample.application, product(), card or read_scorecard_once(), before_on)
    return Measured(
        case.id,
        scores={**_outcomes(shipped), **_quality(sample, honest, before)},
        slices={**_slices(sample, honest), **flip(before, honest)},
        asked=", ".join(f"{name} {value}" for name, value in sample.application.items()),
        said=_said(shipped),
    )


@cache
def _tried(path: Path) -> Product:
    return with_parameters(product(), LATEST, read_changes(path))


def flip(before: Decision, after: Decision) -> dict[str, str]:
    """How an outcome changed, and the rules that fire on one side alone."""
    if before.outcome is after.outcome:
        return {}
    fired = [
        {r.id for r in each.rules if r.fired and r.effect in ("decline", "refer")} for each in (before, after)
    ]
    by = " ".join(
        [f"+{name}" for name in sorted(fired[1] - fired[0])] + [f"-{n}" for n in sorted(fired[0] - fired[1])]
    )
    return {"flip": f"{before.outcome.value} to {after.outcome.value}", "by": by or "figures"}


@cache
def read_scorecard_once() -> Scorecard:
    """The shipped scorecard."""
    return read_scorecard()


def _outcomes(decision: Decision) -> dict[str, float]:
    return {f"share: {each.value}": float(decision.outcome is each) for each in Outcome}


def _quality(sample: SampleApplication, honest: Decision, before: Decision) -> dict[str, float]:
    """The label by outcome: by which rows it is honest, and by what the last edition changed."""
    bad, seen = float(sample.bad), "held out" if sample.held_out else "out of fold"
    found = {f"bad: {honest.outcome.value}, {seen}": bad, f"bad: {honest.outcome.value}": bad}
    was, now = before.outcome is Outcome.APPROVE, honest.outcome is Outcome.APPROVE
    if was or now:
        found[f"bad: {'kept' if was and now else 'swapped in' if now else 'swapped out'}"] = bad
    if honest.score is not None:
        found[f"bad: band {band_of(honest.score.value)}"] = bad
        if now:
            found["expected loss"] = honest.score.pd * honest.requested.amount
            found["found loss"] = bad * honest.requested.amount
    return found


def band_of(score: float) -> str:
    """The band of a score."""
    low, high = next((a, b) for a, b in pairwise(BANDS) if a <= score < b)
    return (
        f"below {high}" if low == 0 else f"{low} and above" if high == BANDS[-1] else f"{low} to {high - 1}"
    )


def _slices(sample: SampleApplication, honest: Decision) -> dict[str, str]:
    seen = "held out" if sample.held_out else "out of fold"
    return {"outcome": honest.outcome.value, "rows": seen}


def _said(decision: Decision) -> str:
    reasons = ", ".join(f"{reason.code} ({' '.join(reason.clauses)})" for reason in decision.reasons)
    return f"{decision.outcome.value}: {reasons}" if reasons else decision.outcome.value


def find(cases: Sequence[Measured]) -> Findings:
    """Gates on outcomes, on risk and on what is said; charts of risk by band and by swap."""
    return Findings(
        gates=(*_shares(cases), *_risks(cases), *_losses(cases), *_said_gates(cases)),
        charts=(_bands(cases), _by_outcome(cases), _swaps(cases)),
        notes=("labels are the source's final opinion, not a default", *flips(cases)),
    )


def flips(cases: Sequence[Measured]) -> Iterator[str]:
    """What changed since before, in words: how many, from what to what, how bad they are, by which rules."""
    changed = [case for case in cases if "flip" in case.slices]
    yield f"{len(changed)} of {len(cases)} outcomes differ from before"
    for kind, n in Counter(case.slices["flip"] for case in changed).most_common(6):
        of_kind = [case for case in changed if case.slices["flip"] == kind]
        by = Counter(case.slices["by"] for case in of_kind).most_common(2)
        rules = ", ".join(f"{name} in {count}" for name, count in by)
        bad = _mean(of_kind, f"bad: {kind.rpartition(' ')[2]}")
        yield f"{kind}: {n}, {bad:.0%} of them bad ({rules})"


def _shares(cases: Sequence[Measured]) -> tuple[Gate, ...]:
    why = "a policy that approves or refers nearly everybody decides nothing"
    bands = ((Outcome.APPROVE, 0.45, 0.60), (Outcome.REFER, 0.15, 0.30), (Outcome.DECLINE, 0.20, 0.35))
    gates: list[Gate] = []
    for outcome, low, high in bands:
        metric = f"share: {outcome.value}"
        least = mean(f"share of outcome {outcome.value}, least", cases, metric, "at least", low, why)
        most = mean(f"share of outcome {outcome.value}, most", cases, metric, "at most", high, why)
        gates += [_whole(least), _whole(most)]
    return tuple(gates)


def _whole(gate: Gate) -> Gate:
    """The same figure where the cases are all there is, and none of them is wrong by itself."""
    return replace(gate, low=gate.value, high=gate.value, detectable=0.0, each=False)


def _risks(cases: Sequence[Measured]) -> tuple[Gate, ...]:
    declined = _mean(cases, f"bad: {Outcome.DECLINE.value}")
    held, folded = f"bad: {APPROVE}, held out", f"bad: {APPROVE}, out of fold"
    rates = [bar.value for bar in _bands(cases).bars]
    swapped_out, kept = _mean(cases, "bad: swapped out"), _mean(cases, "bad: kept")
    return (
        mean("bad among approved, held out", cases, held, "at most", APPETITE, "the lender's appetite"),
        mean("bad among approved, out of fold", cases, folded, "at most", APPETITE, "the lender's appetite"),
        mean(
            "bad among approved, against a quarter of the declined",
            cases,
            f"bad: {APPROVE}",
            "at most",
            declined / 4,
            "rules that do not part good from bad are not worth their declines",
        ),
        exactly(
            "score bands out of order by bad rate",
            sum(after > before for before, after in pairwise(rates)),
            "at most",
            0,
            "a score that ranks a worse band above a better one ranks nothing",
        ),
        exactly(
            "bad among those that the last edition turned away, less bad among those kept",
            swapped_out - kept,
            "at least",
            0.05,
            "a tightening that turns away customers as good as it keeps costs business and saves nothing",
        ),
    )


def _losses(cases: Sequence[Measured]) -> tuple[Gate, ...]:
    expected, found = _sum(cases, "expected loss"), _sum(cases, "found loss")
    ratio = expected / found if found else float("nan")
    why = "a probability that is a fifth off prices a fifth off; on amounts of approved files, honest scores"
    return (
        exactly("expected over found loss, least", ratio, "at least", 0.8, why),
        exactly("expected over found loss, most", ratio, "at most", 1.25, why),
    )


def _said_gates(cases: Sequence[Measured]) -> tuple[Gate, ...]:
    words = [word.strip("(),:") for case in cases for word in case.said.split()]
    reasons = {word for word in words if word.isupper() and "-" not in word and len(word) > 3}
    clauses = {word for word in words if word.startswith("CP-")}
    why = "reasons and clauses that never occur are a catalogue and a manual that nobody uses"
    return (
        exactly("different reasons given", len(reasons), "at least", 15, why),
        exactly("different clauses behind reasons", len(clauses), "at least", 15, why),
    )


def _bands(cases: Sequence[Measured]) -> Chart:
    names = [band_of(low) for low in BANDS[:-1]]
    made = [_bar(name, cases, f"bad: band {name}") for name in names]
    return Chart("Bad rate by score band (no scorecard saw its rows)", tuple(bar for bar in made if bar.n))


def _by_outcome(cases: Sequence[Measured]) -> Chart:
    outcomes = (Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE, Outcome.INCOMPLETE)
    made = [
        _bar(f"{each.value}, {seen}", cases, f"bad: {each.value}, {seen}")
        for each in outcomes
        for seen in ("held out", "out of fold")
    ]
    return Chart("Bad rate by outcome", tuple(bar for bar in made if bar.n))


def _swaps(cases: Sequence[Measured]) -> Chart:
    names = ("kept", "swapped out", "swapped in")
    made = [_bar(name, cases, f"bad: {name}") for name in names]
    return Chart(
        "Swap set, before to today: bad rate",
        tuple(bar for bar in made if bar.n),
        note=f"before: the edition of {BEFORE}, or today's where parameters are tried;"
        " kept: approved under both, out: no longer, in: newly",
    )


def _bar(label: str, cases: Sequence[Measured], metric: str) -> Bar:
    values = [case.scores[metric] for case in cases if metric in case.scores]
    low, high = wilson(sum(values), len(values))
    return Bar(label, sum(values) / len(values) if values else 0.0, low, high, len(values))


def _sum(cases: Sequence[Measured], metric: str) -> float:
    return sum(case.scores.get(metric, 0.0) for case in cases)


def _mean(cases: Sequence[Measured], metric: str) -> float:
    values = [case.scores[metric] for case in cases if metric in case.scores]
    return sum(values) / len(values) if values else float("nan")


SUITE = CaseSuite(
    name="decisions",
    about="what the policy does to 4,454 real applications, against how they turned out",
    cases=rows,
    measure=measure,
    find=find,
    services=False,
)

"""The whole population decided under the policy of a day: what each rule, parameter and tier does to it.

`python -m evals.population [--as-of DATE]` prints it. The applications, the reference models and the core
are the ones that production runs, only without HTTP and without a database.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import fmean

from app.sandbox.applications import SampleApplication, sample_applications
from app.sandbox.pricing import PricingTerms, expected_loss_a_year, price
from app.sandbox.scoring import read_scorecard
from app.sandbox.terms import terms_on
from decisioning.answers import Answers
from decisioning.edition import Edition
from decisioning.judge import Judgement, judge, outcome_of
from decisioning.model import Outcome, Rule
from decisioning.product import PRODUCTS, load_product

LATEST = date(2026, 6, 1)


@dataclass(frozen=True)
class Case:
    """One application, what came of it, and the rules that fired by their id."""

    sample: SampleApplication
    judgement: Judgement
    fired: Mapping[str, Rule]

    def outcome_without(self, rules: Collection[str]) -> Outcome:
        """The outcome if these rows were not in the tables."""
        effects = {rule.effect for name, rule in self.fired.items() if name not in rules}
        return outcome_of(self.judgement.missing, self.judgement.causes, effects)


@dataclass(frozen=True)
class Group:
    """Some of the applications: how many, as a share of all, and the share of bad among them.

    `bad_held_out` is the share of bad among those of them that training never saw. A rate of nobody is 0.
    """

    n: int
    share: float
    bad: float
    bad_held_out: float


@dataclass(frozen=True)
class Figure:
    """What one rule or one parameter does.

    `touched`: the applications on which its row fired, or whose price, facts or offer it enters; `alone`:
    those whose outcome would be another without the row, None for a parameter that no row reads.
    """

    name: str
    clause: str
    touched: Group
    alone: Group | None


@dataclass(frozen=True)
class Tier:
    """A price tier among the approved; margins are fractions a year over the cost of funds.

    `expected_margin` takes off the loss that the prices expect, `observed_margin` the loss that the bad
    among these very applications would make, on the lender's base rate.
    """

    name: str
    share: float
    bad: float
    rate: float
    expected_margin: float
    observed_margin: float


@dataclass(frozen=True)
class Population:
    """Every figure of one edition over all applications."""

    as_of: date
    all: Group
    outcomes: Mapping[Outcome, Group]
    rules: tuple[Figure, ...]
    parameters: tuple[Figure, ...]
    tiers: tuple[Tier, ...]
    reasons: Mapping[str, int]
    clauses: Mapping[str, int]


def decided(as_of: date, product_folder: str = "consumer_loan") -> tuple[Case, ...]:
    """Every application judged under the edition of that day, in the data's order."""
    edition = load_product(PRODUCTS / product_folder).on(as_of)
    card, (terms, version) = read_scorecard(), terms_on(as_of)

    def case(sample: SampleApplication) -> Case:
        application = edition.application.read(dict(sample.application))
        answers = Answers()
        if not edition.application.missing(application):
            score = card.score(application)
            answers = Answers(score, price(application, score.score, score.pd, terms, version))
        judgement = judge(edition, application, answers)
        return Case(sample, judgement, {rule.id: rule for rule in judgement.rules if rule.fired})

    return tuple(map(case, sample_applications()))


def population(cases: Sequence[Case], as_of: date) -> Population:
    """The figures of these cases, which `decided` gave for that day."""
    edition = load_product(PRODUCTS / "consumer_loan").on(as_of)

    def figure(name: str, clause: str, rules: frozenset[str]) -> Figure:
        touched = [case for case in cases if not rules.isdisjoint(case.fired)]
        alone = [case for case in touched if case.outcome_without(rules) is not case.judgement.outcome]
        return Figure(name, clause, _group(touched, len(cases)), _group(alone, len(cases)))

    return Population(
        as_of=as_of,
        all=_group(cases, len(cases)),
        outcomes={
            outcome: _group([case for case in cases if case.judgement.outcome is outcome], len(cases))
            for outcome in Outcome
        },
        rules=tuple(figure(row.id, row.clause, frozenset({row.id})) for row in edition.rules.rows),
        parameters=tuple(
            figure(name, parameter.clause, rows)
            if (rows := _rows_reading(name, edition))
            else Figure(name, parameter.clause, _group(_touched_by(name, cases), len(cases)), None)
            for name, parameter in edition.parameters.items()
        ),
        tiers=_tiers(cases, terms_on(as_of)[0]),
        reasons=Counter(reason.code for case in cases for reason in case.judgement.reasons),
        clauses=Counter(clause for case in cases for clause in _clauses(case)),
    )


def _touched_by(parameter: str, cases: Sequence[Case]) -> list[Case]:
    """Whose tier, debt service, offer or price a parameter enters that no row reads."""
    priced = [case for case in cases if case.judgement.price]
    if parameter.startswith("margin_tier_"):
        tier = parameter[-1].upper()
        return [case for case in priced if case.judgement.price and case.judgement.price.tier == tier]
    if parameter == "debt_service_share":
        return [case for case in priced if case.sample.application["debt"]]
    if parameter == "offer_valid_days":
        return [case for case in priced if case.judgement.outcome is Outcome.APPROVE]
    return priced


def changed(before: Sequence[Case], after: Sequence[Case]) -> float:
    """The share of the applications whose outcome two editions disagree on."""
    pairs = zip(before, after, strict=True)
    return sum(a.judgement.outcome is not b.judgement.outcome for a, b in pairs) / len(before)


def _group(cases: Sequence[Case], population_size: int) -> Group:
    samples = [case.sample for case in cases]
    return Group(
        n=len(samples),
        share=len(samples) / population_size,
        bad=_bad_rate(samples),
        bad_held_out=_bad_rate([each for each in samples if each.held_out]),
    )


def _bad_rate(samples: Sequence[SampleApplication]) -> float:
    return sum(each.bad for each in samples) / len(samples) if samples else 0.0


def _rows_reading(parameter: str, edition: Edition) -> frozenset[str]:
    return frozenset(
        row.id for row in edition.rules.rows if any(cell.parameter == parameter for cell in row.cells)
    )


def _clauses(case: Case) -> Iterable[str]:
    """Every clause that the decision cites, each once."""
    cited = [rule.clause for rule in case.fired.values()]
    for reason in case.judgement.reasons:
        cited += reason.clauses
    for condition in case.judgement.conditions:
        cited += condition.clauses
    return dict.fromkeys(cited)


def _tiers(cases: Sequence[Case], terms: PricingTerms) -> tuple[Tier, ...]:
    approved = [case for case in cases if case.judgement.outcome is Outcome.APPROVE]
    by_tier: dict[str, list[Case]] = {}
    for case in approved:
        by_tier.setdefault(case.judgement.price.tier if case.judgement.price else "", []).append(case)
    return tuple(_tier(name, by_tier[name], len(approved), terms) for name in sorted(by_tier))


def _tier(name: str, cases: Sequence[Case], approved: int, terms: PricingTerms) -> Tier:
    bad = _bad_rate([case.sample for case in cases])
    rates = [case.judgement.price.nominal_rate for case in cases if case.judgement.price]
    expected = [_loss(case, None, terms) for case in cases]
    observed = [_loss(case, bad, terms) for case in cases]
    gross = fmean(rates) - terms.cost_of_funds
    return Tier(
        name=name,
        share=len(cases) / approved,
        bad=bad,
        rate=fmean(rates),
        expected_margin=gross - fmean(expected),
        observed_margin=gross - fmean(observed),
    )


def _loss(case: Case, bad: float | None, terms: PricingTerms) -> float:
    """The loss a year of one loan: by its own estimated probability, or by a given one of the sample."""
    score = case.judgement.score
    pd = bad if bad is not None else score.pd if score else 0.0
    return expected_loss_a_year(pd, int(str(case.sample.application["term_months"])), terms)


def lines(found: Population) -> Iterable[str]:
    """The figures as lines of text."""
    yield f"policy of {found.as_of}: {found.all.n} applications, {found.all.bad:.1%} bad"
    yield f"\n{'outcome':28s}{'n':>6s}{'share':>8s}{'bad':>8s}{'held out':>10s}"
    for outcome, group in found.outcomes.items():
        if group.n:
            yield f"{outcome.value:28s}{_cells(group)}{group.bad_held_out:10.1%}"
    for title, figures in (("rule", found.rules), ("parameter", found.parameters)):
        yield f"\n{title:29s}clause   fired   share     bad   alone   share     bad"
        for each in figures:
            alone = _cells(each.alone) if each.alone else ""
            yield f"{each.name:29s}{each.clause:8s}{_cells(each.touched)}  {alone}".rstrip()
    yield f"\n{'tier of the approved':28s}{'share':>8s}{'bad':>8s}{'rate':>8s}{'margin':>8s}{'observed':>10s}"
    for tier in found.tiers:
        margins = f"{tier.expected_margin:8.2%}{tier.observed_margin:10.2%}"
        yield f"{tier.name:28s}{tier.share:8.1%}{tier.bad:8.1%}{tier.rate:8.2%}{margins}"
    yield f"\n{len(found.reasons)} reasons: " + _counts(found.reasons)
    yield f"{len(found.clauses)} clauses: " + _counts(found.clauses)


def _cells(group: Group) -> str:
    return f"{group.n:6d}{group.share:8.1%}{group.bad:8.1%}"


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} {n}" for name, n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    )


def report(as_of: date = LATEST) -> Iterable[str]:
    """The figures of one day as lines of text, and what each edition changed."""
    starts = load_product(PRODUCTS / "consumer_loan").starts
    editions = {day: decided(day) for day in {*starts, as_of}}
    yield from lines(population(editions[as_of], as_of))
    for before, after in pairwise(starts):
        share = changed(editions[before], editions[after])
        yield f"outcomes that {after} changed from {before}: {share:.1%}"


def main() -> int:
    """Print the report of a day."""
    parser = argparse.ArgumentParser(prog="python -m evals.population", description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, default=LATEST)
    print("\n".join(report(parser.parse_args().as_of)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

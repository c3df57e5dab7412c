"""The policy bites: what each edition does to all 4,454 applications."""

import json
from datetime import date
from pathlib import Path

import pytest

from app.sandbox.applications import sample_applications
from app.sandbox.pricing import price
from app.sandbox.scoring import read_scorecard
from app.sandbox.terms import terms_on
from decisioning.answers import Answers
from decisioning.judge import judge
from decisioning.model import Effect, Outcome
from decisioning.product import PRODUCTS, load_product
from evals.population import LATEST, Case, Population, changed, decided, lines, population

FOLDER = PRODUCTS / "consumer_loan"
EDITIONS = (date(2024, 1, 1), date(2025, 7, 1), LATEST)

# Rows that hardly fire on these applications, each with an application that it is there for.
RARE = {
    "K-TERM-MAX": {"term_months": 72},  # one applicant asks for more than the 60 months of the form
    "K-TERM-MIN": {"term_months": 5, "amount": 150},  # nobody asks for less than 6 months
    "K-AMOUNT-MIN": {"amount": 99},  # nobody asks for less than 100
}


@pytest.fixture(scope="module")
def editions() -> dict[date, tuple[Case, ...]]:
    """Every application decided under each edition."""
    return {day: decided(day) for day in EDITIONS}


@pytest.fixture(scope="module")
def cases(editions: dict[date, tuple[Case, ...]]) -> tuple[Case, ...]:
    """Every application decided under the latest edition."""
    return editions[LATEST]


@pytest.fixture(scope="module")
def found(cases) -> Population:
    """The figures of the latest edition."""
    return population(cases, LATEST)


def test_the_outcomes_are_shared_out(found):
    """45 to 60 % approved, 15 to 30 % referred, 20 to 35 % declined, and the rest incomplete."""
    share = {outcome: group.share for outcome, group in found.outcomes.items()}
    assert 0.45 <= share[Outcome.APPROVE] <= 0.60
    assert 0.15 <= share[Outcome.REFER] <= 0.30
    assert 0.20 <= share[Outcome.DECLINE] <= 0.35
    assert sum(share.values()) == pytest.approx(1)


def test_the_approved_are_good_where_training_never_looked(found):
    """On held-out rows at most 10 % of the approved are bad, and at most a quarter of the declined rate."""
    approved, declined = found.outcomes[Outcome.APPROVE], found.outcomes[Outcome.DECLINE]
    assert approved.bad_held_out <= 0.10
    assert approved.bad_held_out <= declined.bad_held_out / 4


def test_what_cannot_be_decided_is_incomplete(cases):
    """Incomplete are exactly the files without an income or a debt, named; no model was asked about them."""
    for case in cases:
        application, judged = case.sample.application, case.judgement
        lacking = [name for name in ("income", "debt") if application[name] is None]
        assert (judged.outcome is Outcome.INCOMPLETE) == bool(lacking)
        assert sorted(judged.missing) == sorted(lacking)
        assert (judged.score is None) == bool(lacking)


def test_no_model_answer_is_thrown_away(cases):
    """The reference models never contradict themselves or the product's tables."""
    assert not [case.sample.row for case in cases if case.judgement.causes]


def test_every_row_fires(found):
    """Each rule fires on 0.5 % of the applications, or is one of the rare ones with a reason."""
    silent = {figure.name for figure in found.rules if figure.touched.share < 0.005}
    assert silent == set(RARE)


@pytest.mark.parametrize("rule", RARE)
def test_a_rare_row_fires_where_it_should(rule):
    """A row that these applications hardly meet still declines the application it is there for."""
    edition = load_product(FOLDER).on(LATEST)
    application = edition.application.read({**sample_applications()[0].application, **RARE[rule]})
    score, (terms, version) = read_scorecard().score(application), terms_on(LATEST)
    answers = Answers(score, price(application, score.score, score.pd, terms, version))
    judged = judge(edition, application, answers)
    assert judged.outcome is Outcome.DECLINE
    assert [each.id for each in judged.rules if each.fired and each.effect is Effect.DECLINE] == [rule]


def test_no_knock_out_declines_the_better_half(found):
    """Whom a knock-out declines is worse than the population, knock-out by knock-out."""
    knock_outs = [figure for figure in found.rules if figure.name.startswith("K-") and figure.touched.n]
    assert min(figure.touched.bad for figure in knock_outs) > found.all.bad


def test_referrals_are_worse_than_approvals(found):
    """Whom a referral sends to a person is worse than those who are approved."""
    referrals = [figure for figure in found.rules if figure.name.startswith(("R-", "S-GREY"))]
    assert min(figure.touched.bad for figure in referrals) > found.outcomes[Outcome.APPROVE].bad


def test_every_tier_earns(found):
    """Each price tier holds a tenth of the approved and earns a margin over the loss expected and found."""
    assert [tier.name for tier in found.tiers] == ["A", "B", "C"]
    assert min(tier.share for tier in found.tiers) >= 0.10
    assert min(tier.expected_margin for tier in found.tiers) > 0
    assert min(tier.observed_margin for tier in found.tiers) > 0
    assert [tier.bad for tier in found.tiers] == sorted(tier.bad for tier in found.tiers)


def test_the_model_card_says_what_the_command_prints(found):
    """The tiers' figures stand in the pricing model's card as they come out today."""
    card = (Path(__file__).parents[2] / "docs" / "models" / "pricing.md").read_text(encoding="utf-8")
    for tier in found.tiers:
        figures = (
            (tier.share, 1),
            (tier.bad, 1),
            (tier.rate, 2),
            (tier.expected_margin, 2),
            (tier.observed_margin, 2),
        )
        row = " | ".join(f"{100 * value:.{places}f} %" for value, places in figures)
        assert f"| {tier.name} | {row} |" in card


def test_decisions_say_many_different_things(found):
    """At least 15 reasons and 30 clauses are cited over the population."""
    assert len(found.reasons) >= 15
    assert len(found.clauses) >= 30


def test_each_edition_changes_decisions(editions):
    """From one edition to the next at least 5 % of the outcomes change."""
    first, second, third = (editions[day] for day in EDITIONS)
    assert changed(first, second) >= 0.05
    assert changed(second, third) >= 0.05


def test_each_parameter_has_its_figures(found):
    """Every parameter in force is listed with the clause that sets it; what no row reads enters a price."""
    edition = load_product(FOLDER).on(LATEST)
    read = {cell.parameter for row in edition.rules.rows for cell in row.cells if cell.parameter}
    assert [figure.name for figure in found.parameters] == list(edition.parameters)
    assert {figure.name for figure in found.parameters if figure.alone} == read
    assert min(figure.touched.share for figure in found.parameters if not figure.alone) > 0.1
    assert all(figure.clause == edition.parameters[figure.name].clause for figure in found.parameters)


def test_a_missing_value_is_never_a_reason(cases):
    """No reason rests on a characteristic for which the file had no value."""
    for case in cases:
        score = case.judgement.score
        unknown = (
            {each.characteristic for each in score.contributions if each.value is None} if score else set()
        )
        assert unknown.isdisjoint(reason.source for reason in case.judgement.reasons)


@pytest.mark.parametrize("day", EDITIONS)
def test_no_rule_reads_the_kind_of_employment(day):
    """Income counts in full: no rule, and no fact but its own, reads whether a job is temporary."""
    edition = load_product(FOLDER).on(day)
    facts = json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))
    assert "job" not in edition.rules.facts
    assert [each["name"] for each in facts if "application.job" in each["expression"]] == ["job"]


def test_household_expenses_enter_disposable_income_alone():
    """Expenses are no score, no price and no fact but disposable income and their own."""
    facts = json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))
    reading = [each["name"] for each in facts if "application.expenses" in each["expression"]]
    assert reading == ["expenses", "disposable_income"]


@pytest.mark.parametrize("day", EDITIONS)
def test_an_editor_can_open_the_rules(day):
    """Every node has a name and a place of its own, every row an id and a description, an edge two ends."""
    graph = json.loads((FOLDER / "rules" / f"{day}.json").read_text(encoding="utf-8"))
    places = [(node["position"]["x"], node["position"]["y"]) for node in graph["nodes"]]
    ids = {node["id"] for node in graph["nodes"]}
    tables = [node["content"] for node in graph["nodes"] if node["type"] == "decisionTableNode"]
    assert all(node["name"] for node in graph["nodes"])
    assert len(set(places)) == len(ids) == len(graph["nodes"])
    assert all(edge["sourceId"] in ids and edge["targetId"] in ids for edge in graph["edges"])
    assert all(row["_id"] and row["_description"] for table in tables for row in table["rules"])
    assert all(
        set(row) == {"_id", "_description", *(column["id"] for column in table["inputs"] + table["outputs"])}
        for table in tables
        for row in table["rules"]
    )


def test_the_figures_can_be_read(found):
    """The printed table names every outcome, rule, parameter and tier once."""
    printed = list(lines(found))
    starts = [line.split()[0] for line in printed if line]
    names = [each.name for each in (*found.rules, *found.parameters, *found.tiers)]
    assert printed[0] == "policy of 2026-06-01: 4454 applications, 28.2% bad"
    assert [starts.count(name) for name in names] == [1] * len(names)

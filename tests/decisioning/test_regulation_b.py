"""Regulation B's official comments 9(b)(2)-1 to -9, one by one, on the product and on made-up scores."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from decisioning.claims import claims_for, claims_of
from decisioning.decide import Request, decide
from decisioning.disclosures import equal_credit, fair_credit
from decisioning.edition import edition_of
from decisioning.errors import InvalidProduct
from decisioning.files import validated
from decisioning.letter import Recipient
from decisioning.model import Component, Contribution, Decision, Outcome, PriceAnswer, Reader, ScoreAnswer
from decisioning.notice import Case, notice_of
from decisioning.product import PRODUCTS, load_product
from decisioning.reasons import CatalogueFile
from decisioning.sources import ConsumerReport, CreditScore
from decisioning.specificity import vague_words
from tests.factories import (
    DECISION_ID,
    NOW,
    TRACE_ID,
    FakePricing,
    FakeScoring,
    FakeStopwatch,
    price_answer,
    tiny_product,
)

LOAN = load_product(PRODUCTS / "consumer_loan")
EDITION = LOAN.on(LOAN.today(NOW))
AVERAGES = EDITION.artefacts["reasons"]["averages"]["populations"]
WANTED = {
    "seniority_years": 6, "home": "rent", "term_months": 36, "records": "no", "job": "partime",
    "expenses": 45, "income": 150, "assets": 3000, "debt": 0, "amount": 1000, "price": 1500,
}  # fmt: skip


def score(value: float, points: dict[str, float] | None = None, **none: None) -> ScoreAnswer:
    """A score whose characteristics have the points of the average near the cut-off, but for those given."""
    given = AVERAGES["near_cutoff"]["points"] | (points or {})
    contributions = [
        Contribution(characteristic=name, value=none.get(name, WANTED.get(name, 0.5)), points=each)
        for name, each in given.items()
        if name not in none
    ]
    contributions += [Contribution(characteristic=name, value=None, points=-99) for name in none]
    return ScoreAnswer(
        score=value, pd=0.3, min=0, max=1000, model="m", version="1", contributions=tuple(contributions)
    )


def price(**changes: Any) -> PriceAnswer:
    """A price that no rule minds."""
    return price_answer(1000, 36, **changes)


def decision(
    points: ScoreAnswer, product: Any = LOAN, cost: PriceAnswer | None = None, **changes: Any
) -> Decision:
    """A decision with these answers of the models."""
    story = decide(
        Request({**WANTED, **changes}), product, FakeScoring(points), FakePricing(cost or price()),
        FakeStopwatch(), NOW, DECISION_ID, TRACE_ID,
    )  # fmt: skip
    return asyncio.run(story).decision


def sources(made: Decision, component: Component | None = None) -> list[str]:
    """Where the reasons come from, ranked."""
    return [r.source for r in made.reasons if component in (None, r.component)]


LOW = {
    name: points - 30 - place
    for place, (name, points) in enumerate(AVERAGES["near_cutoff"]["points"].items())
}


def test_comment_1_at_most_four_specific_reasons():
    """More than four reasons do not help: of nine characteristics below average four are told."""
    made = decision(score(400, LOW))
    assert made.outcome is Outcome.DECLINE
    assert len(made.reasons) == 4
    assert all(vague_words(reason.text) is None for reason in made.reasons)


VAGUE = (
    "Your score was too low.",
    "Insufficient credit score",
    "You did not achieve a qualifying score on our credit scoring system.",
    "Your application does not fit our credit policy.",
    "The application fell short of the lender's internal standards.",
    "Not enough points.",
    "You did not meet our criteria.",
    "You are not creditworthy.",
)


@pytest.mark.parametrize("sentence", VAGUE)
def test_comment_1_internal_standards_are_no_reason(sentence):
    """A product whose reason says "score too low" or "internal policy" in any words is not loaded."""
    contents = dict(EDITION.artefacts)
    reasons = contents["reasons"]["reasons"]["reasons"]
    spoilt = {**reasons, "INCOME_LEVEL": {**reasons["INCOME_LEVEL"], "applicant": sentence}}
    contents["reasons"] = {
        **contents["reasons"],
        "reasons": {**contents["reasons"]["reasons"], "reasons": spoilt},
    }
    with pytest.raises(InvalidProduct, match="INCOME_LEVEL is not a specific reason"):
        edition_of(contents)


def test_comment_2_reasons_are_factors_really_considered():
    """Each reason is a rule that fired or a characteristic that was scored below average; nothing else."""
    made = decision(score(400, {"home": 10, "income": 20}), debt=9000)
    fired = {rule.id for rule in made.rules if rule.fired}
    assert set(sources(made, Component.RULE)) <= fired
    assert sources(made, Component.SCORE) == ["home", "income"]


def test_comment_3_no_need_to_say_how():
    """An applicant is told the factor: no points, no limit, no comparison."""
    made = decision(score(400, LOW), debt=9000)
    for reason in made.reasons:
        assert not any(character.isdigit() for character in reason.text)
        assert EDITION.catalogue.reasons[reason.code].applicant == reason.text


def test_comment_4_none_of_the_principal_ones_is_left_out():
    """However odd a factor looks it is named when it is furthest below: the four are the furthest four."""
    made = decision(score(400, LOW | {"home": -50, "job": -40}))
    assert sources(made)[:2] == ["home", "job"]
    below = sorted(LOW | {"home": -50, "job": -40}, key=lambda name: AVERAGES["near_cutoff"]["points"][name])
    furthest = {
        name: AVERAGES["near_cutoff"]["points"][name] - (LOW | {"home": -50, "job": -40})[name]
        for name in below
    }
    assert sources(made) == sorted(furthest, key=lambda name: -furthest[name])[:4]


def test_comment_4_only_scored_factors():
    """A missing value brought no points by what it is: it is never a reason."""
    made = decision(score(400, {"income": 0}, home=None), home=None)
    assert sources(made) == ["income"]


def test_comment_5_both_methods():
    """Furthest below the average of all applicants, or of those near the cut-off: the method is stored."""
    between = {
        name: (AVERAGES["all"]["points"][name] + AVERAGES["near_cutoff"]["points"][name]) / 2 for name in LOW
    }
    for method, other in (("all", "near_cutoff"), ("near_cutoff", "all")):
        contents = dict(EDITION.artefacts)
        files = contents["product"]
        contents["product"] = {**files, "product": {**files["product"], "reason_method": method}}
        product = replace(LOAN, starts=(date.min,), editions=(edition_of(contents),))
        made = decision(score(400, between), product)
        wanted = [name for name in between if AVERAGES[method]["points"][name] > between[name]]
        assert set(sources(made)) <= set(wanted)
        assert not set(sources(made)) & {n for n in between if AVERAGES[other]["points"][n] > between[n]}
        assert made.reference_population is not None
        assert (made.reference_population.method, made.reference_population.n) == (
            method,
            AVERAGES[method]["n"],
        )
        assert made.reference_population.version == EDITION.artefacts["reasons"]["averages"]["version"]


def test_comment_5_near_duplicates_are_one_factor(tmp_path):
    """Two characteristics that say nearly the same share a family and give one reason."""
    product = tiny_product(tmp_path)
    below = product.editions[-1].reasons.shortfalls(
        [Contribution(characteristic=name, value=1, points=0) for name in ("amount", "term_months", "home")],
        frozenset(),
    )
    assert [each.family for each in below] == ["size", "home"]


def test_comment_6_rules_give_what_was_reviewed():
    """Where only a limit was broken its factor is the reason, and no characteristic of a good score is."""
    made = decision(score(800, LOW), term_months=72)
    assert [(r.code, r.component) for r in made.reasons] == [("TERM_TOO_LONG", Component.RULE)]
    assert made.reference_population is None


def test_comment_7_from_the_component_that_was_failed():
    """The score failed alone: only characteristics. A limit failed alone: only its factor."""
    assert set(sources(decision(score(400, LOW)), Component.RULE)) == set()
    assert sources(decision(score(800, LOW), debt=9000), Component.SCORE) == []


def test_comment_7_both_where_both_were_failed():
    """A broken limit beside a failed score, or a score in the grey band: reasons from both."""
    for points in (400, 520):
        made = decision(score(points, LOW), debt=9000)
        assert made.outcome is Outcome.DECLINE
        assert sources(made, Component.RULE) == ["K-DSTI", "K-DISPOSABLE"]
        assert len(sources(made, Component.SCORE)) == 2


def test_comment_7_a_rate_for_the_risk_carries_what_held_the_score_down():
    """A decline by the rate ceiling alone rests on the score: its characteristics stand beside the rate."""
    made = decision(score(700, LOW), cost=price(nominal_rate=0.3))
    assert [rule.id for rule in made.rules if rule.fired and rule.effect.value == "decline"] == ["K-RATE"]
    assert [(r.code, r.automatic_denial) for r in made.reasons[:1]] == [("RATE_OVER_CEILING", True)]
    assert len(sources(made, Component.SCORE)) == 3
    assert made.reference_population is not None
    without = decision(score(700, LOW), cost=price(nominal_rate=0.3), term_months=72)
    assert sources(without, Component.RULE) == ["K-RATE", "K-TERM-MAX"]
    assert len(sources(without, Component.SCORE)) == 2


def test_comment_8_automatic_denials_are_always_told():
    """Every factor that denies by itself is told, beyond four too; characteristics give way but for one."""
    made = decision(
        score(400, LOW), cost=price(nominal_rate=0.3), amount=9000, price=9000, term_months=72, debt=9000
    )
    automatic = [reason.source for reason in made.reasons if reason.automatic_denial]
    assert automatic == ["K-DSTI", "K-DISPOSABLE", "K-RATE", "K-AMOUNT-MAX", "K-TERM-MAX"]
    assert len(sources(made, Component.SCORE)) == 1


def test_comment_9_a_score_disclosure_does_not_replace_the_reasons():
    """The FCRA disclosure and the ECOA reasons are two blocks of a notice; neither repeats the other."""
    made = decision(score(400, LOW))
    used = CreditScore(
        value=570,
        min=300,
        max=850,
        created_on=date(2026, 11, 2),
        key_factors=("Late payments",),
        inquiries=True,
    )
    report = ConsumerReport(kind="consumer_report", name="Bureau", address="1 A St", phone="1", score=used)
    letter = notice_of(
        Case(
            "adverse_action",
            made,
            EDITION.product,
            Recipient("A", "B"),
            tuple(r.text for r in made.reasons),
            (),
            (report,),
            False,
            date(2026, 11, 23),
            date(2026, 12, 14),
        )
    )
    blocks = {block.id: block for block in letter.blocks}
    assert list(blocks) == ["action", "reasons", "review", "fcra-615a", "equal-credit"]
    assert blocks["reasons"].items == tuple(reason.text for reason in made.reasons)
    assert blocks["fcra-615a"].items == ("Late payments", "Number of recent inquiries on consumer report")
    assert not set(blocks["reasons"].items) & set(blocks["fcra-615a"].items)
    assert blocks["equal-credit"] == equal_credit(EDITION.product.agency)
    assert list(fair_credit(())) == []


@pytest.mark.parametrize("reader", [Reader.APPLICANT])
def test_the_applicant_hears_the_same_reasons(reader):
    """What the applicant may be told has every principal reason, and neither score nor limit."""
    made = decision(score(700, LOW), cost=price(nominal_rate=0.3))
    told = claims_for(reader, claims_of(made))
    assert {c.id for c in told if c.id.startswith("reason:")} == {f"reason:{r.code}" for r in made.reasons}
    assert not {c.kind for c in told} & {"score", "failure"}


def test_a_rule_that_follows_from_the_score_needs_its_flag():
    """`from_score` is data of the catalogue; where it is absent the rule stands alone."""
    files = EDITION.artefacts["reasons"]["reasons"]
    catalogue = validated(CatalogueFile, files, "reasons.json")
    assert [code for code, entry in catalogue.reasons.items() if entry.from_score] == ["RATE_OVER_CEILING"]

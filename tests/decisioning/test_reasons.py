"""Principal reasons, as Regulation B means them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.errors import InvalidProduct
from decisioning.files import validated
from decisioning.model import Component, Contribution, Effect, Outcome
from decisioning.reasons import AveragesFile, Candidate, CatalogueFile, Method, ReasonBook, principal
from decisioning.tables import TABLES, Row, rows_of
from tests.tiny_loan import AVERAGES, REASONS, RULES, decision_tables, rule

ROWS = {row.id: row for row in rows_of(decision_tables(), "rules/x.json")}
NAMES = tuple(AVERAGES["populations"]["all"]["points"])


def book(method: Method = "near_cutoff", most: int = 4, **changes: Any) -> ReasonBook:
    """The tiny product's reasons, some of its two files' entries replaced."""
    catalogue = validated(CatalogueFile, {**REASONS, **changes.get("catalogue", {})}, "reasons.json")
    averages = validated(AveragesFile, {**AVERAGES, **changes.get("averages", {})}, "averages.json")
    return ReasonBook(catalogue, averages, method, most)


def contributions(**points: float | tuple[Any, float]) -> list[Contribution]:
    """Points by characteristic, its value a plain one unless given."""
    pairs = {name: given if isinstance(given, tuple) else ("x", given) for name, given in points.items()}
    return [Contribution(characteristic=name, value=v, points=p) for name, (v, p) in pairs.items()]


def sources(found: Any) -> list[str]:
    """Where the reasons come from, in rank order."""
    return [reason.source for reason in found]


ALL_LOW = contributions(seniority_years=10, home=50, income=60, records=70, amount=20, term_months=30)


def test_furthest_below_average_first():
    """The characteristics furthest below the average of the population come first; families only once."""
    found = book().reasons(Outcome.DECLINE, [ROWS["S-LOW"]], ALL_LOW, frozenset())
    assert sources(found) == ["seniority_years", "amount", "home", "income"]
    assert [reason.rank for reason in found] == [1, 2, 3, 4]
    assert found[0].clauses == ("TP-4.1", "TP-4.4")


def test_both_populations():
    """Against all applicants another set may be furthest below than against those near the cut-off."""
    averages = {
        "populations": {
            "all": {"n": 9, "points": {**dict.fromkeys(NAMES, 100), "home": 300}},
            "near_cutoff": {"n": 3, "points": {**dict.fromkeys(NAMES, 100), "income": 300}},
        }
    }
    low = contributions(home=99, income=99, records=100, seniority_years=101)
    near = book("near_cutoff", averages=averages)
    everyone = book("all", averages=averages)
    assert sources(near.reasons(Outcome.DECLINE, [ROWS["S-LOW"]], low, frozenset())) == ["income", "home"]
    assert sources(everyone.reasons(Outcome.DECLINE, [ROWS["S-LOW"]], low, frozenset())) == ["home", "income"]
    assert (near.reference.method, near.reference.n) == ("near_cutoff", 3)
    assert (everyone.reference.method, everyone.reference.n) == ("all", 9)


def test_average_or_better_is_no_reason():
    """A factor on which the applicant is at or above the average is never named."""
    at_average = contributions(
        **{name: AVERAGES["populations"]["near_cutoff"]["points"][name] for name in NAMES}
    )
    assert book().shortfalls(at_average, frozenset()) == []


def test_missing_is_no_reason():
    """A missing value is no reason, whether the model says so or the application does."""
    low = contributions(seniority_years=(None, 0), home=("ignore", 0), income=50)
    assert [s.characteristic for s in book().shortfalls(low, frozenset({"home"}))] == ["income"]


def test_rules_alone():
    """Where only rules were failed the score says nothing."""
    found = book().reasons(Outcome.DECLINE, [ROWS["K-SERVICE"], ROWS["P-A"]], ALL_LOW, frozenset())
    assert [(r.source, r.component, r.automatic_denial) for r in found] == [
        ("K-SERVICE", Component.RULE, True)
    ]


def test_a_referral_rule_is_no_reason_for_a_denial():
    """What would only have referred is not why the application was denied."""
    fired = [ROWS["S-LOW"], ROWS["R-AMOUNT"]]
    assert "R-AMOUNT" not in sources(book().reasons(Outcome.DECLINE, fired, ALL_LOW, frozenset()))


def test_a_referral_has_its_reasons():
    """A referral says why a person must look, by rule and in the grey zone by characteristic."""
    fired = [ROWS["S-GREY"], ROWS["R-AMOUNT"], ROWS["R-RECORD"], ROWS["C-TITLE"]]
    found = book().reasons(Outcome.REFER, fired, ALL_LOW, frozenset())
    assert sources(found) == ["R-AMOUNT", "R-RECORD", "seniority_years", "amount"]
    assert not any(reason.automatic_denial for reason in found)


def test_one_code_is_said_once():
    """Two rows with one reason give one reason, and a characteristic does not repeat a rule's."""
    twin = Row(**{**vars(ROWS["K-SERVICE"]), "id": "K-TWIN", "code": "INCOME_LEVEL"})
    fired = [twin, ROWS["K-SERVICE"], ROWS["K-SERVICE"], ROWS["S-LOW"]]
    found = book(most=9).reasons(Outcome.DECLINE, fired, ALL_LOW, frozenset())
    assert sources(found) == ["K-TWIN", "K-SERVICE", "seniority_years", "amount", "home", "records"]


@pytest.mark.parametrize("outcome", [Outcome.APPROVE, Outcome.INCOMPLETE])
def test_no_reasons_without_need(outcome):
    """An approval and an incomplete file have no principal reasons."""
    assert book().reasons(outcome, [ROWS["S-LOW"]], ALL_LOW, frozenset()) == ()


def test_conditions_are_said_once():
    """A condition that two rows ask for stands once."""
    found = book().conditions([ROWS["C-TITLE"], ROWS["P-A"], ROWS["C-TITLE"]])
    assert [(condition.code, condition.clauses) for condition in found] == [
        ("RETENTION_OF_TITLE", ("TP-6.1",))
    ]


def candidates(component: Component, count: int, automatic: int = 0) -> list[Candidate]:
    """Ranked candidates, the first ones automatic."""
    return [Candidate(f"{component.value}-{n}", component, n < automatic, f"{n}", ()) for n in range(count)]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 8), st.booleans(), st.integers(0, 8), st.integers(1, 6))
def test_what_is_shown(rules, denial, scores, most):
    """Automatic denials are all shown, both components are heard, nothing left out outranks what is shown."""
    by_rule = candidates(Component.RULE, rules, rules if denial else 0)
    by_score = candidates(Component.SCORE, scores)
    shown = principal(by_rule, by_score, most)
    shown_rules = [each for each in shown if each.component is Component.RULE]
    shown_scores = [each for each in shown if each.component is Component.SCORE]
    assert shown == shown_rules + shown_scores
    assert shown_rules == by_rule[: len(shown_rules)]
    assert shown_scores == by_score[: len(shown_scores)]
    assert not denial or shown_rules == by_rule
    assert bool(shown_scores) == bool(by_score)
    assert len(shown) <= max(most, len(by_rule) * denial + bool(by_score), bool(by_rule) + bool(by_score))


POINTS = st.fixed_dictionaries({}, optional={name: st.integers(-50, 150) for name in NAMES})


@settings(max_examples=100, deadline=None)
@given(POINTS, st.frozensets(st.sampled_from(NAMES)), st.integers(1, 4))
def test_no_excluded_characteristic_outranks_a_shown_one(points, unknown, most):
    """What is left out is missing, not below average, of a family already named, or nearer the average."""
    reference = AVERAGES["populations"]["near_cutoff"]["points"]
    below = {name: reference[name] - points[name] for name in points}
    found = book(most=most).reasons(Outcome.DECLINE, [ROWS["S-LOW"]], contributions(**points), unknown)
    shown = sources(found)
    families = {AVERAGES["families"].get(name, name) for name in shown}
    assert [below[name] for name in shown] == sorted((below[name] for name in shown), reverse=True)
    for name in below.keys() - set(shown):
        of_a_family_shown = AVERAGES["families"].get(name, name) in families
        outranked = len(shown) == most and below[name] <= below[shown[-1]]
        assert name in unknown or below[name] <= 0 or of_a_family_shown or outranked


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {
                "averages": {
                    "populations": {p: {"n": 1, "points": {"shoe_size": 1}} for p in ("all", "near_cutoff")}
                }
            },
            "no reason covers the characteristic shoe_size",
        ),
        (
            {
                "averages": {
                    "populations": {
                        "all": {"n": 1, "points": {}},
                        "near_cutoff": {"n": 1, "points": {"home": 1}},
                    }
                }
            },
            "both populations must have the same characteristics",
        ),
        (
            {
                "catalogue": {
                    "reasons": {**REASONS["reasons"], "AGAIN": {**REASONS["reasons"]["HOUSING"]}},
                }
            },
            "home has two reasons, HOUSING and AGAIN",
        ),
        (
            {
                "catalogue": {
                    "reasons": {
                        **REASONS["reasons"],
                        "HOUSING": {**REASONS["reasons"]["HOUSING"], "specific": False},
                    }
                }
            },
            "HOUSING is not a specific reason",
        ),
    ],
)
def test_files_are_checked(changes, problem):
    """A characteristic without exactly one specific reason is found when the product is loaded."""
    with pytest.raises(InvalidProduct, match=problem):
        book(**changes)


@pytest.mark.parametrize(
    ("table", "row", "problem"),
    [
        ("knock_outs", rule("K-X", "decline", "amount", ">", "refer_amount", "NOPE"), "has no reason 'NOPE'"),
        ("referrals", rule("R-X", "refer", "amount", ">", "refer_amount"), "has no reason ''"),
        (
            "conditions",
            rule("C-X", "condition", "amount", ">", "refer_amount", "NOPE"),
            "no condition 'NOPE'",
        ),
    ],
)
def test_codes_are_checked(table, row, problem):
    """A row whose code nobody can word is found when the product is loaded."""
    rows = rows_of(decision_tables({**RULES, table: [row]}), "rules/x.json")
    with pytest.raises(InvalidProduct, match=problem):
        book().check(rows, "rules/x.json")


def test_tables_and_effects():
    """The tiny product has a row for each table: the tests above stand on all of them."""
    assert {row.table for row in ROWS.values()} == set(TABLES)
    assert {row.effect for row in ROWS.values()} == set(Effect)

"""Decision tables say what they mean, and the engine runs them as they read."""

import copy
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.errors import InvalidProduct, RulesFailed
from decisioning.model import Unit, Value
from decisioning.parameters import Parameter
from decisioning.product import PRODUCTS, load_products
from decisioning.rules import Evaluation, RuleSet
from decisioning.tables import PRICE_TIERS, TABLES
from tests.tiny_loan import EDITIONS, RULES, decision_tables, rule

UNITS = {"score": Unit.POINTS, "service": Unit.RATIO, "amount": Unit.MONEY, "records": Unit.CATEGORY}


def parameter(value: float, unit: Unit) -> Parameter:
    """A parameter in force."""
    return Parameter(title="t", unit=unit, value=value, clause="TP-1.1", since=EDITIONS[0])


PARAMETERS = {
    "max_service": parameter(0.5, Unit.RATIO),
    "refer_service": parameter(0.4, Unit.RATIO),
    "max_amount": parameter(1000, Unit.MONEY),
    "zero_amount": parameter(0, Unit.MONEY),
    "low": parameter(450, Unit.POINTS),
    "high": parameter(600, Unit.POINTS),
    "odd": parameter(1, Unit.CATEGORY),
}

ROWS = {
    "knock_outs": [rule("K-SERVICE", "decline", "service", ">", "max_service", "R")],
    "score_bands": [rule("S-LOW", "decline", "score", "<", "low", component="score")],
    "referrals": [
        rule("R-SERVICE", "refer", "service", ">", "refer_service", "R", service="<= parameters.max_service"),
        rule("R-RECORD", "refer", "records", "==", "yes", "R", category=True, score="< parameters.high"),
        rule("R-AMOUNT", "refer", "amount", ">=", "max_amount", "R", records="!= 'no'"),
    ],
    "conditions": [],
    "price_tiers": [
        rule("P-A", "price", "score", ">=", "high", "A"),
        rule("P-B", "price", "score", "<", "high", "B", score=">= parameters.low"),
        rule("P-C", "price", "score", "<", "low", "C"),
    ],
}


def rule_set(**tables: list[dict[str, str]]) -> RuleSet:
    """The rows above, some tables replaced."""
    return RuleSet(decision_tables({**ROWS, **tables}), "rules/x.json", UNITS, PARAMETERS, "2026-06-01")


SET = rule_set()
GOOD: dict[str, Value] = {"score": 700.0, "service": 0.1, "amount": 100.0, "records": "no"}


def tiers(found: Evaluation) -> list[str]:
    """The price tiers whose rows fired."""
    return [row.code for row in found.fired if row.table == PRICE_TIERS]


def test_fired_and_nearest():
    """What fired comes first in table order, then the nearest that only their own limit keeps from firing."""
    found = SET.evaluate({**GOOD, "service": 0.45, "records": "yes", "score": 500})
    assert [(shown.id, shown.fired) for shown in found.shown] == [
        ("R-SERVICE", True),
        ("R-RECORD", True),
        ("P-B", True),
        ("K-SERVICE", False),
        ("S-LOW", False),
        ("R-AMOUNT", False),
    ]
    assert tiers(found) == ["B"]
    service = found.shown[0]
    assert (service.value, service.comparator.value, service.limit, service.unit) == (0.45, ">", 0.4, "ratio")
    (also,) = service.also
    assert (also.fact, also.comparator.value, also.limit) == ("service", "<=", 0.5)


def test_a_row_kept_by_something_else_is_not_near():
    """A row whose side condition fails would not fire by moving its own fact: it is not shown."""
    assert "R-AMOUNT" not in {shown.id for shown in SET.evaluate({**GOOD, "amount": 999.0}).shown}


@pytest.mark.parametrize("gone", ["score", "service", "amount", "records"])
def test_an_absent_fact_is_an_error(gone):
    """A fact that a rule reads and that is absent is an error: the engine would call it "not fired"."""
    facts = {name: value for name, value in GOOD.items() if name != gone}
    with pytest.raises(RulesFailed, match=f"the rules read {gone}"):
        SET.evaluate(facts)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ([], "the rule engine failed: it did not answer for each row"),
        ([False] * 8, r"the engine fired \[\], the rows say \['P-A'\]"),
        (None, "the rule engine failed: it did not answer for each row"),
        (RuntimeError("boom\nstack"), "the rule engine failed: boom$"),
    ],
)
def test_an_engine_that_fails_or_evaluates_nothing_is_an_error(answer, problem):
    """No answer, an empty one and one that contradicts the rows are errors, never an approval."""

    def evaluate(_context: object) -> Any:
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    broken = copy.copy(SET)
    broken._engine = copy.copy(SET._engine)
    broken._engine._holds = SimpleNamespace(evaluate=evaluate)  # type: ignore[assignment]  # a broken engine
    with pytest.raises(RulesFailed, match=problem):
        broken.evaluate(GOOD)


@settings(max_examples=100, deadline=None)
@given(
    score=st.floats(0, 1000).map(lambda x: round(x, 6)),
    service=st.floats(0, 10).map(lambda x: round(x, 6)) | st.sampled_from([0.4, 0.5]),
    amount=st.floats(0, 1e12).map(lambda x: round(x, 2)),
    records=st.sampled_from(["yes", "no", "it's", ""]),
)
def test_the_engine_agrees_with_the_rows(score, service, amount, records):
    """For any facts the engine fires exactly the rows whose comparisons hold, and one tier."""
    found = SET.evaluate({"score": score, "service": service, "amount": amount, "records": records})
    fired = {shown.id for shown in found.shown if shown.fired}
    assert ("K-SERVICE" in fired) == (service > 0.5)
    assert ("R-SERVICE" in fired) == (0.4 < service <= 0.5)
    assert ("R-RECORD" in fired) == (records == "yes" and score < 600)
    assert ("R-AMOUNT" in fired) == (amount >= 1000 and records != "no")
    assert tiers(found) == ["A" if score >= 600 else "B" if score >= 450 else "C"]


EVERY_EDITION = load_products([PRODUCTS])["consumer-loan"].editions


@settings(max_examples=100, deadline=None)
@given(data=st.data(), edition=st.sampled_from(EVERY_EDITION))
def test_one_expression_fires_the_rows_of_the_tables_as_they_were_written(data, edition):
    """The engine's own run of the tables, file untouched, names the rows that our expression names."""
    limits = sorted({0.0, *edition.values.values()})
    number = st.sampled_from(limits) | st.floats(-100, 4000).map(lambda x: round(x, 6))
    word = st.sampled_from(["yes", "no", "fixed"])
    units = edition.facts.units
    facts = {n: data.draw(word if units[n] is Unit.CATEGORY else number) for n in sorted(edition.rules.facts)}
    content = json.loads((PRODUCTS / "consumer_loan" / "rules" / f"{edition.name}.json").read_text())
    compiled = zen.ZenDecisionContent(json.dumps(content))
    tables = zen.ZenEngine({"loader": lambda _key: compiled})
    result = tables.evaluate("as written", {"facts": facts, "parameters": dict(edition.values)})["result"]
    rows = [row["id"] for name in TABLES for row in result.get(name, ())]
    assert [row.id for row in edition.rules.evaluate(facts).fired] == rows


@pytest.mark.parametrize(
    ("table", "row", "problem"),
    [
        (
            "knock_outs",
            rule("K", "refer", "service", ">", "max_service"),
            "effect 'refer' of component 'rule'",
        ),
        (
            "knock_outs",
            rule("K", "decline", "service", ">", "max_service", component="score"),
            "effect 'decline' of component 'score'",
        ),
        ("knock_outs", rule("K", "stop", "service", ">", "max_service"), "'stop' is no effect"),
        ("knock_outs", rule("K", "decline", "height", ">", "max_service"), "there is no fact height"),
        ("knock_outs", rule("K", "decline", "service", ">", "gone"), "parameter gone is not in force"),
        (
            "knock_outs",
            rule("K", "decline", "service", ">", "max_amount"),
            "service is a ratio, parameter max_amount a money",
        ),
        ("knock_outs", rule("K", "decline", "records", "==", "odd"), "records is a category, parameter odd"),
        (
            "knock_outs",
            rule("K", "decline", "records", ">", "yes", category=True),
            "records is a category and is compared with a category",
        ),
        (
            "knock_outs",
            rule("K", "decline", "service", "==", "yes", category=True),
            "service is a ratio and is compared with a category",
        ),
        (
            "knock_outs",
            rule("K", "decline", "service", ">", "max_service", clause=""),
            "must name its id and its",
        ),
        ("knock_outs", rule("", "decline", "service", ">", "max_service"), "must name its id and its clause"),
        (
            "knock_outs",
            rule("R-RECORD", "decline", "service", ">", "max_service"),
            "rule R-RECORD stands twice",
        ),
        (
            "knock_outs",
            {**rule("K", "decline", "service", ">", "max_service"), "out-limit": "'refer_service'"},
            "says service > refer_service, which is not exactly one of its cells",
        ),
        (
            "knock_outs",
            {**rule("K", "decline", "service", ">", "max_service"), "out-comparator": "'>='"},
            "says service >= max_service, which is not exactly one of its cells",
        ),
        (
            "knock_outs",
            {**rule("K", "decline", "service", ">", "max_service"), "in-service": ""},
            "says service > max_service, which is not exactly one of its cells",
        ),
        (
            "knock_outs",
            {**rule("K", "decline", "service", ">", "max_service"), "in-service": "> 0.5"},
            "'> 0.5' must compare a fact with parameters.<name> or with a quoted category",
        ),
        (
            "knock_outs",
            {
                **rule("K", "decline", "service", ">", "max_service"),
                "in-service": "> parameters.max_service or true",
            },
            "must compare a fact with parameters.<name>",
        ),
        (
            "knock_outs",
            {**rule("K", "decline", "service", ">", "max_service"), "out-code": ""},
            "code: '' must be a quoted text",
        ),
        (
            "price_tiers",
            rule("P-A2", "price", "score", ">=", "high", "A2"),
            "score 600 falls into 2 tiers, not one",
        ),
        ("price_tiers", rule("P-D", "price", "amount", ">=", "max_amount", "D"), "must share out one number"),
    ],
)
def test_rows_are_checked(table, row, problem):
    """A row whose columns do not say one and the same thing is refused at load, by file, table and row."""
    with pytest.raises(InvalidProduct, match=r"rules/x\.json: .*" + re.escape(problem)):
        rule_set(**{table: [*ROWS[table], row]})


def test_tiers_leave_no_gap():
    """A score that no tier takes is found when the product is loaded."""
    with pytest.raises(InvalidProduct, match="price_tiers: score 449 falls into 0 tiers"):
        rule_set(price_tiers=ROWS["price_tiers"][:2])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda graph: graph["nodes"].pop(0), "must have one input and one output"),
        (lambda graph: graph["nodes"].pop(2), "joined to the input and to the output"),
        (lambda graph: graph["edges"].pop(), "joined to the input and to the output"),
        (
            lambda graph: graph["edges"].append({"sourceId": "conditions", "targetId": "referrals"}),
            "joined to",
        ),
        (
            lambda graph: graph["nodes"][2]["content"].update(outputPath="other"),
            "its tables must be, by output",
        ),
        (lambda graph: graph["nodes"][2]["content"].update(hitPolicy="first"), "hitPolicy: Input should be"),
        (lambda graph: graph["nodes"][2]["content"]["outputs"].pop(), "its outputs must be clause, code"),
        (lambda graph: graph["nodes"][0].update(type="functionNode"), "nodes: 0: type: Input should be"),
        (lambda graph: graph.pop("nodes"), "nodes: Field required"),
    ],
)
def test_graphs_are_checked(change, problem):
    """A graph that could do anything that its rows do not show is refused."""
    graph = decision_tables(RULES)
    change(graph)
    with pytest.raises(InvalidProduct, match=re.escape(problem)):
        RuleSet(graph, "rules/x.json", UNITS, PARAMETERS, "2026-06-01")


def test_distance_from_a_limit_of_zero():
    """Beside a limit of zero a fact is as far as it is large."""
    near = rule_set(referrals=[rule("R-ZERO", "refer", "amount", "<", "zero_amount", "R")])
    shown = near.evaluate({**GOOD, "amount": 0.25, "service": 0.4}).shown
    assert [rule.id for rule in shown if not rule.fired] == ["K-SERVICE", "R-ZERO", "S-LOW"]

"""What would change the outcome: executed, the smallest on its grid, and no more than may be asked."""

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.applications import sample_applications
from app.sandbox.terms import terms_on
from decisioning.actions import MOST_STEPS, Action, changes_of, relative_change
from decisioning.application import ApplicationFile, ApplicationSchema
from decisioning.claims import claims_for, claims_of_changes
from decisioning.counterfactuals import Counterfactual, Search, bars_of
from decisioning.decide import Decided, Request, decide
from decisioning.errors import InvalidProduct
from decisioning.model import Outcome, Reader
from decisioning.product import PRODUCTS, load_product
from decisioning.titles import Told
from decisioning.whatif import sentences_of, tier_of, why_none, why_not_searched
from decisioning.writer import sentence
from tests.decisioning.test_consumer_loan import Pricing, Scoring
from tests.factories import DECISION_ID, NOW, TRACE_ID, FakeStopwatch, tiny_product
from tests.tiny_loan import APPLICATION

LOAN = load_product(PRODUCTS / "consumer_loan")
EDITION = LOAN.on(LOAN.today(NOW))
REAL = [each.application for each in sample_applications()[::7]]
WANTED = {
    "seniority_years": 6, "home": "rent", "term_months": 36, "records": "no", "job": "fixed", "expenses": 45,
    "income": 150, "assets": 3000, "debt": 0, "amount": 1000, "price": 1500,
}  # fmt: skip


def decided(application: Any) -> Decided:
    """A whole decision with the reference models."""
    pricing = Pricing(*terms_on(LOAN.today(NOW)))
    story = decide(
        Request(dict(application)), LOAN, Scoring(), pricing, FakeStopwatch(), NOW, DECISION_ID, TRACE_ID
    )
    try:
        story.send(None)  # nothing in it waits: a loop for each of thousands would cost more than they do
    except StopIteration as done:
        return cast("Decided", done.value)
    raise AssertionError("a model without HTTP waited")


def searched(application: Any, unanswered: int = 0) -> tuple[Search, Decided]:
    """A search to its end; the models do not answer on the first `unanswered` changes."""
    base = decided(application)
    search = Search(EDITION, base.inputs.application, base.decision)
    while wave := search.wave():
        for candidate in wave:
            silent = search.tried < unanswered
            decision = None if silent else decided(candidate.applied(base.inputs.application)).decision
            search.learn(candidate, decision)
    return search, base


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(REAL))
def test_every_answer_is_approved_and_the_smallest_of_its_kind(application):
    """Decided for real each is approved, each smaller change of its kind is not, and none is missed."""
    search, base = searched(application)
    if base.decision.outcome in (Outcome.APPROVE, Outcome.INCOMPLETE):
        return
    before = base.inputs.application
    found = {each.actions: each for each in search.found()}
    assert search.complete
    assert [each.distance for each in search.found()] == sorted(each.distance for each in found.values())
    for name, action in EDITION.product.actions.items():
        for changes in changes_of(action, before, EDITION.application, EDITION.values):
            outcome = decided({**before, **changes}).decision.outcome
            answer = found.get((name,))
            if answer is None or relative_change(before, changes) < answer.distance:
                assert outcome is not Outcome.APPROVE
            else:
                assert {change.field: change.after for change in answer.changes} == changes
                assert outcome is answer.outcome is Outcome.APPROVE
                break
    for answer in found.values():
        check_allowed(answer)
        changed = {**before, **{change.field: change.after for change in answer.changes}}
        assert decided(changed).decision.outcome is Outcome.APPROVE
        assert {flip.rule.id for flip in answer.flips} == {rule.id for rule in bars_of(base.decision)}


def check_allowed(answer: Counterfactual) -> None:
    """Money only goes down, and nothing but what the applicant can act on moves."""
    for change in answer.changes:
        assert change.field in {"amount", "price", "term_months", "debt"}
        assert change.field == "term_months" or cast("float", change.after) < cast("float", change.before)


def test_the_clause_that_flips_is_named():
    """Where the term alone is too long, a shorter one is the smallest change, and its clause flips."""
    search, _ = searched(WANTED | {"term_months": 72})
    first = search.found()[0]
    assert (first.actions, first.changes[0].after) == (("shorter_term",), 60)
    (flip,) = first.flips
    assert (flip.rule.id, flip.rule.clause, flip.after) == ("K-TERM-MAX", "CP-2.4", {"term_months": 60})


def test_a_change_is_a_claim_that_an_applicant_never_hears():
    """Each change has its claim and its sentence; every reader may hear it but the applicant."""
    search, base = searched(WANTED | {"amount": 2400, "price": 3000, "income": 300})
    claims = claims_of_changes(search.found())
    assert [claim.kind for claim in claims] == ["counterfactual"] * len(search.found())
    assert claims_for(Reader.APPLICANT, claims) == ()
    assert claims_for(Reader.ANALYST, claims) == claims
    first, *_ = sentences_of(EDITION, base.decision, search.found())
    change = search.found()[0].changes[0]
    assert (change.before, change.after) == (2400, 1800)
    assert first == (
        "With an amount of ESP 1,800 thousand instead of ESP 2,400 thousand the application would be"
        " approved; CP-7.3 and CP-7.2 would no longer stand in its way."
    )
    with pytest.raises(TypeError):
        sentence(claims[0], Told(base.decision), Reader.APPLICANT)


def test_none_says_why():
    """Where nothing within the limits is approved, the search says so and names the rules in the way."""
    hopeless = WANTED | {"income": 20, "expenses": 90, "amount": 150, "price": 200}
    search, base = searched(hopeless)
    assert search.found() == ()
    assert search.complete
    assert why_none(search) == (
        "No change within the policy's limits is approved; the rules that still fire are named."
    )
    singles = [each for each in search.searched() if len(each.actions) == 1]
    assert {"K-DISPOSABLE"} <= set.intersection(*({rule.id for rule in each.still} for each in singles))
    assert why_not_searched(EDITION, base.decision) is None


def test_two_together_only_where_none_alone_is_enough():
    """A combination is tried after every single action has failed."""
    search, _ = searched(WANTED | {"term_months": 72, "debt": 20_000})
    assert {len(each.actions) for each in search.found()} == {2}
    assert all("debt_paid_down" in each.actions for each in search.found())


def test_a_silent_model_leaves_the_search_incomplete():
    """A change that could not be scored is not said to be refused: the answer says it may have missed one."""
    search, _ = searched(WANTED | {"term_months": 72}, unanswered=3)
    assert not search.complete
    assert sum(each.unanswered for each in search.searched()) == 3


def test_the_search_is_bounded(monkeypatch):
    """However hopeless, no more than so many changes are decided, and the search says that it stopped."""
    monkeypatch.setattr("decisioning.counterfactuals.MOST_CANDIDATES", 100)
    hopeless = decided(WANTED | {"income": 20, "expenses": 90})
    search = Search(EDITION, hopeless.inputs.application, hopeless.decision)
    while wave := search.wave():
        for candidate in wave:
            search.learn(candidate, hopeless.decision)
    assert search.tried == 100
    assert not search.complete


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "The application is approved as it is."), ({"income": None}, "The application lacks income")],
)
def test_nothing_to_search_for(changes, said):
    """An approval has nothing to change; what cannot be scored cannot be executed."""
    assert str(why_not_searched(EDITION, decided(WANTED | changes).decision)).startswith(said)


def test_a_product_without_actions_has_none(tmp_path):
    """A product that declares nothing is told so."""
    edition = tiny_product(tmp_path).editions[-1]
    refused = decided(WANTED | {"term_months": 72}).decision
    assert str(why_not_searched(edition, refused)).endswith("declares nothing that an applicant can act on.")


SCHEMA = ApplicationSchema(ApplicationFile.model_validate(APPLICATION))


@settings(max_examples=100, deadline=None)
@given(
    st.floats(1, 100_000).map(lambda value: round(value, 2)),
    st.sampled_from([0.05, 0.5, 1, 10, 250]),
    st.integers(1, 5000),
)
def test_a_grid_runs_from_the_smallest_change_to_the_limit(present, step, until):
    """At most so many values, each a bigger change than the one before, the last the limit itself."""
    action = Action(title="less", field="amount", direction="down", step=step, until="floor")
    changes = list(changes_of(action, {"amount": present}, SCHEMA, {"floor": float(until)}))
    values = [cast("float", change["amount"]) for change in changes]
    assert len(values) <= MOST_STEPS
    assert values == sorted(set(values), reverse=True)
    assert bool(values) == (until < present)
    assert not values or (values[0] < present and values[-1] == until)


@pytest.mark.parametrize("term", [1, 24, 119, 120, 500])
def test_a_term_moves_in_whole_months(term):
    """A term goes up in whole months to its field's own bound, and not at all beyond it."""
    action = Action(title="longer", field="term_months", direction="up", step=1)
    values = [c["term_months"] for c in changes_of(action, {"term_months": term}, SCHEMA, {})]
    assert all(type(value) is int for value in values)
    assert values[:1] == ([] if term >= 120 else [term + 1 if term > 21 else 2])
    assert values[-1:] == ([] if term >= 120 else [120])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"field": "shoe_size"}, "shoe_size is no number of application.json"),
    ({"field": "home"}, "home is no number"),
    ({"field": "amount", "direction": "up"}, "amount may only go down"),
    ({"field": "amount", "together": ["term_months"]}, "term_months is no money"),
    ({"field": "amount", "until": "nothing"}, "nothing is no parameter in force in money"),
    (
        {"field": "amount", "until": "min_score_approve"},
        "min_score_approve is no parameter in force in money",
    ),
    ({"field": "amount", "step": 0}, "greater than 0"),
    ({"field": "amount", "cosigner": True}, "cosigner"),
]


@pytest.mark.parametrize(("change", "problem"), BAD)
def test_a_product_cannot_declare_what_nobody_may_be_nudged_to(tmp_path, change, problem):
    """A dearer purchase, a larger loan, an unknown key or field: refused when the product is loaded."""
    action = {"title": "x", "field": "amount", "direction": "down", "step": 10} | change
    with pytest.raises(InvalidProduct, match=problem):
        tiny_product(tmp_path, actions={"x": action})


def test_why_this_price_tier_and_not_the_next():
    """The tier's clause, and the first constraint that keeps the application from the better one."""
    done = decided(WANTED)
    assert done.decision.score is not None
    tier = tier_of(EDITION, done.decision, done.inputs)
    assert tier is not None
    order = ("A", "B", "C")
    at_least = {"A": None, "B": 690, "C": 630}[tier.tier]
    assert tier.next == (order[order.index(tier.tier) - 1] if at_least else None)
    assert (tier.binding.limit if tier.binding else None) == at_least
    assert tier.clause == "CP-8.3"


def test_the_best_price_tier_has_no_next():
    """In the best tier nothing binds; what was not priced has no tier."""
    best = decided(
        WANTED | {"seniority_years": 25, "home": "owner", "income": 400, "assets": 20_000, "amount": 400}
    )
    tier = tier_of(EDITION, best.decision, best.inputs)
    assert tier is not None
    assert (tier.tier, tier.next, tier.binding, tier.held_back_by) == ("A", None, None, ())
    nothing = decided(WANTED | {"income": None})
    assert tier_of(EDITION, nothing.decision, nothing.inputs) is None

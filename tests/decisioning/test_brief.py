"""What a language model is shown of each claim, and what its answer is read as."""

import json

import pytest

from decisioning.brief import brief
from decisioning.claims import claims_of
from decisioning.drafts import parsed, schema
from decisioning.model import Decision, Mode, Outcome
from decisioning.titles import Told
from tests.decisioning.decisions import decisions, incomplete


def of(decision: Decision, kind: str) -> dict[str, object]:
    """The brief of the first claim of a kind."""
    return brief(next(c for c in claims_of(decision) if c.kind == kind), Told(decision))


def test_every_claim_begins_with_its_id_and_has_no_empty_value():
    """The id first, then values in the order of a sentence; what is absent is left out."""
    for decision in (*decisions(40), incomplete()):
        for claim in claims_of(decision):
            shown = brief(claim, Told(decision))
            assert next(iter(shown)) == "id"
            assert len(shown) > 1
            assert not [k for k, v in shown.items() if v in (None, "", [], {})]


def test_a_simulation_is_told_as_one():
    """A model is told what would be, not what is."""
    decision = next(d for d in decisions(40) if d.outcome is Outcome.APPROVE)
    assert of(decision, "outcome")["is"] == "approved"
    shown = of(decision.model_copy(update={"mode": Mode.SIMULATION}), "outcome")
    assert shown["would_be"] == "approved"
    assert "is" not in shown


def test_a_rule_that_did_not_apply_is_told_as_such():
    """The relation is denied and the consequence names the clause."""
    decision = next(d for d in decisions(40) if any(not r.fired and r.effect == "decline" for r in d.rules))
    shown = [
        brief(c, Told(decision)) for c in claims_of(decision) if c.kind == "threshold" and not c.rule.fired
    ]
    assert all(each["so"] == f"{each['clause']} did not apply" for each in shown)


def test_an_answer_has_one_sentence_for_each_claim_in_order():
    """The schema asks for every claim by its id, and for nothing else."""
    claims = claims_of(incomplete())
    asked = schema(claims)
    assert list(asked["properties"]) == asked["required"] == [c.id for c in claims]
    assert asked["additionalProperties"] is False


@pytest.mark.parametrize(
    ("raw", "drafts"),
    [
        (
            {"outcome": "it is declined", "score": " The\nscore is 5. "},
            ("It is declined.", "The score is 5."),
        ),
        (
            {"sentences": [{"claim": "outcome", "text": "It is so."}, {"claim": "outcome", "text": "No."}]},
            ("It is so.",),
        ),
        ({"sentences": []}, ()),
    ],
)
def test_drafts_are_read_by_claim(raw, drafts):
    """By claim or, as kept from before, in a list; on one line, with a capital and a full stop."""
    found, problems = parsed(json.dumps(raw))
    assert (tuple(found.values()), problems) == (drafts, ())


@pytest.mark.parametrize("raw", ["prose", '["a"]', '{"outcome": 3}', '{"outcome": "cut o'])
def test_what_is_no_such_answer_is_a_problem(raw):
    """Nothing is read of it."""
    found, problems = parsed(raw)
    assert found == {}
    assert [p.code for p in problems] == ["llm_output"]

"""A share of the verifier suite: every kind of mutant, every labelled set, and the length of a text."""

import asyncio
import json

import pytest

from app.sandbox.applications import sample_applications
from decisioning.grounding import verify
from decisioning.grounding.text import sentences
from evals.verifier import ALONE
from evals.words.breaking import DROPPED, broken
from evals.words.decided import decided
from evals.words.labelled import DATA, SETS, count, labelled
from evals.words.mutants import MUTATIONS
from evals.words.outside import outside
from evals.words.recorded import WHY, balanced, judged, recorded
from evals.words.timing import growth

RARE = {"dependency", "field"}
"""Only few decisions have something to break in these ways."""


@pytest.fixture(scope="module")
def decisions():
    """One application in a hundred, each under one of the editions, two of them under an outage."""
    return asyncio.run(decided(outages=2, chosen=sample_applications()[::100]))


def test_mutants_are_rejected_and_true_explanations_are_not(decisions):
    """Of a share of the decisions hardly a mutant comes through, and no true sentence is refused."""
    found = broken(decisions)
    assert found.rate >= 0.995, found.through
    assert len(found.refused) <= 0.005 * found.true, found.refused
    assert {*MUTATIONS, DROPPED} - found.made.keys() <= RARE


@pytest.mark.parametrize("name", SETS)
def test_sentences_in_other_words_are_told_apart(name):
    """True sentences written by hand are accepted, and near misses are rejected."""
    found = count(labelled(name))
    assert found.accepted >= 0.95 * found.true, found.wrong
    assert found.rejected >= 0.95 * found.false, found.wrong


@pytest.mark.parametrize(("name", "accepted", "rejected"), [(n, *least) for n, least in ALONE.items()])
def test_sentences_about_clauses_alone_are_told_apart(name, accepted, rejected):
    """True and false sentences about clauses without a decision are judged as well as they were."""
    found = outside(name)
    assert found.accepted >= accepted * found.true, found.wrong
    assert found.rejected >= rejected * found.false, found.wrong


def test_a_clause_carries_its_own_sentences():
    """Every sentence of the manual's clauses is supported by the clause that it stands in."""
    clauses = [json.loads(line) for line in (DATA / "clauses.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = {each["clause"]: each["text"] for each in clauses}
    told = ((name, text[a:b]) for name, text in texts.items() for a, b in sentences(text) if text[a] != "|")
    assert [t for name, t in told if not verify({name: texts[name]}, {}, None, t).supported] == []


def test_sentences_of_a_model_are_told_apart_better_than_by_chance():
    """What a small model wrote is labelled with a reason, and mostly judged as it was labelled."""
    cases = recorded()
    assert all(case.supported or case.why in WHY for case in cases)
    _, low, _ = balanced([(case.supported, let_out) for case, let_out in judged(cases)])
    assert low > 0.6


def test_a_check_costs_as_much_as_the_text_is_long(decisions):
    """A sentence of a text eight times as long costs about what it costs in a short one."""
    assert min(growth(decisions[n]) for n in range(2)) < 2.5

"""A run with a language model: what is heard, what became of each sentence, and the table of it."""

import json

import pytest

from app.metrics import Metrics
from decisioning.chat.drafts import answer_schema
from decisioning.claims import claims_of
from decisioning.drafts import schema
from decisioning.errors import DependencyFailed
from decisioning.model import Problem, Sentence, Writer
from evals.words.with_model.asked import BLOCK, Work, in_turn
from evals.words.with_model.heard import Call, Heard, offered
from evals.words.with_model.recording import line_of, recordings
from evals.words.with_model.table import listed, table
from tests.decisioning.decisions import incomplete
from tests.decisioning.stopwatches import ScriptedModel


def said(**texts: str) -> str:
    """An answer about these claims."""
    return json.dumps(texts)


def sentence(claim: str, text: str, writer: Writer) -> Sentence:
    """A sentence that left."""
    return Sentence(text=text, writer=writer, claim=claim, facts=(), citations=())


def call(raw: str | None, *claims: str, error: str | None = None) -> Call:
    """A call that offered these claims."""
    return Call(claims, 100, raw, error, 1.5, 40, 9)


FACTS = {
    "id": "one",
    "kind": "explanations",
    "row": 3,
    "as_of": "2026-11-23",
    "outcome": "refer",
    "question": None,
}


@pytest.fixture
def recorded(tmp_path):
    """One explanation: a claim passed, one rewritten, one refused twice, one without words."""
    first = said(outcome="It is referred.", score="It scored 700.", next="A person decided.", price=" ")
    second = said(score="The score is 613", next="A person has decided.")
    sentences = (
        sentence("outcome", "It is referred.", Writer.LLM),
        sentence("score", "The score is 613.", Writer.LLM),
        sentence("next", "Next, a person decides.", Writer.DETERMINISTIC),
        sentence("price", "The offer is ours.", Writer.DETERMINISTIC),
    )
    calls = (call(first, "outcome", "score", "next", "price"), call(second, "score", "next"))
    problems = [
        Problem(sentence="It scored 700.", code="unknown_number", problem="700"),
        Problem(sentence="A person decided.", code="not_carried", problem="decided"),
    ]
    path = tmp_path / "run.jsonl"
    path.write_text(line_of(FACTS, calls, sentences, problems) + "\n" + '{"cut off by a ki')
    return recordings(path)


def test_each_claim_has_its_fate(recorded):
    """Passed at once, passed rewritten, refused and replaced, never worded; a cut-off line is not read."""
    [one] = recorded
    assert {f.claim: f.how for f in one.fates} == {
        "outcome": "passed",
        "score": "rewritten",
        "next": "refused",
        "price": "not worded",
    }
    assert one.fates[2].drafts == ("A person decided.", "A person has decided.")
    assert one.fates[2].left == "Next, a person decides."


def test_the_table_counts_the_fates(recorded):
    """A row a kind and one for all, with the codes of what was refused."""
    text = table(recorded)
    assert "| explanations | 1 | 4 | 1 (25%) | 1 (25%) | 1 (25%) | 1 (25%) | 0 | 2 | 40 / 9 |" in text
    assert "unknown_number 1" in text
    assert "A person decided. [not_carried]" in listed(recorded)


def test_a_clause_that_is_quoted_twice_is_two_sources(tmp_path):
    """The second sentence of a source has the fate of the second name that the model was offered."""
    raw = json.dumps(
        {"sentences": [{"source": "clause:A", "text": "One."}, {"source": "clause:A#2", "text": "Two."}]}
    )
    left = (sentence("clause:A", "One.", Writer.LLM), sentence("clause:A", "A: two", Writer.DETERMINISTIC))
    path = tmp_path / "run.jsonl"
    path.write_text(line_of(FACTS, [call(raw, "clause:A", "clause:A#2")], left, []) + "\n")
    assert [f.how for f in recordings(path)[0].fates] == ["passed", "refused"]


async def test_calls_are_heard_whether_they_answer_or_fail():
    """Each call is kept with what it offered, the answer or the failure, and passed on unchanged."""
    claims = claims_of(incomplete())
    model = ScriptedModel("{}", DependencyFailed("llm", "down"))
    heard = Heard(model, Metrics(), 5.0)
    assert await heard.write("system", "user", schema(claims), 60.0) == "{}"
    with pytest.raises(DependencyFailed):
        await heard.write("system", "user", answer_schema(["clause:A"]), 60.0)
    assert [c.raw for c in heard.calls] == ["{}", None]
    assert heard.calls[0].offered == tuple(c.id for c in claims)
    assert heard.calls[1].offered == ("clause:A",)
    assert "down" in (heard.calls[1].error or "")


def test_what_was_offered_is_read_off_either_schema():
    """Claims of an explanation, sources of an answer."""
    assert offered(schema(claims_of(incomplete()))) == ("outcome", "missing", "next")
    assert offered(answer_schema(["a", "b"])) == ("a", "b")


def test_a_run_that_is_cut_short_has_both_kinds():
    """Explanations and questions come in blocks, in turn, all of them once."""
    one, other = ([Work(f"{name}{n}", None) for n in range(12)] for name in "de")
    order = [item.id[0] for item in in_turn(one, other, BLOCK)]
    assert "".join(order) == "dddddeeeeedddddeeeeeddee"

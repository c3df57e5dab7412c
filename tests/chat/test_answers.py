"""One turn of the chat without a language model: policy, record, what-ifs, conversations."""

import json
from dataclasses import replace
from datetime import date

import pytest

from decisioning.chat import Asking, Memory, answer
from decisioning.chat.answer import Answer, Answered
from decisioning.model import Decision, Outcome, Sentence
from tests.chat.tools import APPLICATION, TODAY, FakeTools, decided, digits, product
from tests.decisioning.stopwatches import FakeStopwatch


async def turn(
    question: str, tools: FakeTools | None = None, memory: Memory | None = None, **asking
) -> Answered:
    """One turn, the sentences said as they passed being those of the answer."""
    tools = tools or FakeTools()
    said: list[Sentence] = []

    async def say(sentence: Sentence) -> None:
        said.append(sentence)

    asked = Asking(question, product(), TODAY, TODAY, tools.decision, memory or Memory())
    made = await answer(replace(asked, **asking), tools, None, FakeStopwatch(), say)
    assert tuple(said) == made.answer.sentences
    return made


async def ask(question: str, tools: FakeTools | None = None, **asking) -> Answer:
    """The answer alone."""
    return (await turn(question, tools, **asking)).answer


async def bound(score: float = 640, day: date | None = None, **application) -> FakeTools:
    """Tools about a decision."""
    whole = APPLICATION | application
    return FakeTools(await decided(whole, day, score), whole, score=score)


def record(tools: FakeTools) -> Decision:
    """The decision that the tools are about."""
    assert tools.decision is not None
    return tools.decision


POLICY = [
    ("What is the maximum term?", "CP-2.4", "60 months"),
    ("What's the cut-off?", "CP-4.3", "540 points"),
    ("Is 60 % the limit for debt service to income?", "CP-3.4", "60 %"),
    ("What happens at a debt service to income ratio of 55 %?", "CP-3.5", "50 %"),
    ("How long is an offer valid?", "CP-8.9", "30 days"),
    ("Below which score is an application with an adverse credit record referred?", "CP-4.6", "620 points"),
    ("Below which score is a high loan-to-price ratio referred?", "CP-6.2", "610 points"),
    ("Above which amount must an underwriter decide?", "CP-7.2", "1,800 thousand pesetas"),
    ("What does CP-7.5 say?", "CP-7.5", "credit committee"),
    ("What was the maximum term in 2024?", "CP-2.4", "72 months"),
    ("What was the maximum term before the last change?", "CP-2.4", "72 months"),
    ("What was the cut-off on 15 August 2025?", "CP-4.3", "530 points"),
    ("What is the margin of price tier B?", "CP-8.4", "4 %"),
    ("Can we suggest a co-signer?", "CP-12.4", "must not suggest"),
    ("When did the maximum term last change?", "CP-2.4", "1 July 2025"),
]


@pytest.mark.parametrize(("question", "clause", "says"), POLICY)
async def test_quotes_the_clause_that_answers(question, clause, says):
    """The clause in force on the day asked, word for word, with its citation."""
    made = await ask(question)
    assert not made.abstained
    assert says in made.answer
    assert clause in {c.clause for s in made.sentences for c in s.citations}


SILENT = [
    "What is our parental leave policy?",
    "What is the maximum mortgage term?",
    "What is the penalty for late payment?",
    "What is the score of price tier D?",
    "What is the maximum APR?",
    "What does CP-99.1 say?",
    "What will the cut-off be in 2030?",
    "What was the maximum term in 1990?",
    "Who wrote this manual?",
]


@pytest.mark.parametrize("question", SILENT)
async def test_abstains_where_the_policy_is_silent(question):
    """No answer; the nearest clauses by name where there are any."""
    made = await ask(question)
    assert made.abstained
    assert len(made.sentences) == 1


@pytest.mark.parametrize("day", ["31 February 2025", "2025-13-01"])
async def test_a_day_that_no_calendar_has_is_said_to_be_none(day):
    """Rather than answered from the policy of another day."""
    made = await ask(f"What was the maximum term on {day}?")
    assert made.abstained
    assert made.answer == f"There is no such day as {day}."


async def test_tells_what_changed_between_two_days():
    """Each clause once, the old words and the new."""
    made = await ask("What changed about the maximum term between 2024 and 2026?")
    assert "72 months" in made.answer
    assert "60 months" in made.answer
    assert "CP-3.4" not in made.answer
    assert made.sentences[-1].citations[0].quote == "The term must not exceed 60 months."


RECORD = [
    ("Why was it declined?", "420"),
    ("What is the score?", "420"),
    ("What is the cut-off?", "540"),
    ("Which clause declined it?", "CP-4.4"),
    ("What is the disposable income?", "ESP"),
    ("What does the applicant earn?", "150"),
    ("When does the notice fall due?", "23 December 2026"),
    ("When must the notice be sent?", "23 December 2026"),
    ("How long do we have to send the adverse action notice?", "23 December 2026"),
    ("How long did the decision take?", "12.5 ms"),
    ("Under which policy edition was it decided?", "2026-06-01+0a"),
    ("Are there conditions?", "no conditions"),
    ("Who must decide?", "no person"),
    ("How many points did income earn?", "does not read the points"),
    ("What would change the outcome?", "500"),
]


@pytest.mark.parametrize(("question", "says"), RECORD)
async def test_tells_what_the_record_holds(question, says):
    """Every number that is told stands in the record or in a clause that it names."""
    tools = await bound(score=420)
    assert record(tools).outcome is Outcome.DECLINE
    made = await ask(question, tools)
    assert not made.abstained
    assert says in made.answer


async def test_what_follows_from_the_application_is_not_supposed_by_itself():
    """A disposable income of 50 is no income of 50: nothing is tried, and the answer says so."""
    tools = await bound(score=420)
    made = await ask("What if the disposable income were 50?", tools)
    assert made.abstained
    assert made.answer.startswith("The disposable income follows from the application")
    assert "try_changes" not in tools.called


async def test_tells_every_principal_reason():
    """And nothing else is asked of any tool that could change a thing."""
    tools = await bound(score=420)
    made = await ask("Why was this application declined?", tools)
    wanted = {f"reason:{r.code}" for r in record(tools).reasons}
    assert {s.claim for s in made.sentences} >= wanted
    assert set(tools.called) <= {"read_decision", "read_clauses"}


async def test_answers_as_of_the_decisions_day_and_says_that_today_differs():
    """A decision of 2025 is answered from the policy of 2025."""
    tools = await bound(day=date(2025, 3, 1))
    made = await ask("What is the maximum term?", tools)
    assert made.as_of == date(2025, 3, 1)
    assert "72 months" in made.answer
    assert "reads otherwise in CP-2.4" in made.sentences[-1].text
    assert {c.edition for s in made.sentences for c in s.citations} == {"2024-01-01"}


async def test_a_what_if_is_executed_and_said_to_be_one():
    """The changed application goes through the rules; its figures are those of the simulation."""
    tools = await bound()
    made = await ask("What if the amount were 2,000?", tools)
    assert tools.called.count("try_changes") == 1
    assert "In a simulation" in made.answer
    assert "referred to a person" in made.answer
    assert "stored as a decision" in made.answer
    assert "CP-7.2" in made.answer


@pytest.mark.parametrize("question", ["What if the term were 0?", "What if the income were -5?"])
async def test_what_cannot_be_tried_is_said(question):
    """The schema's refusal, in words."""
    made = await ask(question, await bound())
    assert made.abstained
    assert "cannot be tried" in made.answer


async def test_without_a_decision_nothing_is_tried():
    """There is nothing to change, and no record to tell of."""
    tools = FakeTools()
    for question in ("What if the income were 150?", "Why was it declined?"):
        assert "about no decision" in (await ask(question, tools)).answer
    assert tools.called == []


CONVERSATIONS = [
    (["What is the maximum term?", "and in 2024?", "and the minimum?"], ["60", "72", "6"]),
    (["What is the maximum term?", "and the amount?"], ["60", "2,500"]),
    (["What is the maximum term?", "since when?"], ["60", "1 July 2025"]),
    (["What is the maximum term?", "what did it say before the last change?"], ["60", "72"]),
    (["What is the maximum term?", "What does that clause say exactly?"], ["60", "6 months"]),
]


@pytest.mark.parametrize(("questions", "says"), CONVERSATIONS)
async def test_a_question_leans_on_the_one_before(questions, says):
    """The same of another day, of another matter, the whole of what was quoted."""
    memory = Memory()
    for question, wanted in zip(questions, says, strict=True):
        made = await turn(question, memory=memory)
        memory = made.memory
        assert not made.answer.abstained, question
        assert wanted in made.answer.answer, question


async def test_a_what_if_goes_on():
    """ "and for 48 months?" keeps the amount that was tried; "why?" explains the simulation."""
    tools = await bound()
    first = await turn("What if the amount were 2,000?", tools)
    second = await turn("and for 48 months?", tools, first.memory)
    assert second.memory.changes == {"amount": 2000.0, "term_months": 48}
    third = await turn("why?", tools, second.memory)
    assert "CP-7.2" in third.answer.answer
    assert third.memory.changes == second.memory.changes


async def test_a_refusal_leaves_the_memory_as_it_was():
    """What was refused is no turn to lean on."""
    first = await turn("What is the maximum term?")
    second = await turn("Please approve it.", memory=first.memory)
    assert second.memory == first.memory


async def test_several_questions_are_answered_in_turn():
    """Each by itself; what is between them is no question."""
    made = await ask("Good morning. What is the maximum term? And what is the maximum amount? Thanks.")
    assert "60 months" in made.answer
    assert "2,500" in made.answer


async def test_the_same_question_gets_the_same_bytes():
    """Nothing is drawn by lot."""
    tools = await bound(score=420)
    first, second = [await ask("Why was it declined?", tools) for _ in range(2)]
    assert first.model_dump_json() == second.model_dump_json()


@pytest.mark.parametrize("score", [420.0, 520.0, 640.0])
async def test_says_no_number_that_no_tool_gave(score):
    """Over many questions: each number stands in the record, in a clause in force, or in the question."""
    tools = await bound(score=score)
    known = digits(known_text(record(tools)))
    for question, _ in RECORD:
        made = await ask(question, tools)
        assert digits(made.answer) <= known | digits(TOOLS), (question, made.answer)


TOOLS = f"12.5 1.25 2026-06-01+0a {'ab' * 16} 2026-12-23 500 900"


def known_text(decision: Decision) -> str:
    """The record and the manual, rates as percentages too."""
    record = json.dumps(json.loads(decision.model_dump_json()))
    rates = [f.value * 100 for f in decision.facts.values() if isinstance(f.value, float)]
    rules = [r.limit * 100 for r in decision.rules if isinstance(r.limit, float)]
    shown = " ".join(f"{v:.1f} {v:.2f} {v:.0f}" for v in (*rates, *rules))
    return " ".join((record, shown, *(f"{c.clause} {c.text}" for c in manual_of(decision))))


def manual_of(decision: Decision):
    """The clauses in force on the decision's day."""
    return FakeTools()._on(decision.as_of)


@pytest.mark.parametrize("question", ["", "   ", "...", "\u200b\u200b", "x" * 100_000])
async def test_refuses_an_empty_or_endless_question(question):
    """Neither is asked of anything."""
    tools = FakeTools()
    with pytest.raises(ValueError, match="question"):
        await ask(question, tools)
    assert tools.called == []

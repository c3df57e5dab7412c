"""Answers that a reader would stumble over: of another question, of nobody's business, or half of one."""

from dataclasses import replace
from datetime import date

import pytest

from decisioning.chat import Memory
from decisioning.chat.question import read
from decisioning.chat.refusals import NO_CHANGE, NO_JUDGEMENT, NOT_ASKED
from decisioning.chat.relevance import quotes_of
from decisioning.chat.tools import Resolved
from decisioning.model import Outcome
from tests.chat.test_answers import ask, bound, record, turn
from tests.chat.tools import TODAY, manual


@pytest.mark.parametrize(
    "question",
    [
        "What if the applicant were married?",
        "What if he were 25 years old?",
        "Suppose the applicant were a woman",
        "What if the applicant's age were 30?",
        "Would it be approved if she were divorced?",
        "and if they were foreign?",
    ],
)
async def test_who_one_is_cannot_be_supposed(question):
    """No application says it and no rule reads it: nothing is tried and no clause is quoted for it."""
    for tools in (await bound(), None):
        made = await ask(question, tools)
        assert (made.answer, made.abstained) == (NOT_ASKED, True)
        assert not tools or "try_changes" not in tools.called


async def test_the_policy_on_a_spouse_is_still_quoted():
    """A question for the rule is not a supposition of the case."""
    made = await ask("If the applicant is married, must the spouse sign?")
    assert "CP-12.4" in made.answer


async def test_years_of_age_are_no_term():
    """25 years old is no length of a loan."""
    tools = await bound()
    made = await ask("What if the car were 5 years old?", tools)
    assert "months" not in made.answer


async def test_a_supposition_of_nothing_is_not_answered():
    """ "And if there were none?" names nothing that could be changed."""
    made = await ask("And if there were none?", await bound())
    assert made.abstained
    assert made.answer == "That names nothing of the application that could be changed."


async def test_a_what_if_about_the_price_tells_why():
    """A price that is supposed is the purchase's; what is asked for is the outcome with its reasons."""
    made = await ask("What if the price were 500?", await bound(score=560))
    assert "would be referred" in made.answer
    assert "loan-to-price ratio" in made.answer


async def test_a_resolved_referral_tells_what_a_person_decided():
    """After a person ended a referral nobody is told that a person decides next."""
    tools = await bound(score=520)
    assert record(tools).outcome is Outcome.REFER
    assert "Next, a person decides." in (await ask("What happens next?", tools)).answer
    reasons = ("The document that you sent does not show the income that you stated.",)
    tools = replace(tools, resolved=Resolved(outcome=Outcome.DECLINE, reasons=reasons, on=date(2026, 11, 24)))
    for question in ("What was the outcome?", "What happens next?", "Who decided it?"):
        said = (await ask(question, tools)).answer
        assert f'A person declined it on 24 November 2026, with these reasons: "{reasons[0]}"' in said
        assert "Next, a person decides" not in said


async def test_by_when_is_answered_by_the_policy():
    """By when a referral is decided is set by the policy, and asked so after a turn too."""
    tools = await bound(score=520)
    assert "CP-7.6" in (await ask("Until when must it be decided?", tools)).answer
    first = await turn("who decides this?", tools)
    assert "CP-7.6" in (await turn("and by when?", tools, first.memory)).answer.answer


async def test_by_when_what_is_missing_must_arrive():
    """An incomplete file is answered by the clause on what is missing."""
    tools = await bound(income=None)
    assert "CP-5.2" in (await ask("When must the applicant answer?", tools)).answer


async def test_the_limit_comes_before_the_record():
    """Who asks for the maximum is told the maximum first, and what the application has after it."""
    made = await ask("and what is the maximum amount?", await bound(), memory=Memory(question="Why?"))
    assert made.sentences[0].text == 'CP-2.5: "The amount must not exceed 2,500 thousand pesetas."'


async def test_an_approval_says_why():
    """The score that sufficed, and that no rule stood in the way."""
    made = await ask("Why was it approved?", await bound(score=640))
    assert "above the cut-off of 540 points" in made.answer
    assert "No rule of the policy declines or refers the application." in made.answer


async def test_the_main_reason_is_one():
    """Asked for the main reason, the first alone is told."""
    made = await ask("What is the main reason?", await bound(score=400, income=40))
    assert "rincipal reason 1" in made.answer
    assert "rincipal reason 2" not in made.answer


async def test_a_choice_is_said_in_words():
    """ "The adverse credit record is no" is no English."""
    assert (await ask("Is there an adverse credit record?", await bound(score=700))).answer == (
        "The file shows no adverse credit record."
    )
    assert (await ask("What about the housing?", await bound(score=700))).answer == (
        "For housing the application says rent."
    )


async def test_no_offer_is_told_alone():
    """Where there is no offer, nothing else is told in its place."""
    made = await ask("How long does the offer stand?", await bound(score=400))
    assert made.answer == "The record holds no offer."


async def test_what_a_notice_says_is_not_when_it_is_due():
    """The contents of a notice stand in the policy, not in the day by which it is due."""
    tools = await bound(score=400)
    made = await ask("What does the notice say?", tools)
    assert " is due" not in made.answer
    assert "search_policies" in tools.called


@pytest.mark.parametrize(
    ("question", "starts"),
    [
        ("What counts as income?", "Income means"),
        ("What is a referral?", "Referral means"),
        ("What is an adverse credit record?", "Adverse credit record means"),
    ],
)
async def test_a_definition_is_quoted_from_its_beginning(question, starts):
    """What a thing means is its clause's first sentence."""
    assert f'"{starts}' in (await ask(question)).answer


@pytest.mark.parametrize("asked", ["What rate does tier A pay?", "What is the margin of tier A?"])
def test_a_row_is_quoted_by_its_letter(asked):
    """The row of the tier that is named, never the head of a table alone."""
    clause = next(c for c in reversed(manual()) if c.clause == "CP-8.4")
    quotes = [clause.text[a:b] for a, b in quotes_of(read(asked, TODAY), clause)]
    assert "A | 3 %" in quotes
    without = quotes_of(read("What does a person pay?", TODAY), clause)
    assert "Price tier | Margin a year" not in [clause.text[a:b] for a, b in without]


async def test_a_table_of_what_is_asked_for():
    """The characteristics stand in the table of the characteristics."""
    assert "CP-4.1" in (await ask("Which characteristics are scored?")).answer


async def test_the_age_of_an_applicant_is_not_that_of_an_entry():
    """A clause on the age of an entry does not tell whether an applicant's age counts."""
    assert "age of the entry" not in (await ask("Is age considered?")).answer


@pytest.mark.parametrize("question", ["Should I approve it anyway?", "Should we decline the applicant?"])
async def test_advice_is_not_given(question):
    """Nobody is told to approve or decline."""
    assert (await ask(question, await bound())).answer == NO_CHANGE


@pytest.mark.parametrize("question", ["Is the applicant creditworthy?", "Was the decision fair?"])
async def test_nothing_is_judged(question):
    """Neither a person nor a decision is judged."""
    assert (await ask(question, await bound())).answer == NO_JUDGEMENT


async def test_when_it_changed_follows_what_was_quoted():
    """ "When did it change?" is about the limit of the turn before."""
    first = await turn("What is the maximum term?")
    made = await turn("when did it change?", memory=first.memory)
    assert "CP-2.4" in made.answer.answer
    assert "13 clauses" not in made.answer.answer

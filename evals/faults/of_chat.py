"""Faults of the chat, seeded where its answer leaves."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from app.answering import answer_turn
from evals.chat_answers import MUST, VAIN
from evals.faults.model import Fault, instead

SURE = frozenset(("clause", "definitions", "income", "fair"))
"""Kinds of questions that the chat answers with ease."""


def _chat(change: Callable[[Any], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """A chat whose answers leave changed."""

    async def turned(*given: Any) -> Any:
        turn = await answer_turn(*given)
        return replace(turn, answer=change(turn.answer))

    return instead("evals.asking.answer_turn", turned)


def _silent(answer: Any) -> Any:
    return answer.model_copy(update={"abstained": True})


def _talkative(answer: Any) -> Any:
    return answer.model_copy(update={"abstained": False})


def _one_clause(answer: Any) -> Any:
    """Every citation names the first clause of the manual."""
    sentences = tuple(
        each.model_copy(
            update={"citations": tuple(c.model_copy(update={"clause": "CP-1.1"}) for c in each.citations)}
        )
        for each in answer.sentences
    )
    return answer.model_copy(update={"sentences": sentences})


def _other_numbers(answer: Any) -> Any:
    """Another figure in each number, and another outcome."""
    text = re.sub(r"\d\b", lambda found: str((int(found[0]) + 3) % 10), answer.answer)
    return answer.model_copy(update={"answer": re.sub("approve|decline|refer", "postpone", text)})


def _answerable(case: Any) -> bool:
    return case.group == "answerable" and case.kind in SURE


def _unanswerable(case: Any) -> bool:
    return case.group == "unanswerable" and case.kind in ("other product", "personal")


def _of_record(case: Any) -> bool:
    return bool(case.group == "record")


RIGHT = "answers right"
OF_CHAT: tuple[Fault, ...] = (
    Fault("a chat that says nothing", "chat", (VAIN, RIGHT), _chat(_silent), 6, _answerable),
    Fault(
        "a chat that quotes the manual's first clause for everything",
        "chat",
        ("citation recall", "citation precision"),
        _chat(_one_clause),
        6,
        _answerable,
    ),
    Fault(
        "a chat that always finds an answer",
        "chat",
        (MUST,),
        _chat(_talkative),
        6,
        _unanswerable,
    ),
    Fault(
        "a chat that reads numbers and outcomes wrong",
        "chat",
        ("answers that say otherwise than the record",),
        _chat(_other_numbers),
        4,
        _of_record,
    ),
)
"""Faults of the suite `chat`."""

"""What a conversation remembers of the turn before, and how a question that leans on it is made whole."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from decisioning.chat.question import Question, read
from decisioning.grounding.topics import NAMED, named_in
from decisioning.model import Frozen, Value

Kind = Literal["refused", "policy", "record", "what_if", "changes", "none"]

_LEAD = re.compile(
    r"^\W*(?:and|or|but|so|then|now|also|ok(?:ay)?)?\W*(?:what about|how about|the same)?\s*(?:for|with"
    r"|at|in|on|over)?\s*",
    re.IGNORECASE,
)
_BOUNDS = re.compile(
    r"\b(?:max(?:imum)?|min(?:imum)?|highest|lowest|longest|shortest|largest|smallest|limit|cut-off"
    r"|margin)\b",
    re.IGNORECASE,
)
_SINCE = re.compile(r"(?:and )?since when.*|when did (?:it|that|this) (?:last )?change.*", re.IGNORECASE)
_WHAT_IS = re.compile(r"^\W*what (?:is|was|are|were)(?: the)?\b", re.IGNORECASE)
_SAY = re.compile(r"\b(?:say|says|read|reads|quote|exactly|word(?:ing|s)?|whole|full)\b", re.IGNORECASE)
_SHORT = 7


class Memory(Frozen):
    """The turn before: what it asked, once made whole, which kind of answer it got, and on what.

    `changes` are what its what-if tried; `clauses` what its answer quoted; `day` whose policy it quoted.
    """

    question: str = ""
    kind: Kind = "none"
    changes: Mapping[str, Value] = {}
    clauses: tuple[str, ...] = ()
    day: date | None = None


def resumed(question: Question, memory: Memory, titles: Mapping[str, str], today: date) -> Question:
    """The question made whole with what came before; itself where it leans on nothing.

    "and in 2024?" asks the same of another day; "and the minimum amount?" the same sort of thing of
    another matter; "what does that clause say?" names the clause that was quoted.
    """
    if not memory.question or not (question.follows or _is_bare_day(question)):
        return question
    rest = _LEAD.sub("", question.plain).strip(" ?.!")
    if (question.days.periods or question.days.before_change) and not _content(rest, today):
        return _again(memory.question, question, today)
    if memory.clauses and _SAY.search(question.plain) and not question.clauses and question.follows:
        return read(f"What does {memory.clauses[0]} say?", today)
    if memory.clauses and _SINCE.fullmatch(rest):
        matter = _WHAT_IS.sub("", memory.question).strip(" ?.")
        return read(
            f"When did {matter if memory.kind == 'policy' else memory.clauses[0]} last change?", today
        )
    bounds = _BOUNDS.findall(rest)
    if bounds and re.fullmatch(r"(?:the )?\w+", rest, re.IGNORECASE) and _BOUNDS.search(memory.question):
        return read(_BOUNDS.sub(bounds[0], memory.question, count=1), today)
    if len(rest.split()) <= _SHORT and _topics(rest, titles) and not _BOUNDS.search(rest):
        frame = " ".join(_BOUNDS.findall(memory.question))
        if frame and memory.kind == "policy":
            return read(f"What is the {frame} {rest}?", today)
    return question


def _is_bare_day(question: Question) -> bool:
    return bool(question.days.periods or question.days.before_change) and not question.specific


def _content(text: str, today: date) -> bool:
    return bool(text) and bool(read(text, today).specific) if re.search(r"\w", text) else False


def _again(earlier: str, question: Question, today: date) -> Question:
    """The earlier question of the days of this one."""
    whole = read(earlier, today)
    return replace(
        whole, days=replace(question.days, rest=whole.plain), text=f"{whole.plain} ({question.text})"
    )


def _topics(text: str, titles: Mapping[str, str]) -> bool:
    stems = read(text, date.min).stems if re.search(r"\w", text) else frozenset()
    return any(named_in(name, stems, title) >= NAMED for name, title in titles.items())

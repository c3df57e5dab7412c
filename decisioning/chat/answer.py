"""One turn of the analyst's chat: quotes the policy in force and tells what a decision's record says.

It takes no decision, changes none and promises none. The tools are chosen and asked without a language
model; one may word what they gave, and what the checker refuses never leaves.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from decisioning.chat.drafts import (
    Drafted,
    answer_prompt,
    answer_schema,
    answer_system,
    drafted,
    second_prompt,
    sources_of,
)
from decisioning.chat.from_policy import said_otherwise
from decisioning.chat.memory import Memory
from decisioning.chat.routing import Routed, route
from decisioning.chat.saying import Reply, Statement, framed
from decisioning.chat.scene import Asking
from decisioning.chat.tools import Tools
from decisioning.drafts import tidied
from decisioning.errors import DependencyFailed
from decisioning.model import Frozen, Problem, Sentence, Writer
from decisioning.ports import LanguageModel, Stopwatch
from decisioning.wording import written_date

__all__ = ["Answer", "Answered", "Asking", "Say", "answer"]

_LEAST_S = 0.2
Say = Callable[[Sentence], Awaitable[None]]
"""Called with each sentence as soon as it has passed its check."""


async def say_nobody(_sentence: Sentence) -> None:
    """Nobody listens yet."""


class Answer(Frozen):
    """What leaves: checked sentences, and the day whose policy they quote; `problems` was thrown away."""

    answer: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    as_of: date
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Answered:
    """An answer, what the conversation remembers of it, and what a language model said on the way."""

    answer: Answer
    memory: Memory
    outputs: tuple[str, ...] = ()


@dataclass
class _Wording:
    """What a language model made of the statements, by id, and what was thrown away."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


async def answer(
    asking: Asking,
    tools: Tools,
    language_model: LanguageModel | None,
    stopwatch: Stopwatch,
    say: Say = say_nobody,
) -> Answered:
    """The answer to an analyst's question, from the policy in force and the decision's record.

    With a decision it answers as of that decision's day, and says when a quoted clause reads otherwise
    today. Where neither the record nor a clause answers, it abstains and names the nearest clauses.
    Raises ValueError for an empty question or one longer than it may be, and
    DependencyFailed("retrieval") where the corpus cannot be asked.
    """
    with stopwatch.stage("retrieve"):
        routed = await route(asking, tools)
        reply = routed.reply
        later = await _otherwise(reply, asking, tools)
    wording = _Wording()
    if language_model is not None and not reply.abstained:
        await _word(asking, reply, language_model, stopwatch, wording)
    worded = {id(s): wording.texts.get(name) for name, s in sources_of(reply.statements).items()}
    sentences: list[Sentence] = []
    with stopwatch.stage("verify"):
        for statement in (*reply.statements, *later):
            sentence = _passed(statement, worded.get(id(statement)), wording)
            if sentence is not None:
                sentences.append(sentence)
                await say(sentence)
    if not sentences:
        sentences = [_nothing_left(reply)]
        await say(sentences[0])
        reply = Reply((), reply.day, abstained=True, kind="none")
    return _answered(asking, routed, reply, sentences, wording)


def _passed(statement: Statement, text: str | None, wording: _Wording) -> Sentence | None:
    """The statement in the model's words where they passed, else in ours where these do."""
    if text is not None:
        return statement.said(text, Writer.LLM)
    wrong = statement.check(statement.text)
    wording.problems += wrong
    return None if wrong else statement.said(statement.text, Writer.DETERMINISTIC)


def _nothing_left(reply: Reply) -> Sentence:
    day = written_date(reply.day)
    text = f"Nothing that could be said to this from the policy in force on {day} passed the check."
    return framed("abstained", text, (day,)).said(text, Writer.DETERMINISTIC)


async def _otherwise(reply: Reply, asking: Asking, tools: Tools) -> tuple[Statement, ...]:
    """That today's policy reads otherwise, where a decision is talked about or another day was named."""
    if reply.abstained or reply.kind not in ("policy", "record") or reply.day == asking.today:
        return ()
    if asking.decision is None and reply.day == asking.as_of:
        return ()
    found = await said_otherwise(reply.clauses, reply.day, asking.today, tools)
    return (found,) if found else ()


async def _word(
    asking: Asking, reply: Reply, model: LanguageModel, stopwatch: Stopwatch, wording: _Wording
) -> None:
    """Lets the model word the statements, and word what was refused once more; a failure leaves ours."""
    wordable = sources_of(reply.statements)
    if not wordable:
        return
    prompt = answer_prompt(asking.question, reply.day, wordable)
    refused = await _asked(model, prompt, wordable, stopwatch, wording)
    if refused:
        again = {d.source: wordable[d.source] for d, _ in refused}
        prompt = second_prompt(refused, again)
        await _asked(model, prompt, again, stopwatch, wording)


async def _asked(
    model: LanguageModel,
    prompt: str,
    wordable: dict[str, Statement],
    stopwatch: Stopwatch,
    wording: _Wording,
) -> list[tuple[Drafted, tuple[Problem, ...]]]:
    """The drafts that were refused, with why; those that passed are kept, one a statement."""
    if stopwatch.remaining_s() < _LEAST_S:
        wording.problems.append(
            _trouble("llm_unavailable", "the language model was not asked: no time was left")
        )
        return []
    with stopwatch.stage("generate"):
        try:
            raw = await model.write(
                answer_system(), prompt, answer_schema(tuple(wordable)), stopwatch.remaining_s()
            )
        except DependencyFailed:
            wording.problems.append(_trouble("llm_unavailable", "the language model gave no answer"))
            return []
    wording.outputs.append(raw)
    with stopwatch.stage("verify"):
        return _reviewed(raw, wordable, wording)


def _reviewed(
    raw: str, wordable: dict[str, Statement], wording: _Wording
) -> list[tuple[Drafted, tuple[Problem, ...]]]:
    drafts = drafted(raw)
    if drafts is None:
        problem = "the language model did not answer with the JSON that was asked for"
        wording.problems.append(_trouble("llm_output", problem))
        return []
    refused: list[tuple[Drafted, tuple[Problem, ...]]] = []
    for draft in drafts:
        statement = wordable.get(draft.source)
        if statement is None or draft.source in wording.texts:
            continue
        text = tidied(draft.text)
        wrong = statement.check(text) if text else (_trouble("empty", "the sentence is empty"),)
        if wrong:
            refused.append((draft, wrong))
            wording.problems += wrong
        else:
            wording.texts[draft.source] = text
    return [r for r in refused if r[0].source not in wording.texts]


def _trouble(code: str, problem: str) -> Problem:
    return Problem(sentence=None, code=code, problem=problem)


def _answered(
    asking: Asking, routed: Routed, reply: Reply, sentences: Sequence[Sentence], wording: _Wording
) -> Answered:
    given = Answer(
        answer=" ".join(s.text for s in sentences),
        abstained=reply.abstained,
        sentences=tuple(sentences),
        as_of=reply.day,
        problems=tuple(dict.fromkeys(wording.problems)),
    )
    kept = asking.memory
    memory = Memory(
        question=routed.question,
        kind=reply.kind,
        changes=reply.changes or {},
        clauses=reply.clauses,
        day=reply.day,
    )
    refused = reply.kind == "refused"
    return Answered(given, kept if refused else memory, tuple(wording.outputs))

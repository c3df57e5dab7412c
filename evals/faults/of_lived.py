"""Faults of the suites made from what a service lived through, and a service that lives a little."""

from dataclasses import replace
from typing import Any

from app.answering import answer_turn, scene_of
from app.schemas import ChatRequest
from app.storage.chats import Feedback, put_feedback
from decisioning.model import Outcome
from evals.asking import ask
from evals.bench import cache_of, opened
from evals.faults.model import Fault, instead
from evals.frame import Options
from evals.lived import write_cases
from evals.relations.pool import COMPLETE
from evals.taking import taken

DECISIONS = 2


async def live(options: Options) -> None:
    """Take two decisions, ask a question, judge its answer; all three become cases under `options.home`."""
    answers = cache_of(options)
    async with opened(options, answers) as services:
        for each in COMPLETE[: 18 * DECISIONS : 18]:
            await taken(services, each.application)
        asked = ChatRequest(message="What does CP-3.4 say?")
        turn = await answer_turn(services, asked, await scene_of(services, asked, None))
        judged = Feedback(services.new_id(), turn.conversation_id, True, None, None, services.now())
        await put_feedback(services.engine, judged)
        await write_cases(services.engine, options.home)
    answers.close()


async def _otherwise(*given: Any, **named: Any) -> Any:
    """A service that decides otherwise now, for no reason."""
    made = await taken(*given, **named)
    return made.model_copy(update={"outcome": Outcome.COUNTER_OFFER, "reasons": made.reasons[:0]})


async def _about_nothing(*given: Any, **named: Any) -> Any:
    """A chat that quotes nothing any more."""
    return replace(await ask(*given, **named), citations=())


OF_LIVED: tuple[Fault, ...] = (
    Fault(
        "a service that decides otherwise than it did",
        "stored",
        ("decided as it was", "for the same reasons"),
        instead("evals.lived.taken", _otherwise),
        DECISIONS,
    ),
    Fault(
        "a chat that quotes nothing any more",
        "feedback",
        ("still quotes what helped",),
        instead("evals.lived.ask", _about_nothing),
        1,
    ),
)
"""Faults of the suites `stored` and `feedback`."""

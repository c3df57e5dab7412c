"""One turn of the analyst's chat, from the question to the stored answer; HTTP and `credence ask` share it.

The turn reads decisions and the policy and changes neither. What it looks up is told as it happens, and
each sentence as soon as it has passed its check.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.chat_tools import Calls, LiveTools, Tell, tell_nobody
from app.errors import Conflict, InvalidBody
from app.logs import log
from app.schemas import ChatRequest
from app.stopwatch import SpanStopwatch, Told
from app.storage.chats import ChatTurn, Conversation, append_turn, load_conversation, open_conversation
from app.storage.decisions import load_decision
from app.storage.errors import UnknownRecord
from app.telemetry import Attr, SpanName, current_trace_id, span
from app.wiring import Services
from decisioning.chat import Asking, Memory, answer
from decisioning.chat.answer import Answer, Answered, Say, say_nobody
from decisioning.chat.drafts import answer_digest
from decisioning.errors import FieldProblem
from decisioning.lender_time import in_lender_time
from decisioning.model import Decision
from decisioning.product import Product, named


@dataclass(frozen=True)
class Scene:
    """What a turn is about: whose conversation, which decision, which product's policy, which day."""

    conversation: Conversation
    is_new: bool
    decision: Decision | None
    product: Product
    as_of: date
    memory: Memory


@dataclass(frozen=True)
class Turn:
    """An answer, stored."""

    answer: Answer
    conversation_id: UUID
    trace_id: str

    def as_json(self) -> dict[str, Any]:
        """As the API gives it."""
        given = self.answer.model_dump(mode="json")
        return given | {"conversation_id": str(self.conversation_id), "trace_id": self.trace_id}


async def scene_of(services: Services, asked: ChatRequest, key_id: UUID | None) -> Scene:
    """What the question is about; raises UnknownRecord, Conflict, NoPolicyInForce.

    A conversation belongs to the key that began it: to any other it does not exist.
    """
    now = services.now()
    conversation = Conversation(services.new_id(), asked.decision_id, key_id, now)
    memory = Memory()
    if asked.conversation_id is not None:
        conversation, turns = await load_conversation(services.engine, asked.conversation_id)
        if conversation.api_key_id != key_id:
            raise UnknownRecord(f"there is no conversation {asked.conversation_id}")
        if asked.decision_id not in (None, conversation.decision_id):
            raise Conflict("this conversation is about another decision, or about none: begin a new one")
        memory = _remembered(turns)
    about = conversation.decision_id
    decision = await load_decision(services.engine, about) if about else None
    product = (
        named(services.products, decision.product) if decision else next(iter(services.products.values()))
    )
    as_of = asked.as_of or product.today(now)
    edition = product.on(decision.as_of if decision else as_of)
    decision = in_lender_time(decision, edition.product.timezone) if decision else None
    return Scene(conversation, asked.conversation_id is None, decision, product, as_of, memory)


def _remembered(turns: list[ChatTurn]) -> Memory:
    if not turns:
        return Memory()
    return Memory.model_validate(orjson.loads(turns[-1].evidence).get("memory") or {})


async def answer_turn(
    services: Services, asked: ChatRequest, scene: Scene, tell: Tell = tell_nobody, say: Say = say_nobody
) -> Turn:
    """The answer, stored when this returns; raises InvalidBody, DependencyFailed, DatabaseUnavailable."""
    conversation = scene.conversation
    with span(SpanName.ANSWER, attributes={Attr.CONVERSATION_ID: str(conversation.id)}):
        watch = SpanStopwatch(services.settings.explain_timeout_s)
        tools = LiveTools(services, scene.product, scene.decision, conversation.api_key_id, tell)
        try:
            made = await _answer(services, asked, scene, tools, watch, say)
            with watch.stage("store"):
                if scene.is_new:
                    await open_conversation(services.engine, conversation)
                await append_turn(
                    services.engine, conversation.id, _turn(services, asked, scene, made, tools.calls)
                )
        finally:
            watch.tell_spans(scene.product.name, {"store": Told({Attr.DB_SYSTEM: "postgresql"})})
        services.metrics.answers.labels("abstained" if made.answer.abstained else "answered").inc()
        _log(conversation, made, tools.calls, watch)
        return Turn(made.answer, conversation.id, current_trace_id())


async def _answer(
    services: Services, asked: ChatRequest, scene: Scene, tools: LiveTools, watch: SpanStopwatch, say: Say
) -> Answered:
    asking = asking_of(scene, asked.message, scene.product.today(services.now()))
    try:
        return await answer(asking, tools, services.language_model, watch, say)
    except ValueError as error:
        raise InvalidBody(f"message {error}", (FieldProblem("message", str(error)),)) from None


def asking_of(scene: Scene, message: str, today: date) -> Asking:
    """The question with all that it may be answered with."""
    return Asking(message, scene.product, scene.as_of, today, scene.decision, scene.memory)


def _turn(services: Services, asked: ChatRequest, scene: Scene, made: Answered, calls: Calls) -> ChatTurn:
    """The turn as it is kept: with what it was made from, so that it can be made again."""
    llm = services.language_model
    now = services.now()
    evidence = {
        "product": scene.product.name,
        "asked_as_of": scene.as_of,
        "today": scene.product.today(now),
        "before": scene.memory.model_dump(mode="json"),
        "memory": made.memory.model_dump(mode="json"),
        "tools": calls.made,
        "clauses": [[*name, digest] for name, digest in sorted(calls.clauses.items())],
        "llm": llm.name if llm else None,
        "prompt": answer_digest() if llm else None,
        "llm_outputs": made.outputs,
    }
    return ChatTurn(
        message=asked.message,
        answer=made.answer.model_dump_json(),
        evidence=orjson.dumps(evidence).decode(),
        as_of=made.answer.as_of,
        trace_id=current_trace_id(),
        created_at=now,
    )


def _log(conversation: Conversation, made: Answered, calls: Calls, watch: SpanStopwatch) -> None:
    log.info(
        "answer",
        conversation_id=str(conversation.id),
        decision_id=str(conversation.decision_id) if conversation.decision_id else None,
        abstained=made.answer.abstained,
        kind=made.memory.kind,
        tools=[call["tool"] for call in calls.made],
        sentences=len(made.answer.sentences),
        rejected=len(made.answer.problems),
        timings_ms=dict(watch.timings_ms()),
    )

"""One turn of the analyst's chat, from the question to the stored answer; HTTP and `credence ask` share it.

The turn reads decisions and the policy and changes neither. What it looks up is told as it happens.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from app.errors import Conflict, InvalidBody
from app.logs import log
from app.schemas import ChatRequest
from app.stopwatch import SpanStopwatch, Told
from app.storage.chats import ChatTurn, Conversation, append_turn, load_conversation, open_conversation
from app.storage.decisions import load_decision
from app.storage.errors import UnknownRecord
from app.telemetry import Attr, SpanName, current_trace_id, span
from app.wiring import Services
from decisioning.answer import Answer, answer
from decisioning.errors import FieldProblem
from decisioning.model import Decision
from decisioning.ports import Clause, ClauseSearch, Hit, Snapshot
from decisioning.product import Product, named
from decisioning.titles import titles_of

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Called with the name of a tool and what it was asked and found, numbers and names only."""


async def tell_nobody(_tool: str, _found: dict[str, Any]) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Scene:
    """What a turn is about: whose conversation, which decision, which product's policy, which day."""

    conversation: Conversation
    is_new: bool
    decision: Decision | None
    product: Product
    as_of: date


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
    if asked.conversation_id is not None:
        conversation, _ = await load_conversation(services.engine, asked.conversation_id)
        if conversation.api_key_id != key_id:
            raise UnknownRecord(f"there is no conversation {asked.conversation_id}")
        if asked.decision_id not in (None, conversation.decision_id):
            raise Conflict("this conversation is about another decision, or about none: begin a new one")
    about = conversation.decision_id
    decision = await load_decision(services.engine, about) if about else None
    product = (
        named(services.products, decision.product) if decision else next(iter(services.products.values()))
    )
    as_of = asked.as_of or product.today(now)
    product.on(as_of)
    return Scene(conversation, asked.conversation_id is None, decision, product, as_of)


async def answer_turn(services: Services, asked: ChatRequest, scene: Scene, tell: Tell = tell_nobody) -> Turn:
    """The answer, stored when this returns; raises InvalidBody, DependencyFailed, DatabaseUnavailable."""
    conversation = scene.conversation
    with span(SpanName.ANSWER, attributes={Attr.CONVERSATION_ID: str(conversation.id)}):
        watch = SpanStopwatch(services.settings.explain_timeout_s)
        try:
            given = await _answer(services, asked, scene, watch, tell)
            with watch.stage("store"):
                if scene.is_new:
                    await open_conversation(services.engine, conversation)
                await append_turn(services.engine, conversation.id, _turn(services, asked, given))
        finally:
            watch.tell_spans(scene.product.name, {"store": Told({Attr.DB_SYSTEM: "postgresql"})})
        services.metrics.answers.labels("abstained" if given.abstained else "answered").inc()
        log.info(
            "answer",
            conversation_id=str(conversation.id),
            decision_id=str(conversation.decision_id) if conversation.decision_id else None,
            abstained=given.abstained,
            sentences=len(given.sentences),
            rejected=len(given.problems),
            timings_ms=dict(watch.timings_ms()),
        )
        return Turn(given, conversation.id, current_trace_id())


async def _answer(
    services: Services, asked: ChatRequest, scene: Scene, watch: SpanStopwatch, tell: Tell
) -> Answer:
    edition = scene.product.on(scene.decision.as_of if scene.decision else scene.as_of)
    try:
        return await answer(
            asked.message,
            _Watched(services.clauses, tell),
            services.language_model,
            as_of=scene.as_of,
            document=edition.product.document,
            stopwatch=watch,
            decision=scene.decision,
            today=scene.product.today(services.now()),
            titles=titles_of(edition),
        )
    except ValueError as error:
        raise InvalidBody(f"message {error}", (FieldProblem("message", str(error)),)) from None


def _turn(services: Services, asked: ChatRequest, given: Answer) -> ChatTurn:
    cited = {(c.document, c.clause, c.edition) for s in given.sentences for c in s.citations}
    llm = services.language_model
    evidence = {"clauses": sorted(cited), "llm": llm.name if llm else None}
    return ChatTurn(
        message=asked.message,
        answer=given.model_dump_json(),
        evidence=orjson.dumps(evidence).decode(),
        as_of=given.as_of,
        trace_id=current_trace_id(),
        created_at=services.now(),
    )


def _tool(name: str) -> span:
    """The span of a look-up; it is ours and not a model's, so its call has no id."""
    attributes = {Attr.OPERATION: "execute_tool", Attr.TOOL_NAME: name}
    return span(SpanName.TOOL.format(name), attributes=attributes)


class _Watched:
    """decisioning.ports.ClauseSearch that tells each look-up."""

    def __init__(self, clauses: ClauseSearch, tell: Tell) -> None:
        self._clauses = clauses
        self._tell = tell

    async def snapshot(self, known_at: datetime | None = None) -> Snapshot | None:
        return await self._clauses.snapshot(known_at)

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        if not names:
            return {}
        with _tool("read_clauses"):
            found = await self._clauses.named(document, names, as_of, known_at)
        await self._tell("read_clauses", {"clauses": sorted(found), "as_of": as_of.isoformat()})
        return found

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        return await self._clauses.context(document, queries, as_of, k, known_at)

    async def search(
        self, query: str, as_of: date, known_at: datetime | None, document: str | None, k: int
    ) -> Sequence[Hit]:
        with _tool("search_policies"):
            hits = await self._clauses.search(query, as_of, known_at, document, k)
        found = [hit.clause.clause for hit in hits]
        await self._tell("search_policies", {"clauses": found, "as_of": as_of.isoformat()})
        return hits

"""The analyst's chat over HTTP: a whole answer as JSON, or server-sent events as it is made.

Events: `tool` (what is looked up), `sentence` (one whole checked sentence with its citations), `done`
(the answer without its sentences, once the turn is stored), `error` (a problem, as any other answer would
carry it). Nothing leaves unchecked: a sentence is sent when its check has passed, never word by word.
"""

from functools import partial
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import openapi
from app.accepting import accepted
from app.answering import Scene, Turn, answer_turn, scene_of
from app.auth import Analyst
from app.bodies import parse, read_body
from app.errors import NotAcceptable, problem_response
from app.leaving import UntilCallerLeaves
from app.replies import json_response
from app.schemas import ChatRequest, FeedbackRequest
from app.storage.chats import Feedback, load_conversation, put_feedback
from app.storage.errors import UnknownRecord
from app.telemetry import current_trace_id
from app.wiring import Services, services_of
from decisioning.errors import CredenceError
from decisioning.model import Sentence

EVENTS = "text/event-stream"
JSON = "application/json"

router = APIRouter(prefix="/v1/chat", tags=["chat"])


@router.post(
    "",
    summary="Ask about a decision or the policy",
    responses=openapi.answers(None, 200, 400, 401, 403, 404, 406, 409, 413, 415, 422, 503)
    | openapi.text(200, EVENTS, JSON),
    openapi_extra=openapi.body(ChatRequest),
)
async def ask(request: Request, caller: Analyst) -> Response:
    """One turn: server-sent events, or the whole answer where JSON is accepted instead."""
    services = services_of(request)
    media_type = _accepted(request.headers.get("accept", "*/*"))
    asked = parse(ChatRequest, await read_body(request))
    scene = await scene_of(services, asked, caller.key_id)
    if media_type == EVENTS:
        return EventStream(services, asked, scene)
    async with UntilCallerLeaves(request.receive):
        turn = await answer_turn(services, asked, scene)
    return json_response(turn.as_json())


@router.post(
    "/{conversation_id}/feedback",
    summary="Say whether an answer helped",
    status_code=201,
    responses=openapi.answers(None, 201, 400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=openapi.body(FeedbackRequest),
)
async def feedback(request: Request, caller: Analyst, conversation_id: UUID) -> Response:
    """Kept beside the conversation, for those who improve the answers."""
    services = services_of(request)
    wanted = parse(FeedbackRequest, await read_body(request))
    conversation, _ = await load_conversation(services.engine, conversation_id)
    if conversation.api_key_id != caller.key_id:
        raise UnknownRecord(f"there is no conversation {conversation_id}")
    kept = Feedback(
        services.new_id(), conversation_id, wanted.helpful, wanted.comment, caller.key_id, services.now()
    )
    await put_feedback(services.engine, kept)
    told = {"id": str(kept.id), "conversation_id": str(conversation_id), "trace_id": current_trace_id()}
    return json_response(told, 201)


def _accepted(accept: str) -> str:
    """The media type to answer with: of two that are as welcome, the one that is named; else events."""
    names = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    best = accepted(accept, (JSON, EVENTS) if JSON in names and EVENTS not in names else (EVENTS, JSON))
    if best is None:
        raise NotAcceptable(f"accept {EVENTS} or {JSON}")
    return best


class EventStream(Response):
    """A turn as server-sent events. It runs in the request's own task: no generator, no lost context."""

    media_type = EVENTS

    def __init__(self, services: Services, asked: ChatRequest, scene: Scene) -> None:
        super().__init__(media_type=EVENTS)
        del self.headers["content-length"]
        self._services = services
        self._asked = asked
        self._scene = scene

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a caller that leaves ends the work."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with UntilCallerLeaves(receive):
            try:
                tell, say = partial(_tool, send), partial(_sentence, send)
                turn = await answer_turn(self._services, self._asked, self._scene, tell, say)
                await _done(send, turn)
            except Exception as error:
                await _event(send, "error", orjson.loads(problem_response(error, scope["path"]).body))
                if not isinstance(error, CredenceError):
                    raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _sentence(send: Send, sentence: Sentence) -> None:
    await _event(send, "sentence", sentence.model_dump(mode="json"))


async def _done(send: Send, turn: Turn) -> None:
    whole = turn.as_json()
    del whole["sentences"]
    await _event(send, "done", whole)


async def _tool(send: Send, tool: str, found: dict[str, Any]) -> None:
    await _event(send, "tool", {"tool": tool} | found)


async def _event(send: Send, name: str, data: Any) -> None:
    body = b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
    await send({"type": "http.response.body", "body": body, "more_body": True})

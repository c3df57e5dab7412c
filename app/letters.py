"""Notices over HTTP: the letter in the form that is accepted, its state, and those that wait."""

import base64
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import openapi
from app.accepting import accepted
from app.auth import Analyst
from app.bodies import parse, read_body
from app.errors import InvalidBody, NotAcceptable
from app.notices import FORMS, letter_of, state_of
from app.replies import json_response
from app.schemas import QueryInstant, SentRequest
from app.storage.notices import Document, StoredNotice, mark_sent, unsent_notices
from app.telemetry import current_trace_id
from app.wiring import services_of
from decisioning.errors import FieldProblem

router = APIRouter(tags=["notices"])

SOON: Final = timedelta(days=7)
"""A notice that is due within this is looked at."""
_PATH = "/v1/decisions/{decision_id}/notice"
_SAFE: Final = {
    # Hostile names are escaped; a browser that is told to run nothing and fetch nothing is the second lock.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "Vary": "Accept",
}


@router.get(
    _PATH,
    summary="The notice to the applicant",
    responses=openapi.answers(None, 200, 401, 403, 404, 406, 409, 422, 503) | openapi.text(200, *FORMS),
)
async def show(request: Request, caller: Analyst, decision_id: UUID) -> Response:
    """The letter for a decline, a counter-offer or an incomplete file; written once, the same bytes after.

    409 where the decision has no notice, or lacks something that the letter needs; `errors` names it.
    """
    media_type = accepted(request.headers.get("accept", "*/*"), tuple(FORMS))
    if media_type is None:
        raise NotAcceptable(f"accept {' or '.join(FORMS)}")
    document = await letter_of(services_of(request), decision_id, media_type, caller.key_id)
    return _letter(document)


@router.post(
    _PATH,
    summary="Say that the notice went out",
    responses=openapi.answers(None, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra=openapi.body(SentRequest),
)
async def sent(request: Request, _caller: Analyst, decision_id: UUID) -> Response:
    """By which channel, and when if not just now; the first time that is said stays."""
    services = services_of(request)
    wanted = parse(SentRequest, await read_body(request))
    now = services.now()
    if wanted.sent_at is not None and wanted.sent_at > now:
        problem = FieldProblem("sent_at", "lies in the future")
        raise InvalidBody("sent_at lies in the future", (problem,))
    await state_of(services, decision_id)
    await mark_sent(services.engine, decision_id, wanted.channel, wanted.sent_at or now)
    state = _state(await state_of(services, decision_id))
    return json_response(state | {"trace_id": current_trace_id()})


@router.get(
    "/v1/notices",
    summary="Notices that were not sent, the most urgent first",
    responses=openapi.answers(None, 200, 401, 403, 422, 503),
)
async def waiting(
    request: Request,
    _caller: Analyst,
    due_before: QueryInstant = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Those due before the instant, a week from now where none is given; overdue ones are among them."""
    services = services_of(request)
    before: datetime = due_before or services.now() + SOON
    found = await unsent_notices(services.engine, before, limit)
    items = [_state(notice) for notice in found]
    return json_response({"items": items, "trace_id": current_trace_id()})


def _letter(document: Document) -> Response:
    content = document.content or b""
    headers = dict(_SAFE) | {
        "ETag": f'"{document.sha256.hex()}"',
        "Content-Digest": f"sha-256=:{base64.b64encode(document.sha256).decode()}:",
    }
    charset = "" if document.media_type == "application/pdf" else "; charset=utf-8"
    return Response(content, 200, headers, document.media_type + charset)


def _state(notice: StoredNotice) -> dict[str, Any]:
    return {
        "decision_id": str(notice.decision_id),
        "kind": notice.kind,
        "due_at": notice.due_at,
        "written_at": notice.written_at,
        "sent_at": notice.sent_at,
        "channel": notice.channel,
    }

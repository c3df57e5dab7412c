"""Explanations over HTTP: read as they are kept, or written now."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import openapi
from app.auth import Analyst
from app.explaining import explanation_of
from app.replies import json_bytes
from app.wiring import services_of
from decisioning.model import Explanation, Reader

router = APIRouter(prefix="/v1/decisions/{decision_id}/explanation", tags=["decisions"])


@router.get(
    "",
    summary="The explanation of a decision",
    responses=openapi.answers(Explanation, 200, 401, 403, 404, 422, 503) | openapi.answers(Explanation, 202),
)
async def show(
    request: Request, _caller: Analyst, decision_id: UUID, reader: Reader = Reader.ANALYST
) -> Response:
    """For that reader; 202 while it is being written, written now and kept where nobody has asked yet."""
    explanation = await explanation_of(services_of(request), decision_id, reader)
    body = explanation.model_dump_json().encode()
    if explanation.status == "pending":
        return json_bytes(body, 202, {"Retry-After": "1"})
    return json_bytes(body)

"""What would change an outcome, over HTTP: executed for analysts, stored as no decision."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import openapi
from app.auth import Analyst
from app.bodies import check, parse_json, read_body
from app.leaving import UntilCallerLeaves
from app.replies import json_bytes
from app.schemas import CounterfactualsRequest
from app.whatif import what_changes, what_if
from app.wiring import services_of
from decisioning.whatif import WhatChanges

router = APIRouter(prefix="/v1/decisions/{decision_id}/counterfactuals", tags=["decisions"])


@router.post(
    "",
    summary="What would change the outcome",
    responses=openapi.answers(WhatChanges, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra=openapi.body(CounterfactualsRequest, required=False),
)
async def search(request: Request, caller: Analyst, decision_id: UUID) -> Response:
    """The smallest change of each kind that an applicant can act on under which the application is approved.

    Each was decided through the real models under the decision's own policy date. With `changes` in the
    body, that one change is decided and told (`WhatIf`). Not an offer, and not for the applicant.
    """
    services = services_of(request)
    wanted = await _wanted(request)
    async with UntilCallerLeaves(request.receive):
        if wanted.changes is not None:
            single = await what_if(services, decision_id, wanted.changes, caller.key_id)
            return json_bytes(single.model_dump_json().encode())
        found = await what_changes(services, decision_id, caller.key_id)
    return json_bytes(found.model_dump_json().encode())


async def _wanted(request: Request) -> CounterfactualsRequest:
    """The body, which may be left out."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        async for _ in request.stream():
            pass
        return CounterfactualsRequest()
    return check(CounterfactualsRequest, parse_json(await read_body(request)))

"""What follows a decision over HTTP: a person's end to a referral, and a replay."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import openapi
from app.auth import Analyst, Auditor
from app.bodies import parse, read_body
from app.errors import InvalidBody
from app.manuals import clauses_in_force
from app.replaying import replay_decision
from app.replies import json_response
from app.schemas import ResolutionRequest
from app.storage.decisions import load_decision
from app.storage.resolutions import Resolution, put_resolution
from app.telemetry import current_trace_id
from app.wiring import Services, services_of
from decisioning.errors import FieldProblem
from decisioning.model import Decision, Mode, Notice, Outcome
from decisioning.product import named
from decisioning.record import NOTICE_DAYS

router = APIRouter(prefix="/v1/decisions/{decision_id}", tags=["decisions"])


@router.post(
    "/resolution",
    summary="End a referral",
    status_code=201,
    responses=openapi.answers(None, 201, 400, 401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra=openapi.body(ResolutionRequest),
)
async def resolve(request: Request, caller: Analyst, decision_id: UUID) -> Response:
    """A person's decision beside the automatic one, which stays as it was; a referral ends once."""
    services = services_of(request)
    wanted = parse(ResolutionRequest, await read_body(request))
    decision = await load_decision(services.engine, decision_id)
    _check(services, wanted, decision)
    resolution = Resolution(
        id=services.new_id(),
        decision_id=decision_id,
        outcome=Outcome.APPROVE if wanted.outcome == "approve" else Outcome.DECLINE,
        reasons=tuple(wanted.reasons),
        note=wanted.note,
        api_key_id=caller.key_id,
        created_at=services.now(),
    )
    await put_resolution(services.engine, resolution, _notice(decision, resolution))
    return json_response(_told(resolution), 201)


@router.post(
    "/replay",
    summary="The decision again from what was stored",
    responses=openapi.answers(None, 200, 401, 403, 404, 422, 503),
)
async def replay(request: Request, _caller: Auditor, decision_id: UUID) -> Response:
    """Whether it comes out the same, and the first value that differs where it does not."""
    found = await replay_decision(services_of(request), decision_id)
    difference = asdict(found) if found else None
    return json_response(
        {"identical": found is None, "first_difference": difference, "trace_id": current_trace_id()}
    )


def _notice(decision: Decision, resolution: Resolution) -> Notice | None:
    """A decline by a person has its notice too; a referral does not stop the clock."""
    if resolution.outcome is Outcome.APPROVE or decision.mode is Mode.SIMULATION:
        return None
    return Notice(kind="adverse_action", due_at=decision.received_at + timedelta(days=NOTICE_DAYS))


def _check(services: Services, wanted: ResolutionRequest, decision: Decision) -> None:
    """A decline has reasons of the product's catalogue, an approval has none."""
    if (wanted.outcome == "decline") != bool(wanted.reasons):
        raise _refused("a decline has at least one reason, an approval none")
    if len(set(wanted.reasons)) < len(wanted.reasons):
        raise _refused("names a reason twice")
    product = named(services.products, decision.product)
    known = product.on(decision.as_of).catalogue.reasons
    if unknown := [code for code in wanted.reasons if code not in known]:
        raise _refused(f"{unknown[0]} is no reason of the product {decision.product}")
    in_force = clauses_in_force(product, decision.as_of)
    for code in wanted.reasons:
        if gone := [clause for clause in known[code].clauses if clause not in in_force]:
            day = decision.as_of.isoformat()
            raise _refused(f"{code} rests on {gone[0]}, which the policy did not have in force on {day}")


def _refused(problem: str) -> InvalidBody:
    return InvalidBody(f"reasons: {problem}", (FieldProblem("reasons", problem),))


def _told(resolution: Resolution) -> dict[str, Any]:
    told = asdict(resolution) | {"trace_id": current_trace_id()}
    del told["api_key_id"]
    return told

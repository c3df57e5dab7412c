"""Decisions over HTTP: take one, read one, read a page, end a referral, replay.

Taking one is a plain ASGI route: the body is parsed once by a strict model and the answer is serialised
once; FastAPI's own route would cost more than the rules do.
"""

import asyncio
import hashlib
import re
from contextlib import asynccontextmanager
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.auth import Caller, Scope, caller_of, scope
from app.bodies import check, parse_json, read_body
from app.deciding import Order, Taken, take
from app.errors import BadRequest, InvalidBody, KeyInProgress, KeyReused
from app.leaving import UntilCallerLeaves
from app.replies import json_bytes
from app.schemas import DecisionRequest
from app.storage import idempotency
from app.storage.errors import DatabaseUnavailable
from app.wiring import Services, services_of
from decisioning.errors import FieldProblem
from decisioning.product import named

KEY_HEADER: Final = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


async def create(request: Request) -> Response:
    """Take a decision: 201 once it is durably stored."""
    services = services_of(request)
    caller = await caller_of(request)
    caller.require(Scope.DECIDE)
    key = _key(request)
    value = parse_json(await read_body(request))
    wanted = check(DecisionRequest, value)
    if key is None:
        return _created(await take(services, _order(request, caller, wanted)))
    product = named(services.products, wanted.product)
    claim = await idempotency.claim(
        services.engine, caller.key_id, product.name, key, _fingerprint(value)
    )
    match claim:
        case idempotency.Finished(body):
            return json_bytes(body, 201, {"Idempotent-Replayed": "true"})
        case idempotency.InProgress():
            raise KeyInProgress("the first request with this Idempotency-Key is still running")
        case idempotency.OtherBody():
            raise KeyReused("this Idempotency-Key was used with another body")
    async with _freed_unless_stored(services, claim):
        return _created(await take(services, _order(request, caller, wanted, claim)))


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        problem = FieldProblem(KEY_HEADER, "must be 1 to 255 visible ASCII characters")
        raise BadRequest(f"{KEY_HEADER} {problem.problem}", (problem,))
    return key


def _fingerprint(value: Any) -> bytes:
    """The same JSON value in another spelling is the same body."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def _order(
    request: Request, caller: Caller, wanted: DecisionRequest, claimed: idempotency.Claimed | None = None
) -> Order:
    return Order(
        wanted,
        caller.key_id,
        may_simulate=not caller.scopes.isdisjoint({Scope.POLICY, Scope.AUDIT}),
        claimed=claimed,
        waiting=lambda: UntilCallerLeaves(request.receive),
    )


@asynccontextmanager
async def _freed_unless_stored(services: Services, claimed: idempotency.Claimed) -> AsyncIterator[None]:
    """Whatever ends the request without an answer frees its key at once; a dead process's key waits."""
    try:
        yield
    except BaseException:
        release = asyncio.ensure_future(idempotency.release(services.engine, claimed))
        try:
            await asyncio.shield(release)
        except DatabaseUnavailable:
            log.warning("an idempotency key waits for its lease to end")
        raise


def _created(taken: Taken) -> Response:
    timing = ", ".join(f"{stage};dur={ms}" for stage, ms in taken.timings_ms.items())
    headers = {"Location": f"/v1/decisions/{taken.decision.id}", "Server-Timing": timing}
    return json_bytes(taken.body, 201, headers)

"""Decisions over HTTP: take one, read one, read a page, end a referral, replay.

Taking one is a plain ASGI route: the body is parsed once by a strict model and the answer is serialised
once; FastAPI's own route would cost more than the rules do.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import openapi
from app.admission import end_within
from app.auth import Analyst, Caller, Scope, caller_of
from app.bodies import check, parse_json, read_body
from app.deciding import Order, Taken, take
from app.errors import BadRequest, KeyInProgress, KeyReused
from app.leaving import UntilCallerLeaves
from app.logs import log
from app.replies import json_bytes, json_response
from app.schemas import DecisionRequest, QueryText, UnsetIfBlank
from app.storage import idempotency
from app.storage.decisions import LARGEST_PAGE, load_decision, load_page, load_stored
from app.storage.errors import DatabaseUnavailable
from app.storage.rows import StoredDecision
from app.telemetry import current_trace_id
from app.wiring import Services, services_of
from decisioning.errors import FieldProblem
from decisioning.model import Outcome
from decisioning.product import named

KEY_HEADER: Final = "Idempotency-Key"
RELEASED_WITHIN_S: Final = 1.0
STORED_WITHIN_S: Final = 3.0
"""Beyond the budget: it was decided, and not to keep it would waste it all."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


async def create(request: Request) -> Response:
    """Take a decision: 201 once it is durably stored."""
    services, arrived_ns = services_of(request), time.perf_counter_ns()
    caller = await caller_of(request)
    caller.require(Scope.DECIDE)
    key = _key(request)
    value = parse_json(await read_body(request))
    wanted = check(DecisionRequest, value)
    product = named(services.products, wanted.product)
    end_within(request.scope, product.editions[-1].product.budget_s.total + STORED_WITHIN_S)
    if key is None:
        return _created(await take(services, _order(request, caller, wanted, arrived_ns)))
    claim = await services.batches.claim(
        idempotency.Wanted(caller.key_id, product.name, key, fingerprint(value))
    )
    match claim:
        case idempotency.Finished(body):
            return json_bytes(body, 201, {"Idempotent-Replayed": "true"})
        case idempotency.InProgress():
            raise KeyInProgress("the first request with this Idempotency-Key is still running")
        case idempotency.OtherBody():
            raise KeyReused("this Idempotency-Key was used with another body")
    async with _freed_unless_stored(services, claim):
        return _created(await take(services, _order(request, caller, wanted, arrived_ns, claim)))


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        problem = FieldProblem(KEY_HEADER, "must be 1 to 255 visible ASCII characters")
        raise BadRequest(f"{KEY_HEADER} {problem.problem}", (problem,))
    return key


def fingerprint(value: Any) -> bytes:
    """The same JSON value in another spelling is the same body."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def _order(
    request: Request,
    caller: Caller,
    wanted: DecisionRequest,
    arrived_ns: int,
    claimed: idempotency.Claimed | None = None,
) -> Order:
    return Order(
        wanted,
        caller.key_id,
        may_simulate=not caller.scopes.isdisjoint({Scope.POLICY, Scope.AUDIT}),
        claimed=claimed,
        arrived_ns=arrived_ns,
        waiting=lambda: UntilCallerLeaves(request.receive),
    )


@asynccontextmanager
async def _freed_unless_stored(services: Services, claimed: idempotency.Claimed) -> AsyncIterator[None]:
    """Whatever ends the request without an answer frees its key at once; a dead process's key waits.

    Nobody waits long for that: where the database hangs, the key is freed when it is back.
    """
    try:
        yield
    except BaseException:
        release = asyncio.ensure_future(idempotency.release(services.engine, claimed))
        try:
            async with asyncio.timeout(RELEASED_WITHIN_S):
                await asyncio.shield(release)
        except (DatabaseUnavailable, TimeoutError):
            release.add_done_callback(_seen)
            log.warning("an idempotency key waits for its lease to end")
        raise


def _seen(release: "asyncio.Future[None]") -> None:
    """An error that nobody waits for is no surprise: the lease ends by itself."""
    if not release.cancelled():
        release.exception()


def _created(taken: Taken) -> Response:
    timing = ", ".join(f"{stage};dur={ms}" for stage, ms in taken.timings_ms.items())
    headers = {"Location": f"/v1/decisions/{taken.decision.id}", "Server-Timing": timing}
    return json_bytes(taken.body, 201, headers)


@router.get(
    "/{decision_id}",
    summary="One decision",
    responses=openapi.answers(openapi.ExpandedDecision, 200, 401, 403, 404, 422, 503),
)
async def show(
    request: Request,
    _caller: Analyst,
    decision_id: UUID,
    expand: Annotated[str, Query(pattern=r"^((points|digests)(,(points|digests))*)?$")] = "",
) -> Response:
    """The decision with the analyst's explanation, if one is written.

    `expand=points` adds what each characteristic brought to the score, `expand=digests` the digests of
    the product files that it was made with.
    """
    services = services_of(request)
    decision = await load_decision(services.engine, decision_id)
    body = decision.model_dump_json().encode()
    if not expand:
        return json_bytes(body)
    stored = await load_stored(services.engine, decision_id)
    extra = {name: _EXPANDED[name](stored) for name in expand.split(",")}
    return json_response(orjson.loads(body) | extra)


def _points(stored: StoredDecision) -> list[dict[str, Any]]:
    answer = stored.inputs.score_answer
    return [each.model_dump(mode="json") for each in answer.contributions] if answer else []


def _digests(stored: StoredDecision) -> dict[str, str]:
    return dict(stored.inputs.artefacts)


_EXPANDED: Final[Mapping[str, Callable[[StoredDecision], Any]]] = {"points": _points, "digests": _digests}


@router.get("", summary="Decisions, newest first", responses=openapi.answers(None, 200, 401, 403, 422, 503))
async def page(
    request: Request,
    _caller: Analyst,
    cursor: QueryText = None,
    outcome: Annotated[Outcome | None, UnsetIfBlank] = None,
    product: QueryText = None,
    external_id: QueryText = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> Response:
    """A page of them; `next_cursor` asks for the next one with the same query, null on the last."""
    found = await load_page(
        services_of(request).engine,
        cursor=cursor,
        outcome=outcome,
        product=product,
        external_id=external_id,
        limit=limit,
    )
    items = [orjson.Fragment(each.model_dump_json()) for each in found.items]
    return json_response({"items": items, "next_cursor": found.next_cursor, "trace_id": current_trace_id()})

"""Whether the process lives, whether it can decide, and its metrics."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import __version__, openapi
from app.replies import json_response
from app.storage import migrate
from app.storage.errors import StorageError
from app.wiring import Services, services_of
from decisioning.errors import DependencyFailed

TIMEOUT_S: Final = 2.0
State = dict[str, Any]

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="The process")
async def healthz() -> Response:
    """200 as long as the process answers."""
    return json_response({"status": "ok", "version": __version__})


@router.get(
    "/readyz", summary="Each dependency with its own state", responses={503: {"description": "Not ready"}}
)
async def readyz(request: Request) -> Response:
    """200 when decisions can be stored, 503 otherwise.

    A model API that is down makes the service `degraded`, not unready: its decisions then refer, and
    taking every instance out of rotation would refuse them instead.
    """
    states = await dependencies(services_of(request))
    can_store = states["database"]["state"] == "up"
    all_up = all(state["state"] != "down" for state in states.values())
    status = "ready" if all_up else "degraded" if can_store else "unavailable"
    return json_response({"status": status, "dependencies": states}, 200 if can_store else 503)


@router.get(
    "/metrics",
    summary="Prometheus text",
    responses=openapi.text(200, "text/plain", "application/openmetrics-text"),
)
async def metrics(request: Request) -> Response:
    """The metrics of the service, whichever worker answers."""
    page, media_type = services_of(request).metrics.page(request.headers.get("accept", ""))
    return Response(page, media_type=media_type)


async def dependencies(services: Services) -> dict[str, State]:
    """The state of each dependency: up, down with the problem, or off where it is not set."""
    checks = {
        "database": _state(migrate.require_usable(services.engine)),
        "scoring": _state(services.scoring.reachable(TIMEOUT_S)),
        "pricing": _state(services.pricing.reachable(TIMEOUT_S)),
    }
    states = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    llm = services.language_model
    # Asking an LLM costs money: whether it answers is told by its metrics.
    states["llm"] = {"state": "off"} if llm is None else {"state": "configured", "model": llm.name}
    states["embedding"] = {"state": "configured", "model": services.embedder.name}
    return states


async def _state(check: Awaitable[None]) -> State:
    start = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await check
    except TimeoutError:
        return {"state": "down", "problem": "did not answer in time"}
    except DependencyFailed as error:
        return {"state": "down", "problem": error.problem}
    except StorageError as error:
        return {"state": "down", "problem": str(error)}
    return {"state": "up", "elapsed_ms": round((time.perf_counter() - start) * 1e3, 3)}

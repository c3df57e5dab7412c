"""The HTTP application.

`create_app(settings)` is the factory; `app_from_environment()` is the same for a worker process that
uvicorn starts with `--factory`, which loads its settings itself.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app import (
    __version__,
    chat,
    counterfactuals,
    decisions,
    explanations,
    health,
    letters,
    policies,
    resolutions,
)
from app.admission import DECISIONS, Admission, Limits
from app.errors import KINDS, answer_problem
from app.logs import configure_logs
from app.metrics import Metrics
from app.openapi import DescribedApi
from app.settings import Settings, load_settings
from app.sweeping import keep_sweeping
from app.tracing import ServerSpan
from app.wiring import Services, open_services


class PlainRoute(Route):
    """Starlette's route, which names itself in the scope as FastAPI's routes do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this route is meant."""
        match, found = super().matches(scope)
        return match, found if match is Match.NONE else {**found, "route": self}


class DecisionsAtOnce:
    """ASGI middleware: a new decision goes to its endpoint without the router and the layers around it.

    They cost a tenth of a decision. The route stays in the router, for its description and for other methods.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != DECISIONS or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await decisions.create(request)
        except tuple(KINDS) as error:
            response = await answer_problem(request, error)
        await response(scope, receive, send)


Open = Callable[[Settings, Metrics], AbstractAsyncContextManager[Services]]


def create_app(settings: Settings, opening: Open = open_services) -> FastAPI:
    """The service with these settings; what it needs is opened when the server starts it."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening(settings, metrics) as services:
            app.state.services = services
            services.background.start("sweep", keep_sweeping(services))
            yield

    app = DescribedApi(
        title="Credence",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    # A plain route: FastAPI's own costs more than the rules of a decision.
    app.router.routes.append(PlainRoute(DECISIONS, decisions.create, methods=["POST"]))
    for part in (decisions, explanations, resolutions, counterfactuals, letters, chat, policies, health):
        app.include_router(part.router)
    for error in (*KINDS, HTTPException, RequestValidationError):
        app.add_exception_handler(error, answer_problem)
    app.add_middleware(DecisionsAtOnce)
    limits = Limits(settings.max_requests, settings.explain_timeout_s)
    app.add_middleware(Admission, limits=limits, metrics=metrics)
    app.add_middleware(ServerSpan, metrics=metrics)
    return app


def app_from_environment() -> FastAPI:
    """The service as the environment and `.env` set it: the factory of a worker process."""
    settings = load_settings()
    configure_logs(settings.log_level)
    return create_app(settings)

"""The single composition root: the server, the command line and the evals all open services here.

    async with open_services(settings) as services:
        ...

What was opened is closed in reverse. Nothing is connected before it is needed, so a command that asks
no model may run without the models' addresses; the database's address alone is always wanted.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection
from uuid_utils.compat import uuid7

from app.artefacts import KeptArtefacts
from app.background import Background
from app.clauses import PolicyClauses
from app.clients.embeddings import open_embedder
from app.clients.exchange import Care
from app.clients.llm import open_language_model
from app.clients.model_api import HttpPricingModel, HttpScoringModel, open_session
from app.clients.model_door import Batching
from app.exporting import exporting
from app.metrics import Metrics
from app.pulse import pulse
from app.rates import Rates
from app.settings import Settings
from app.storage.batches import Batches
from app.storage.engine import open_engine
from decisioning.errors import CredenceError
from decisioning.ports import LanguageModel, PricingModel, ScoringModel
from decisioning.product import PRODUCTS, Product, load_products
from retrieval.ports import Embedder
from retrieval.search import PostgresClauses


class SettingMissing(CredenceError):
    """A setting without which nothing can be opened."""


class Reachable(Protocol):
    """A dependency that can be asked whether it is there."""

    async def reachable(self, timeout_s: float) -> None:
        """Return if it is; raises DependencyFailed."""
        ...


class Scoring(ScoringModel, Reachable, Protocol):
    """A scoring API."""


class Pricing(PricingModel, Reachable, Protocol):
    """A pricing API."""


@dataclass(frozen=True)
class Services:
    """Everything that a request or a command may use; `dataclasses.replace` puts a fake in a test."""

    settings: Settings
    metrics: Metrics
    engine: AsyncEngine
    products: Mapping[str, Product]
    scoring: Scoring
    pricing: Pricing
    language_model: LanguageModel | None
    embedder: Embedder
    clauses: PolicyClauses
    artefacts: KeptArtefacts
    batches: Batches
    background: Background
    rates: Rates
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]


def utc_now() -> datetime:
    """The instant it is."""
    return datetime.now(UTC)


def services_of(connection: HTTPConnection) -> Services:
    """The services that the lifespan opened."""
    services: Services = connection.app.state.services
    return services


@asynccontextmanager
async def open_services(settings: Settings, metrics: Metrics | None = None) -> AsyncIterator[Services]:
    """Open everything that the settings name; raises SettingMissing, InvalidProduct."""
    if settings.database_url is None:
        raise SettingMissing("CREDENCE_DATABASE_URL is not set, and no embedded database was started")
    metrics = metrics or Metrics()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(exporting(metrics))
        products = load_products([PRODUCTS, *settings.products])
        engine = open_engine(settings.database_url, settings.database_pool)
        stack.push_async_callback(engine.dispose)
        await stack.enter_async_context(pulse(metrics, engine))
        batches = Batches(engine)
        stack.push_async_callback(batches.close)
        # A pool of connections each: a scoring API that hangs takes none from pricing.
        scoring = await stack.enter_async_context(open_session(settings.model_connections))
        pricing = await stack.enter_async_context(open_session(settings.model_connections))
        embedder = await stack.enter_async_context(open_embedder(settings))
        batching = Batching(settings.model_batch, waiting=settings.model_waiting)
        care = Care(settings.scoring_repeats), Care(settings.pricing_repeats)
        yield Services(
            settings=settings,
            metrics=metrics,
            engine=engine,
            products=products,
            scoring=HttpScoringModel(scoring, settings.scoring_url, metrics, batching, care[0]),
            pricing=HttpPricingModel(pricing, settings.pricing_url, metrics, batching, care[1]),
            language_model=await stack.enter_async_context(open_language_model(settings, metrics)),
            embedder=embedder,
            clauses=PolicyClauses(PostgresClauses(engine, embedder), metrics),
            artefacts=KeptArtefacts(engine),
            batches=batches,
            background=await stack.enter_async_context(Background()),
            rates=Rates(settings.rate_limit or None),
            now=utc_now,
            new_id=uuid7,
        )

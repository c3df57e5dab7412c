"""The real application on a real database, with models, LLM and embedder that do what a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from sqlalchemy.pool import QueuePool

from app.main import create_app
from app.metrics import Metrics
from app.settings import Settings
from app.wiring import Services, open_services
from tests.factories import application, price_answer, product_files, score_answer, write_product
from tests.fakes.models import Event, FakeLanguageModel, FakePricingModel, FakeScoringModel

HOST = "http://127.0.0.1:8000"


class FakeEmbedder:
    """Equal texts get equal unit vectors; nothing is loaded. `meanwhile` looks around at each call."""

    name = "fake-embedder"
    dimensions = 384

    def __init__(self) -> None:
        self.meanwhile: Event | None = None

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, from its characters."""
        if self.meanwhile is not None:
            await self.meanwhile()
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.ones(self.dimensions, np.float32)
        for place, character in enumerate(text):
            vector[(place * 31 + ord(character)) % self.dimensions] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def close(self) -> None:
        """Nothing to end."""


@dataclass
class Edge:
    """A running application: its client, its services, and the fakes behind them."""

    settings: Settings
    scoring: FakeScoringModel = field(default_factory=lambda: FakeScoringModel(score_answer()))
    pricing: FakePricingModel = field(default_factory=lambda: FakePricingModel(price_answer()))
    llm: FakeLanguageModel | None = None
    client: httpx.AsyncClient = field(init=False)
    services: Services = field(init=False)

    def opening(self, settings: Settings, metrics: Metrics) -> AbstractAsyncContextManager[Services]:
        """What the application opens: real services, faked models."""
        return self._open(settings, metrics)

    @asynccontextmanager
    async def _open(self, settings: Settings, metrics: Metrics) -> AsyncIterator[Services]:
        async with open_services(settings, metrics) as services:
            self.services = replace(
                services, scoring=self.scoring, pricing=self.pricing, language_model=self.llm
            )
            yield self.services

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Edge"]:
        """Started and ended as a server would."""
        app = create_app(self.settings, self.opening)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as self.client:
                yield self

    async def post(self, body: Any = None, key: str | None = None, **headers: str) -> httpx.Response:
        """Ask for a decision."""
        given = {"Idempotency-Key": key} if key else {}
        return await self.client.post(
            "/v1/decisions", json=request_body() if body is None else body, headers=given | headers
        )

    def connections_held(self) -> int:
        """How many connections of the pool are in use."""
        return cast("QueuePool", self.services.engine.pool).checkedout()

    async def stored(self) -> int:
        """How many decisions are stored."""
        async with self.services.engine.connect() as connection:
            rows = await connection.exec_driver_sql("select count(*) from decision")
            return int(rows.scalar_one())


def request_body(**changes: Any) -> dict[str, Any]:
    """A request that is approved; `application` changes go to `application=…`."""
    body = {"product": "tiny-loan", "application": application(), "explain": "none"}
    return {name: value for name, value in (body | changes).items() if value is not ...}


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch):
    """The weights have tests of their own; here they would only cost time."""
    monkeypatch.setattr("app.clients.embeddings.LocalMiniLM", FakeEmbedder)


@pytest.fixture(scope="session")
def products(tmp_path_factory) -> Path:
    """A folder with the tiny product twice: one refers when a model fails, `strict-loan` refuses."""
    folder: Path = tmp_path_factory.mktemp("products")
    write_product(folder / "tiny_loan")
    files = product_files()
    files["product.json"] |= {
        "name": "strict-loan",
        "document": "strict-policy",
        "on_failure": {"scoring": "refuse", "pricing": "refuse"},
        "budget_s": {"total": 1, "score": 0.2, "price": 0.2},
    }
    write_product(folder / "strict_loan", files)
    return folder


@pytest.fixture
def settings(database_url, products) -> Settings:
    """Settings of this test's own database and products."""
    return Settings(_env_file=None, database_url=database_url, products=str(products))


@pytest.fixture
async def edge(settings) -> AsyncIterator[Edge]:
    """The application with authentication off."""
    async with Edge(settings).running() as edge:
        yield edge


@asynccontextmanager
async def listening(edge: Edge) -> AsyncIterator[int]:
    """The port of a real uvicorn on loopback that serves this application, ended at the exit."""
    config = uvicorn.Config(
        create_app(edge.settings, edge.opening), port=0, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving

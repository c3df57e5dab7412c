"""The whole service on a real port, each thing that it depends on able to fail."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from app.clauses import PolicyClauses
from app.clients.embeddings import LiteLLMEmbedder
from app.clients.llm import import_litellm
from app.logs import configure_logs, log
from app.main import create_app
from app.settings import Settings
from app.wiring import Services
from decisioning.product import PRODUCTS
from retrieval.ingest import ingest
from retrieval.parse import parse_file
from retrieval.search import PostgresClauses
from tests.conftest import fresh_database
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE
from tests.faults.faulty import FaultyApi, FaultyPostgres, faulty_api, faulty_postgres

BUDGET = {"total": 1.0, "score": 0.4, "price": 0.4}
WIDTH = 8
APPLICATION = {
    "seniority_years": 6.0,
    "home": "rent",
    "term_months": 36,
    "records": "no",
    "job": "fixed",
    "expenses": 45.0,
    "income": 150.0,
    "assets": 0.0,
    "debt": 0.0,
    "amount": 900.0,
    "price": 1400.0,
}


@dataclass
class World:
    """The service, and what it depends on by name."""

    app: FastAPI
    client: httpx.AsyncClient
    logged: io.StringIO
    parts: dict[str, FaultyApi | FaultyPostgres]
    settings: Settings
    _keys: int = field(default=0)

    @property
    def services(self) -> Services:
        """What the application opened."""
        services: Services = self.app.state.services
        return services

    def lines(self) -> list[dict[str, Any]]:
        """What was logged since the last time."""
        lines = [json.loads(line) for line in self.logged.getvalue().splitlines()]
        self.logged.seek(0)
        self.logged.truncate()
        return lines

    async def decide(
        self, product: str = "patient-loan", explain: str = "none", key: str | None = None
    ) -> httpx.Response:
        """Ask for a decision."""
        body = {"product": product, "application": APPLICATION, "explain": explain}
        headers = {"Idempotency-Key": key} if key else {}
        return await self.client.post("/v1/decisions", json=body, headers=headers)

    def new_key(self) -> str:
        """An idempotency key that nobody used."""
        self._keys += 1
        return f"key-{self._keys}"

    async def stored(self) -> int:
        """How many decisions are stored."""
        async with self.services.engine.connect() as connection:
            return int((await connection.exec_driver_sql("select count(*) from decision")).scalar_one())

    async def heal(self) -> None:
        """Everything is well again, and the service finds out by itself."""
        for part in self.parts.values():
            await part.become("good")
        good = 0
        async with asyncio.timeout(10):
            while good < 3:
                response = await self.decide("strict-loan")
                good = good + 1 if response.status_code == 201 else 0

    async def forget(self) -> None:
        """Nothing that was embedded or read before is remembered any more."""
        embedder = LiteLLMEmbedder(self.settings, import_litellm())
        await embedder.measure()
        clauses = PolicyClauses(PostgresClauses(self.services.engine, embedder))
        self.app.state.services = replace(self.services, embedder=embedder, clauses=clauses)


def _one_or_many(answer: dict[str, Any]):
    def good(body: bytes) -> Any:
        asked = orjson.loads(body)
        return [answer] * len(asked) if isinstance(asked, list) else answer

    return good


def _completion(_body: bytes) -> Any:
    message = {"role": "assistant", "content": '{"sentences": []}'}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "writer",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _embeddings(body: bytes) -> Any:
    texts = orjson.loads(body)["input"]
    data = [{"object": "embedding", "index": n, "embedding": _vector(text)} for n, text in enumerate(texts)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "model": "embedder", "data": data, "usage": usage}


def _vector(text: str) -> list[float]:
    return [1.5 + text.count(letter) for letter in "aeiounst"]


@pytest.fixture(scope="session")
def hurried_products(tmp_path_factory) -> Path:
    """The product that comes with Credence in a hurry, twice: one refers when a model fails, one refuses."""
    folder: Path = tmp_path_factory.mktemp("hurried")
    for name, on_failure in (("patient-loan", "refer"), ("strict-loan", "refuse")):
        copy = folder / name.replace("-", "_")
        shutil.copytree(PRODUCTS / "consumer_loan", copy)
        product = json.loads((copy / "product.json").read_text())
        product |= {"name": name, "budget_s": BUDGET}
        product["on_failure"] = {"scoring": on_failure, "pricing": on_failure}
        (copy / "product.json").write_text(json.dumps(product))
    return folder


@pytest.fixture(scope="module")
def logged() -> Iterator[io.StringIO]:
    """Every line that this process logs."""
    stream = io.StringIO()
    vars(log).pop("bind", None)
    configure_logs(stream=stream)
    yield stream
    vars(log).pop("bind", None)
    structlog.reset_defaults()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server, template_database, hurried_products, logged) -> AsyncIterator[World]:
    """The service with the manual in its corpus, an LLM and a remote embedding model."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        url = make_url(await enter(fresh_database(postgres_server, template_database)))
        postgres = await enter(faulty_postgres(f"{url.query['host']}/.s.PGSQL.5432"))
        parts: dict[str, FaultyApi | FaultyPostgres] = {"postgres": postgres}
        for name, path, good in (
            ("scoring", "/v1/score", _one_or_many(GOOD_SCORE.model_dump(mode="json"))),
            ("pricing", "/v1/price", _one_or_many(GOOD_PRICE.model_dump(mode="json"))),
            ("llm", "/v1/chat/completions", _completion),
            ("embedding", "/v1/embeddings", _embeddings),
        ):
            parts[name] = await enter(faulty_api({path: good}))
        settings = _settings(
            parts, hurried_products, f"{url.drivername}://postgres@127.0.0.1:{postgres.port}/{url.database}"
        )
        app = create_app(settings)
        client = await enter(_served(app))
        services: Services = app.state.services
        for document in parse_file(PRODUCTS / "consumer_loan" / "manual" / "2026-06-01.md"):
            await ingest(services.engine, document, services.embedder)
        yield World(app, client, logged, parts, settings)


def _settings(parts: dict[str, Any], products: Path, database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        scoring_url=parts["scoring"].url,
        pricing_url=parts["pricing"].url,
        llm_model="openai/writer",
        llm_api_base=parts["llm"].url + "/v1",
        llm_api_key="secret",
        embedding_model="openai/embedder",
        embedding_api_base=parts["embedding"].url + "/v1",
        embedding_api_key="secret",
        explain_timeout_s=3.0,
        products=str(products),
    )


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application behind a real uvicorn, ended at the exit."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False
        ) as client:
            yield client
    finally:
        server.should_exit = True
        await serving

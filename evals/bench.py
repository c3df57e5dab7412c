"""The services of production for an eval: a database of the run's own, the manual in it, a clock that stands.

Nothing of the lender's own database is read or changed, and the same commit says the same on any day: each
suite begins on a copy of that database, and its cases have the same ids in every run.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.clauses import PolicyClauses
from app.clients.embeddings import open_embedder
from app.service import model_apis
from app.settings import Settings
from app.storage.engine import open_engine
from app.wiring import Services, open_services
from decisioning.product import PRODUCTS, load_products
from evals.benchmarks.database import copy_of, scratch_database
from evals.cache import CachedEmbedder, CachedLanguageModel, ResponseCache
from evals.frame import Options
from evals.ids import NOW, new_id
from retrieval.ingest import ingest
from retrieval.parse import parse_file
from retrieval.search import PostgresClauses

KNOWN = datetime(2026, 6, 2, tzinfo=UTC)
"""When the first edition became known; each later one a minute after."""
CACHE = "answers.sqlite"


def cache_of(options: Options) -> ResponseCache:
    """The cache that the options allow."""
    return ResponseCache(options.home / CACHE if options.cache else None)


@asynccontextmanager
async def surroundings(options: Options, settings: Settings) -> AsyncIterator[Options]:
    """Options with a database that holds the products' manuals, and with model APIs."""
    async with scratch_database(settings.home, f"credence_eval_{os.getpid()}") as url:
        own = settings.model_copy(update={"database_url": url})
        cache = cache_of(options)
        await take_in_manuals(own, cache)
        cache.close()
        async with model_apis(own) as complete:
            yield replace(options, settings=complete)


async def take_in_manuals(settings: Settings, cache: ResponseCache) -> None:
    """Every edition of every product's manual, known since fixed instants."""
    engine = open_engine(str(settings.database_url), pool_size=1)
    known = KNOWN
    async with open_embedder(settings) as embedder:
        for path in _manuals(settings):
            for document in parse_file(path):
                await ingest(
                    engine, document, CachedEmbedder(embedder, cache), supersede=True, known_at=known
                )
                known += timedelta(minutes=1)
    await engine.dispose()


def _manuals(settings: Settings) -> list[Path]:
    products = load_products([PRODUCTS, *settings.products]).values()
    return [path for product in products for path in product.manuals().values()]


@asynccontextmanager
async def opened(options: Options, cache: ResponseCache) -> AsyncIterator[Services]:
    """Production's services on a copy of the run's database, with the clock and the ids of evals.

    The cache stands in front of the models.
    """
    if options.settings is None:
        raise RuntimeError("an eval on services needs a database")
    async with copy_of(str(options.settings.database_url)) as url:
        own = options.settings.model_copy(update={"database_url": url})
        async with open_services(own) as services:
            yield with_cache(replace(services, now=lambda: NOW, new_id=new_id), cache)


def with_cache(services: Services, cache: ResponseCache) -> Services:
    """The same services, each model asked once."""
    embedder = CachedEmbedder(services.embedder, cache)
    model = services.language_model
    return replace(
        services,
        embedder=embedder,
        clauses=PolicyClauses(PostgresClauses(services.engine, embedder)),
        language_model=CachedLanguageModel(model, cache) if model else None,
    )

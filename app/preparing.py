"""What must be done once before a database is used: its schema, and an empty corpus's manuals."""

from sqlalchemy.ext.asyncio import AsyncEngine

from app.database import Database
from app.settings import Settings
from app.storage.engine import open_engine
from app.storage.migrate import is_current, require_current, upgrade
from decisioning.errors import InvalidProduct
from decisioning.product import PRODUCTS, Product, load_products
from retrieval.ingest import documents, ingest_paths
from retrieval.ports import Embedder


async def prepare(base: Database, *, ingest: bool = False) -> None:
    """Bring an embedded database up to date; raise NotMigrated for one given by URL that is not.

    With `ingest`, an embedded corpus that lacks a product's manual takes all of its editions in, once:
    later changes of the manual are the lender's to ingest.
    """
    engine = open_engine(str(base.settings.database_url), pool_size=2)
    try:
        if base.embedded is None:
            await require_current(engine)
            return
        if not await is_current(engine):
            await upgrade(engine)
        held = await documents(engine) if ingest else frozenset()
    finally:
        await engine.dispose()
    if ingest:
        await _ingest_manuals(base.settings, held)


async def _ingest_manuals(settings: Settings, held: frozenset[str]) -> None:
    products = load_products([PRODUCTS, *settings.products]).values()
    if lacking := [p for p in products if p.editions[-1].product.document not in held]:
        # Imported only here: it takes half of a start-up to load, and only the first one needs it.
        from app.wiring import open_services

        async with open_services(settings) as services:
            for product in lacking:
                await _ingest_manual(services.engine, services.embedder, product)


async def _ingest_manual(engine: AsyncEngine, embedder: Embedder, product: Product) -> None:
    report = await ingest_paths(engine, list(product.manuals().values()), embedder, supersede=True)
    if report.refused:
        reasons = "; ".join(f"{source}: {reason}" for source, reason in report.refused.items())
        raise InvalidProduct(f"{product.name}: the manual cannot be taken in: {reasons}")

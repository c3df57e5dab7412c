"""What commands on services share: a prepared database, opened services, dates as they are typed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated

import typer

from app.database import Database
from app.preparing import prepare
from app.service import model_apis
from app.wiring import Services, open_services

DAY = ["%Y-%m-%d"]
Day = Annotated[
    datetime | None, typer.Option(formats=DAY, metavar="DATE", help="As the policy stood on that day.")
]


@asynccontextmanager
async def opened(base: Database) -> AsyncGenerator[Services]:
    """Services on a migrated database, with whatever policy is in it."""
    await prepare(base)
    async with open_services(base.settings) as services:
        yield services


@asynccontextmanager
async def opened_to_ask(base: Database) -> AsyncGenerator[Services]:
    """Services with the products' manuals, and no model APIs."""
    await prepare(base, ingest=True)
    async with open_services(base.settings) as services:
        yield services


@asynccontextmanager
async def opened_to_decide(base: Database) -> AsyncGenerator[Services]:
    """Services with the products' manuals and model APIs: everything that a decision needs."""
    await prepare(base, ingest=True)
    async with model_apis(base.settings) as settings, open_services(settings) as services:
        yield services


def day_of(value: datetime | None) -> date | None:
    """The date of a typed one."""
    return value.date() if value else None

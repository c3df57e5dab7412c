"""The obvious app: FastAPI, the default httpx client and asyncpg, as one would write it in ten minutes.

It validates, asks for a score and a price, applies two rules and inserts one row. It explains nothing,
audits nothing and is not idempotent. Run by uvicorn with DSN and MODELS in the environment.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from pydantic import BaseModel

TABLE = """create table if not exists obvious_decision (
    id uuid primary key, application jsonb not null, score int not null, apr float8 not null,
    outcome text not null, created_at timestamptz not null default now())"""
INSERT = "insert into obvious_decision (id, application, score, apr, outcome) values ($1, $2, $3, $4, $5)"


class Application(BaseModel):
    """The fields that its two rules and its models read."""

    amount: float
    term_months: int
    income: float
    expenses: float
    seniority_years: int
    home: str
    job: str
    records: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """A pool and a client for as long as the application runs."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with (
        asyncpg.create_pool(os.environ["DSN"], min_size=4, max_size=10) as pool,
        httpx.AsyncClient(base_url=os.environ["MODELS"], limits=limits) as client,
    ):
        await pool.execute(TABLE)
        app.state.pool, app.state.client = pool, client
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/v1/decisions", status_code=201)
async def decide(application: Application) -> dict[str, Any]:
    """One decision."""
    facts = application.model_dump()
    score = (await app.state.client.post("/score", json=facts)).json()
    price = (await app.state.client.post("/price", json={**facts, "pd": score["pd"]})).json()
    service = (application.expenses + price["monthly_payment"]) / application.income
    outcome = "decline" if score["score"] < 600 or service > 0.6 else "approve"
    decision_id = uuid4()
    await app.state.pool.execute(
        INSERT, decision_id, json.dumps(facts), score["score"], price["apr"], outcome
    )
    return {"id": str(decision_id), "outcome": outcome, "score": score["score"], "apr": price["apr"]}

"""The policy corpus over HTTP: search it, read a clause, take an edition in."""

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator
from starlette.responses import Response

from app import openapi
from app.auth import Analyst, PolicyOwner
from app.bodies import parse, read_body
from app.errors import Conflict, InvalidBody
from app.replies import json_response
from app.schemas import IngestRequest, QueryDay, QueryInstant, QueryText, QuestionText, Text
from app.storage.errors import UnknownRecord
from app.telemetry import current_trace_id
from app.wiring import Services, services_of
from decisioning.errors import FieldProblem
from retrieval.errors import Refused, Unreadable
from retrieval.ingest import ingest
from retrieval.model import Clause, Hit, Surroundings, Written
from retrieval.parse import parse_text

LIMIT_BYTES = 8 << 20
"""A whole manual fits; the body of anything else has a smaller limit."""

Question = Annotated[QuestionText, Query(min_length=1, max_length=2_000)]

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get(
    "/search",
    summary="Clauses in force that answer a question",
    responses=openapi.answers(None, 200, 401, 403, 422, 503),
)
async def search(
    request: Request,
    _caller: Analyst,
    q: Question,
    as_of: QueryDay = None,
    document: QueryText = None,
    k: Annotated[int, BeforeValidator(lambda text: text or 10), Query(ge=1, le=100)] = 10,
    known_at: QueryInstant = None,
) -> Response:
    """The k best clauses in force on that day (today), best first, as known at that time (now)."""
    services = services_of(request)
    day = as_of or today(services, document)
    hits = await services.clauses.searched(q, day, document=document, known_at=known_at, k=k)
    found = [hit_out(hit) for hit in hits]
    return json_response({"clauses": found, "as_of": day, "trace_id": current_trace_id()})


@router.get(
    "/clauses/{document}/{clause:path}",
    summary="One clause as it stood on a day",
    responses=openapi.answers(None, 200, 401, 403, 404, 422, 503),
)
async def show(
    request: Request,
    _caller: Analyst,
    document: Text,
    clause: Text,
    as_of: QueryDay = None,
    known_at: QueryInstant = None,
    around: bool = False,
) -> Response:
    """The clause's text in force on that day (today), as known at that time (now).

    With `around`, what it is read with too: the clauses above it, the definitions of its terms, those that it
    refers to and those that refer to it.
    """
    services = services_of(request)
    day = as_of or today(services, document)
    found = await services.clauses.corpus.named(document, [clause], day, known_at)
    if clause not in found:
        raise UnknownRecord(f"{document} has no clause {clause} in force on {day}")
    told = clause_out(found[clause]) | {"trace_id": current_trace_id()}
    if around:
        read_with = await services.clauses.corpus.around(found[clause], day, known_at=known_at)
        told["around"] = around_out(read_with)
    return json_response(told)


@router.post(
    "",
    summary="Take an edition in",
    status_code=201,
    responses=openapi.answers(None, 201, 400, 401, 403, 409, 413, 415, 422, 503),
    openapi_extra=openapi.body(IngestRequest),
)
async def create(request: Request, _caller: PolicyOwner) -> Response:
    """What was written, edition by edition; the same input again writes nothing."""
    services = services_of(request)
    wanted = parse(IngestRequest, await read_body(request, LIMIT_BYTES))
    written = await _ingest(services, wanted)
    return json_response({"written": [_told(each) for each in written], "trace_id": current_trace_id()}, 201)


async def _ingest(services: Services, wanted: IngestRequest) -> list[Written]:
    try:
        documents = await asyncio.to_thread(
            parse_text,
            wanted.text,
            wanted.format,
            "the body",
            document=wanted.document,
            effective_from=wanted.effective_from,
            effective_to=wanted.effective_to,
        )
        return [
            await ingest(services.engine, each, services.embedder, supersede=wanted.supersede)
            for each in documents
        ]
    except Unreadable as error:
        raise InvalidBody(str(error), (FieldProblem("text", error.reason),)) from None
    except Refused as error:
        raise Conflict(str(error)) from None


def today(services: Services, document: str | None) -> date:
    """The day it is for the lender whose manual that is; for the first product's where it is nobody's."""
    products = services.products.values()
    owners = [p for p in products if document in {e.product.document for e in p.editions}]
    return (owners or list(products))[0].today(services.now())


def clause_out(clause: Clause) -> dict[str, Any]:
    """A clause as the API gives it."""
    return {
        "document": clause.document,
        "clause": clause.clause,
        "edition": clause.edition,
        "heading": clause.heading,
        "text": clause.text,
        "parent": clause.parent,
        "effective_from": clause.effective_from,
        "effective_to": clause.effective_to,
    }


def around_out(around: Surroundings) -> dict[str, Any]:
    """What a clause is read with, as the API gives it."""
    relations = ("parents", "definitions", "refers_to", "referred_by")
    return {relation: [clause_out(each) for each in getattr(around, relation)] for relation in relations}


def hit_out(hit: Hit) -> dict[str, Any]:
    """A hit of a search as the API gives it."""
    return clause_out(hit.clause) | {"score": hit.score}


def _told(written: Written) -> dict[str, Any]:
    return {
        "document": written.document,
        "edition": written.edition,
        "opened": written.opened,
        "closed": written.closed,
        "ended": list(written.ended),
        "unchanged": written.unchanged,
    }

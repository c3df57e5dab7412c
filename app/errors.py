"""Every error as RFC 9457 `application/problem+json`: one table from error to status and type.

Errors of the edge, below the core's tree (`decisioning.errors`):

CredenceError
├── BadRequest            the request cannot be taken; carries the fields where it knows them
│   ├── MalformedBody     the body is no JSON
│   ├── InvalidBody       the body is JSON of another shape
│   ├── BodyTooLarge      the body is longer than the limit
│   ├── BodyTooSlow       the body did not come in time
│   └── UnsupportedMedia  the body is not declared as JSON
├── Unauthenticated       no key, or none that is known
├── Forbidden             the key lacks the scope
├── TooManyRequests       the key asks more often than it may
├── Busy                  not now
│   ├── Overloaded        more is under way than can be answered in time
│   └── TooSlow           it was not answered in time
├── NotAcceptable         nothing that the caller accepts can be given
├── Conflict              the record's state does not allow it
│   ├── KeyInProgress     the first request with this Idempotency-Key is still running
│   └── NoticeImpossible  the decision has no notice, or not all that its letter needs; carries the fields
└── KeyReused             this Idempotency-Key came with another body
"""

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.storage.errors import (
    AlreadyResolved,
    DatabaseUnavailable,
    InvalidCursor,
    LeaseLost,
    NotMigrated,
    NotResolvable,
    UnknownRecord,
)
from decisioning.errors import (
    CredenceError,
    DependencyFailed,
    EvidenceChanged,
    FieldProblem,
    InvalidApplication,
    NoPolicyInForce,
    UnknownProduct,
)
from retrieval.errors import CorpusUnavailable

MEDIA_TYPE = "application/problem+json"


class BadRequest(CredenceError):
    """The request cannot be taken as it is; `problems` names the fields where they are known."""

    def __init__(self, detail: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail)
        self.problems = problems


class MalformedBody(BadRequest):
    """The body is no JSON."""


class InvalidBody(BadRequest):
    """The body is JSON of another shape."""


class BodyTooLarge(BadRequest):
    """The body is longer than the limit."""


class BodyTooSlow(BadRequest):
    """The body did not come in time."""


class UnsupportedMedia(BadRequest):
    """The body is not declared as JSON."""


class Unauthenticated(CredenceError):
    """There is no API key, or none that is known."""


class Forbidden(CredenceError):
    """The API key lacks the scope."""


class TooManyRequests(CredenceError):
    """The API key asks more often than it may; `wait_s` is how long it must wait."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("this API key asks more often than it may")
        self.wait_s = wait_s


class Busy(CredenceError):
    """Not now: asking again in a moment may help."""


class Overloaded(Busy):
    """More is under way than can be answered in time: nothing was done for this request."""


class TooSlow(Busy):
    """It was not answered in time."""


class NotAcceptable(CredenceError):
    """Nothing that the caller accepts can be given."""


class Conflict(CredenceError):
    """The record's state does not allow what was asked."""


class KeyInProgress(Conflict):
    """The first request with this Idempotency-Key is still running."""


class NoticeImpossible(Conflict):
    """There is no notice of this decision, or its letter lacks what `problems` names."""

    def __init__(self, detail: str, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(detail)
        self.problems = problems


class KeyReused(CredenceError):
    """This Idempotency-Key came with another body before."""


@dataclass(frozen=True)
class Kind:
    """One row of the table: what an error is to a caller."""

    status: int
    slug: str
    title: str
    headers: tuple[tuple[str, str], ...] = ()


UNAVAILABLE = Kind(503, "database-unavailable", "The database cannot be reached", (("Retry-After", "1"),))
UNEXPECTED = Kind(500, "internal-error", "Something went wrong on our side")

KINDS: dict[type[Exception], Kind] = {
    MalformedBody: Kind(400, "malformed-body", "The body is not JSON"),
    InvalidBody: Kind(422, "invalid-request", "The request has fields that cannot be taken"),
    RequestValidationError: Kind(422, "invalid-request", "The request has fields that cannot be taken"),
    BodyTooLarge: Kind(413, "body-too-large", "The body is too large"),
    BodyTooSlow: Kind(408, "body-too-slow", "The body did not come in time", (("Connection", "close"),)),
    UnsupportedMedia: Kind(415, "unsupported-media-type", "The body must be application/json"),
    BadRequest: Kind(400, "bad-request", "The request cannot be taken"),
    InvalidApplication: Kind(422, "invalid-application", "The application breaks the product's schema"),
    UnknownProduct: Kind(422, "unknown-product", "There is no such product"),
    NoPolicyInForce: Kind(422, "no-policy-in-force", "No policy was in force on that date"),
    Unauthenticated: Kind(401, "unauthenticated", "An API key is needed", (("WWW-Authenticate", "Bearer"),)),
    Forbidden: Kind(403, "forbidden", "The API key may not do this"),
    TooManyRequests: Kind(429, "too-many-requests", "The API key asks too often"),
    Overloaded: Kind(503, "overloaded", "The service is busy", (("Retry-After", "1"),)),
    TooSlow: Kind(503, "too-slow", "This could not be answered in time", (("Retry-After", "1"),)),
    NotAcceptable: Kind(406, "not-acceptable", "No accepted media type can be given"),
    KeyInProgress: Kind(
        409, "request-in-progress", "A request with this Idempotency-Key is running", (("Retry-After", "1"),)
    ),
    NoticeImpossible: Kind(409, "notice-impossible", "The notice cannot be written"),
    KeyReused: Kind(422, "idempotency-key-reused", "This Idempotency-Key was used with another body"),
    Conflict: Kind(409, "conflict", "The record's state does not allow this"),
    EvidenceChanged: Kind(
        409, "evidence-changed", "What the record was made from is no longer what was kept"
    ),
    UnknownRecord: Kind(404, "not-found", "There is no such record"),
    InvalidCursor: Kind(422, "invalid-cursor", "The cursor was not given out for this query"),
    NotResolvable: Kind(409, "not-resolvable", "Only a referral is ended by a person"),
    AlreadyResolved: Kind(409, "already-resolved", "The referral was ended before"),
    LeaseLost: Kind(
        409, "request-in-progress", "Another request has this Idempotency-Key", (("Retry-After", "1"),)
    ),
    DatabaseUnavailable: UNAVAILABLE,
    NotMigrated: Kind(503, "not-migrated", "The database's schema is not this version's"),
    CorpusUnavailable: UNAVAILABLE,
    DependencyFailed: Kind(
        503, "dependency-unavailable", "Something that this needs cannot be reached", (("Retry-After", "1"),)
    ),
}

# What the core calls wrong in words of its own, and the field of the request that it means.
FIELDS: dict[type[Exception], str] = {
    UnknownProduct: "product",
    NoPolicyInForce: "as_of",
    InvalidCursor: "cursor",
}


def kind_of(error: Exception) -> Kind:
    """The row of the table for this error; the nearest class wins."""
    if isinstance(error, HTTPException):
        return _http_kind(error)
    return next((KINDS[c] for c in type(error).__mro__ if c in KINDS), UNEXPECTED)


def _http_kind(error: HTTPException) -> Kind:
    phrase = HTTPStatus(error.status_code).phrase
    headers = tuple((error.headers or {}).items())
    return Kind(error.status_code, phrase.lower().replace(" ", "-"), phrase, headers)


def problems_of(error: Exception) -> tuple[FieldProblem, ...]:
    """The refused fields, by their paths in the request."""
    if isinstance(error, InvalidApplication | BadRequest | NoticeImpossible):
        return error.problems
    if isinstance(error, RequestValidationError):
        return tuple(field_problem(each) for each in error.errors())
    field = next((FIELDS[c] for c in type(error).__mro__ if c in FIELDS), None)
    return (FieldProblem(field, str(error)),) if field else ()


_ITEMS = re.compile(r"Value should have at (?P<side>least|most) (?P<count>\d+) items? after validation")


def field_problem(error: Any) -> FieldProblem:
    """One error of pydantic's as a field and a problem; what was sent is not repeated."""
    where = [str(part) for part in error["loc"]]
    if where[:1] in (["query"], ["path"], ["header"], ["body"]) and len(where) > 1:
        where = where[1:]
    said = _length(error["msg"]) or error["msg"].removeprefix("Value error, ")
    return FieldProblem(".".join(where) or "body", said)


def _length(message: str) -> str | None:
    """A text that is too short or too long, in words: pydantic counts the items of a checked text."""
    found = _ITEMS.match(message)
    if found is None:
        return None
    side, count = found["side"], int(found["count"])
    short = (side, count) == ("least", 1)
    return "must not be empty" if short else f"must have at {side} {count:,} characters"


def problem_response(error: Exception, instance: str) -> Response:
    """The answer to a request that failed; an unexpected error keeps its words to itself."""
    kind = kind_of(error)
    body: dict[str, Any] = {
        "type": f"urn:credence:problem:{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": _detail(error, kind),
        "instance": instance,
        "trace_id": trace.format_trace_id(trace.get_current_span().get_span_context().trace_id),
    }
    if problems := problems_of(error):
        body["errors"] = [{"field": p.field, "problem": p.problem} for p in problems]
    headers = dict(kind.headers)
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(math.ceil(error.wait_s))
    return Response(orjson.dumps(body), kind.status, headers, MEDIA_TYPE)


def _detail(error: Exception, kind: Kind) -> str:
    if isinstance(error, RequestValidationError):
        return "; ".join(f"{p.field}: {p.problem}" for p in problems_of(error))
    if isinstance(error, HTTPException):
        return str(error.detail)
    told = isinstance(error, CredenceError) and kind not in (UNAVAILABLE, UNEXPECTED)
    return (told and str(error)) or kind.title


async def answer_problem(request: Request, error: Exception) -> Response:
    """Starlette's handler for every error of the table."""
    return problem_response(error, request.url.path)

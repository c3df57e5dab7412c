"""A request's body: read up to a limit, parsed once and strictly.

Refused, each in words of its own: no JSON, NaN and Infinity, numbers beyond a double, lone
surrogates, a name given twice in one object, unknown fields, wrong types.
"""

import asyncio
import json
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from app.errors import BodyTooLarge, BodyTooSlow, InvalidBody, MalformedBody, UnsupportedMedia, field_problem
from decisioning.errors import FieldProblem

LIMIT_BYTES = 1 << 20
WITHIN_S: Final = 8.0
"""A body that comes drop by drop holds a connection no longer than this."""
JSON_TYPE = "application/json"

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The body, declared as JSON and at most that long; what is too long is not read to its end."""
    _check_headers(request, limit_bytes)
    body, more = await _chunk(request.receive)
    if more:
        try:
            async with asyncio.timeout(WITHIN_S):
                body = await _rest(request.receive, body, limit_bytes)
        except TimeoutError:
            raise BodyTooSlow(f"the body must come within {WITHIN_S:.0f} s") from None
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


async def _rest(receive: Receive, body: bytes, limit_bytes: int) -> bytes:
    more = True
    while more and len(body) <= limit_bytes:
        chunk, more = await _chunk(receive)
        body += chunk
    return body


def parse_json(body: bytes) -> Any:
    """The value that the body spells; raises MalformedBody, or InvalidBody on a name given twice."""
    try:
        value = orjson.loads(body)
        _NAMES_ONCE.decode(body.decode())
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise MalformedBody("the body is not JSON: it is nested too deeply") from None
    return value


def parse(model: type[M], body: bytes) -> M:
    """The body as that model; raises MalformedBody or InvalidBody with every refused field."""
    return check(model, parse_json(body))


def check(model: type[M], value: Any) -> M:
    """A parsed value as that model; raises InvalidBody with every refused field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> InvalidBody:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    problems = tuple(field_problem(each) for each in details)
    return InvalidBody("; ".join(f"{p.field}: {p.problem}" for p in problems), problems)


def _check_headers(request: Request, limit_bytes: int) -> None:
    headers = request.headers
    if headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise UnsupportedMedia(f"send the body with Content-Type: {JSON_TYPE}")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit_bytes:
        raise _too_large(limit_bytes)


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body may have at most {limit_bytes} bytes")


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Only the names matter: values were parsed already."""
    if len({name for name, _ in pairs}) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        problem = FieldProblem(twice, "is given twice in one object")
        raise InvalidBody(f"{twice} is given twice in one object", (problem,))


_NAMES_ONCE = json.JSONDecoder(object_pairs_hook=_once)

"""Answers as JSON, serialised once."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

JSON_TYPE = "application/json"


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON value that orjson can spell, as an answer; instants in UTC end in Z, as a decision's do."""
    return Response(orjson.dumps(value, option=orjson.OPT_UTC_Z), status, headers, JSON_TYPE)


def json_bytes(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that is serialised already, as an answer."""
    return Response(body, status, headers, JSON_TYPE)

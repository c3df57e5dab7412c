"""One spelling for a JSON value, so that equal contents have equal digests wherever they were stored."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

DIGEST_LENGTH = 16


def plain(value: Any) -> Any:
    """The same JSON value with whole floats as integers: 60.0, 60 and -0.0, 0 are the same number.

    A database's JSON type may keep either spelling. Raises ValueError on NaN and infinity, TypeError
    on what JSON cannot say.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def canonical(value: Any) -> str:
    """The JSON text of a value with sorted keys, no spaces and shortest floats."""
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: Any) -> str:
    """The first 16 hex digits of the sha256 of the canonical JSON: the version of a content."""
    return text_digest(canonical(value))


def text_digest(text: str) -> str:
    """The first 16 hex digits of the sha256 of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]

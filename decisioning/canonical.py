"""One spelling for a JSON value, so that equal contents have equal digests wherever they were stored."""

import hashlib
import json
from typing import Any

DIGEST_LENGTH = 16

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The same JSON value with whole floats as integers: 60.0, 60 and -0.0, 0 are the same number.

    A database's JSON type may keep either spelling. Anything but dicts, lists, tuples and floats is
    left as it is. Raises ValueError on NaN and OverflowError on infinity.
    """
    kind = type(value)
    if kind is float:
        whole = int(value)
        return whole if whole == value else value
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """The JSON text of a value with sorted keys, no spaces and shortest floats.

    Raises TypeError on what JSON cannot say, ValueError or OverflowError on NaN or infinity.
    """
    return _ENCODER.encode(plain(value))


def digest(value: Any) -> str:
    """The first 16 hex digits of the sha256 of the canonical JSON: the version of a content."""
    return text_digest(canonical(value))


def text_digest(text: str) -> str:
    """The first 16 hex digits of the sha256 of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]

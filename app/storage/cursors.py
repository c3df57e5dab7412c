"""Cursors of keyset pages: opaque to a caller, and good for the one query that gave them out."""

import base64
import binascii
import hashlib
from uuid import UUID

from app.storage.errors import InvalidCursor

_SEAL_BYTES = 8


def write_cursor(last: UUID, query: str) -> str:
    """The cursor behind the page of that query whose last item is `last`."""
    return base64.urlsafe_b64encode(last.bytes + _seal(last, query)).decode().rstrip("=")


def read_cursor(cursor: str, query: str) -> UUID:
    """The last item of the page before; raises InvalidCursor for what was not given out for the query."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        last = UUID(bytes=raw[:-_SEAL_BYTES])
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor("the cursor was not given out by this service") from error
    if raw[-_SEAL_BYTES:] != _seal(last, query) or write_cursor(last, query) != cursor:
        raise InvalidCursor("the cursor was not given out for this query")
    return last


def _seal(last: UUID, query: str) -> bytes:
    """Not a secret, for a cursor opens nothing: it tells a mangled or borrowed one from ours."""
    return hashlib.sha256(last.bytes + query.encode()).digest()[:_SEAL_BYTES]

"""Which writer wrote: a digest of the code and the word lists that word and check an explanation."""

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent
_DIGEST_LENGTH = 16
_NOT_WORDS = ("products", "chat")


@cache
def writer_version() -> str:
    """The first 16 hex digits of the sha256 over this package's code and word lists, read once.

    The same words come from the same version; another version may write other words from the same
    evidence, which is no sign that anything stored was changed.
    """
    found = hashlib.sha256()
    for file in sorted(p for p in _PACKAGE.rglob("*") if p.suffix in (".py", ".txt", ".json")):
        place = file.relative_to(_PACKAGE)
        if place.parts[0] not in _NOT_WORDS:
            found.update(place.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:_DIGEST_LENGTH]

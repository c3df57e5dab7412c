"""Which of the media types that can be given a caller accepts most (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence


def accepted(accept: str, offered: Sequence[str]) -> str | None:
    """The offered type with the highest quality, the first of equals; None where none is accepted."""
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offered[0]
    quality = {media_type: _quality(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: quality[media_type])
    return best if quality[best] > 0 else None


def _range(part: str) -> tuple[str, float]:
    """A media range without its parameters, and its quality; one that is not a number counts as 0."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    given = next((value[2:].strip() for value in parameters if value.startswith("q=")), "1")
    try:
        return name, float(given)
    except ValueError:
        return name, 0.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality that the most specific range gives it."""
    whole = f"{media_type.partition('/')[0]}/*"
    for wanted in (media_type, whole, "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0

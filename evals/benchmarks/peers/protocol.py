"""What the benchmark and a peer say to each other: one JSON object a line, an answer to every request.

    {"do": "open", "url": libpq address, "dimensions": n, "on": "YYYY-MM-DD"} -> {"version": "…"}
    {"do": "add", "clauses": [{"id", "text", "from", "to", "vector"}]}        -> {}
    {"do": "build"}                                                           -> {}
    {"do": "search", "mode": "vector" / "hybrid", "text", "vector", "k"}      -> {"ids": […], "ms": x}

A vector travels as base64 of little-endian float32. `ms` is measured inside the peer around its search call
alone: neither the pipe nor the unpacking of the vector is in it.
"""

import base64
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

MODES = ("vector", "hybrid")


@dataclass(frozen=True)
class Stored:
    """A clause as every peer is given it; dates are ISO, `ends` is exclusive."""

    id: str
    text: str
    starts: str
    ends: str
    vector: list[float]


class Store(Protocol):
    """A peer: opened once, filled, then asked. `search` calls what the peer's own users call."""

    def add(self, clauses: Sequence[Stored]) -> None:
        """Store clauses with their vectors."""
        ...

    def build(self) -> None:
        """Make the indexes that the peer's documentation recommends."""
        ...

    def search(self, mode: str, text: str, vector: list[float], k: int) -> list[str]:
        """The ids of the k best clauses in force, best first."""
        ...


def pack(vector: Sequence[float]) -> str:
    """A vector as it travels."""
    return base64.b64encode(array("f", vector).tobytes()).decode()


def unpack(text: str) -> list[float]:
    """The vector that travelled."""
    return array("f", base64.b64decode(text)).tolist()


def clause_line(one: Stored) -> dict[str, Any]:
    """A clause as it travels."""
    return {"id": one.id, "text": one.text, "from": one.starts, "to": one.ends, "vector": pack(one.vector)}


def stored(line: dict[str, Any]) -> Stored:
    """The clause that travelled."""
    return Stored(line["id"], line["text"], line["from"], line["to"], unpack(line["vector"]))


def day_number(day: str) -> int:
    """A day as the number YYYYMMDD, for metadata that holds no dates."""
    return int(day.replace("-", ""))

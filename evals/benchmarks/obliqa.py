"""The questions and clauses that retrieval is measured on, with their vectors."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.clients.embeddings import open_embedder
from app.settings import Settings
from retrieval.ports import Embedder

Vectors = NDArray[np.float32]

FOLDER = "obliqa"
"""Its name among the data sets."""

EVERY = 6
"""Every sixth question of the development set: 465 of them."""

_TOGETHER = 512


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the clauses that answer it."""

    text: str
    relevant: frozenset[str]


def clause_lines(path: Path) -> list[dict[str, str]]:
    """The clauses of a file of clause lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def questions(path: Path, every: int = EVERY) -> list[Question]:
    """Every sixth question, or as many as are wanted."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Question(row["query"], frozenset(row["relevant"])) for row in rows[::every]]


def texts(folder: Path) -> list[str]:
    """Every text of the data set, clauses and questions, so that its vectors are made once for everybody."""
    clauses = [row["text"] for row in clause_lines(folder / "clauses.jsonl")]
    return clauses + [one.text for one in questions(folder / "dev.jsonl", every=1)]


@dataclass(frozen=True, repr=False)
class GivenVectors:
    """An embedder that only looks up, so that embedding is in nobody's time."""

    name: str
    dimensions: int
    vectors: Mapping[str, Vectors]

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts that are all known."""
        return np.stack([self.vectors[text] for text in texts])


async def embedded(texts: Sequence[str], folder: Path) -> GivenVectors:
    """The vector of each text by the local model; minutes the first time, then read from the folder."""
    distinct = list(dict.fromkeys(texts))
    async with open_embedder(Settings(_env_file=None, embedding_model=None)) as embedder:
        digest = hashlib.sha256("\0".join([embedder.name, *distinct]).encode()).hexdigest()[:16]
        path = folder / f"vectors-{digest}.npy"
        if not path.exists():
            vectors = await _embed(embedder, distinct)
            _keep(path, vectors)
        known = dict(zip(distinct, np.load(path), strict=True))
        return GivenVectors(embedder.name, embedder.dimensions, known)


def _keep(path: Path, vectors: Vectors) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Under its name only when it is whole: another process may be waiting for it.
    beside = path.with_name(f"{os.getpid()}-{path.name}")
    np.save(beside, vectors)
    beside.replace(path)


async def _embed(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    parts = []
    for start in range(0, len(texts), _TOGETHER):
        parts.append(await embedder.embed(texts[start : start + _TOGETHER]))
        print(f"embedded {min(start + _TOGETHER, len(texts))} of {len(texts)}", end="\r", flush=True)
    print()
    return np.concatenate(parts)

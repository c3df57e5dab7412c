"""Answers of models kept between runs, by a hash of the whole request; it tells how often it helped.

What is part of a request is part of its key: the model's name, every text, the schema that was asked for.
So nothing that could change an answer can hide behind an old one, except a model that changes under its name;
for that there is the switch.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.canonical import canonical
from decisioning.ports import LanguageModel
from retrieval.ports import Embedder

WAIT_S = 30.0


class ResponseCache:
    """A file of answers that several processes may use at once; `hits` of `asked` were known."""

    def __init__(self, path: Path | None) -> None:
        """Without a path nothing is kept and nothing is found."""
        self.asked = 0
        self.hits = 0
        self._file: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("create table if not exists answer (request text primary key, answer blob)")

    def get(self, request: Any) -> bytes | None:
        """The answer to that whole request, if it is known."""
        if self._file is None:
            return None
        self.asked += 1
        with closing(
            self._file.execute("select answer from answer where request = ?", [_key(request)])
        ) as rows:
            found = rows.fetchone()
        self.hits += found is not None
        return found[0] if found else None

    def put(self, request: Any, answer: bytes) -> None:
        """Keep an answer."""
        if self._file is not None:
            self._file.execute("insert or replace into answer values (?, ?)", [_key(request), answer])

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()


def _key(request: Any) -> str:
    return hashlib.sha256(canonical(request).encode()).hexdigest()


class CachedLanguageModel:
    """decisioning.ports.LanguageModel that asks each thing once."""

    def __init__(self, model: LanguageModel, cache: ResponseCache) -> None:
        self._model, self._cache = model, cache

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The kept answer, or the model's; a failure is not kept."""
        request = ["write", self.name, system, user, dict(schema)]
        if (known := self._cache.get(request)) is not None:
            return known.decode()
        answer = await self._model.write(system, user, schema, timeout_s)
        self._cache.put(request, answer.encode())
        return answer


class CachedEmbedder:
    """retrieval.ports.Embedder that embeds each text once."""

    def __init__(self, embedder: Embedder, cache: ResponseCache) -> None:
        self._embedder, self._cache = embedder, cache

    @property
    def name(self) -> str:
        """The embedder's own name."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """The embedder's own width."""
        return self._embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Kept vectors where there are some, the embedder's for the rest."""
        known = {text: self._cache.get(self._request(text)) for text in dict.fromkeys(texts)}
        new = [text for text, vector in known.items() if vector is None]
        if new:
            for text, vector in zip(new, await self._embedder.embed(new), strict=True):
                known[text] = np.asarray(vector, np.float32).tobytes()
                self._cache.put(self._request(text), known[text] or b"")
        rows = [np.frombuffer(known[text] or b"", np.float32) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _request(self, text: str) -> list[Any]:
        return ["embed", self.name, self.dimensions, text]

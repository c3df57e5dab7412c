"""Embeddings of any model that LiteLLM reaches, for a lender who prefers one to the local model."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from app.clients.embedding import LocalMiniLM
from app.clients.llm import close_litellm, import_litellm
from app.settings import Settings
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from retrieval.ports import Embedder

Vectors = NDArray[np.float32]

AT_ONCE: Final = 64
"""Texts in one call."""
REMEMBERED: Final = 4096
TIMEOUT_S: Final = 30.0


@asynccontextmanager
async def open_embedder(settings: Settings) -> AsyncIterator[Embedder]:
    """The embedding model that the settings name, the local one by default.

    A remote model is asked once for the width of its vectors: raises DependencyFailed where it cannot be.
    """
    if settings.embedding_model is None:
        local = LocalMiniLM()
        try:
            yield local
        finally:
            local.close()
        return
    remote = LiteLLMEmbedder(settings, await asyncio.to_thread(import_litellm))
    await remote.measure()
    try:
        yield remote
    finally:
        await remote.close()


class LiteLLMEmbedder:
    """retrieval.ports.Embedder over LiteLLM; raises DependencyFailed("embedding", …)."""

    def __init__(self, settings: Settings, litellm: Any) -> None:
        self.name = settings.embedding_model or ""
        self.dimensions = 0
        self._litellm = litellm
        self._remembered: LRUCache[str, Vectors] = LRUCache(REMEMBERED)
        key = settings.embedding_api_key
        self._options = {
            "model": self.name,
            "api_base": settings.embedding_api_base,
            "api_key": key.get_secret_value() if key else None,
            "timeout": TIMEOUT_S,
            "max_retries": 0,
        }

    async def measure(self) -> None:
        """Learn the width of the model's vectors from one text."""
        (vector,) = await self._asked(["width"])
        self.dimensions = len(vector)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, float32 of shape (len(texts), dimensions), in the order asked."""
        found = {text: self._remembered[text] for text in texts if text in self._remembered}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(missing), AT_ONCE):
            batch = missing[start : start + AT_ONCE]
            found |= zip(batch, await self._asked(batch), strict=True)
        self._remembered.update({text: found[text] for text in missing})
        return (
            np.stack([found[text] for text in texts]) if texts else np.zeros((0, self.dimensions), np.float32)
        )

    async def close(self) -> None:
        """Close LiteLLM's connections."""
        await close_litellm(self._litellm)

    async def _asked(self, texts: Sequence[str]) -> list[Vectors]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._litellm.aembedding(input=list(texts), **self._options)
        except Exception as error:
            # LiteLLM passes on the errors of a hundred providers; each means that there is no answer.
            if isinstance(error, TimeoutError) or type(error).__name__ == "Timeout":
                raise DependencyTimeout("embedding", "did not answer in time") from error
            raise DependencyFailed("embedding", f"could not be asked ({type(error).__name__})") from error
        return _unit_vectors(response, len(texts), self.dimensions)


def _unit_vectors(response: Any, count: int, dimensions: int) -> list[Vectors]:
    vectors = [np.asarray(each["embedding"], np.float32) for each in response.data]
    widths = {len(vector) for vector in vectors} | ({dimensions} if dimensions else set())
    if len(vectors) != count or len(widths) != 1:
        raise DependencyInvalid("embedding", f"answered {len(vectors)} vectors of widths {sorted(widths)}")
    norms = [float(np.linalg.norm(vector)) for vector in vectors]
    if not all(np.isfinite(norm) and norm > 0 for norm in norms):
        raise DependencyInvalid("embedding", "answered a vector without a direction")
    return [vector / norm for vector, norm in zip(vectors, norms, strict=True)]

"""Fixtures of the corpus."""

from hashlib import blake2b

import numpy as np
import pytest

from retrieval import lexical


class FakeEmbedder:
    """Bags of hashed words: texts that share words are near. `asked` counts the texts it was given."""

    name = "fake-words"
    dimensions = 32

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, texts):
        """One unit vector a text."""
        self.asked += len(texts)
        vectors = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, one in enumerate(texts):
            for word in lexical.terms(one):
                vectors[row, blake2b(word.encode(), digest_size=1).digest()[0] % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def embedder() -> FakeEmbedder:
    """The embedder without weights."""
    return FakeEmbedder()

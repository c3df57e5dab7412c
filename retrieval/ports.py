"""What the corpus asks of the outside."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors of one space, named so that two spaces are never mixed."""

    @property
    def name(self) -> str:
        """The model and its weights; vectors are stored under it."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, float32 of shape (len(texts), dimensions), in the order asked."""
        ...

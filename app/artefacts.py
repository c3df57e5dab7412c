"""The product files that decisions were made with, kept beside them once."""

from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.artefacts import Artefact, put_artefacts
from decisioning.canonical import canonical
from decisioning.edition import Edition


class KeptArtefacts:
    """Remembers what this process has stored, so that a decision costs no further write."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: set[str] = set()

    async def keep(self, edition: Edition) -> None:
        """Store what of the edition is not stored yet, before the first decision under it."""
        missing = {digest: kind for kind, digest in edition.digests.items() if digest not in self._kept}
        if missing:
            await put_artefacts(
                self._engine,
                [
                    Artefact(digest, kind, canonical(edition.artefacts[kind]))
                    for digest, kind in missing.items()
                ],
            )
            self._kept |= missing.keys()

"""A stored decision again from what was stored, for HTTP and the command line."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from app.storage.artefacts import load_artefacts
from app.storage.decisions import load_stored
from app.storage.errors import UnknownRecord
from app.storage.rows import StoredDecision
from app.wiring import Services
from decisioning.edition import KINDS, Edition, edition_of
from decisioning.errors import EvidenceChanged
from decisioning.explain import replay_explanation
from decisioning.lender_time import in_lender_time
from decisioning.model import Evidence
from decisioning.ports import Clause
from decisioning.replay import Difference, artefact_difference, first_difference, replay
from decisioning.titles import titles_of
from decisioning.writer_version import writer_version

Named = tuple[tuple[str, str], ...]
"""Artefacts as pairs: kind and digest, or kind and content."""


async def replay_decision(services: Services, decision_id: UUID) -> Difference | None:
    """The first difference between what is stored and the same made again; raises UnknownRecord."""
    return await replay_stored(services, await load_stored(services.engine, decision_id))


async def replay_stored(services: Services, stored: StoredDecision) -> Difference | None:
    """The same for a decision that was read already; a tampered one is named, never raised."""
    record, inputs = orjson.loads(stored.record_json), orjson.loads(stored.inputs_json)
    named = _named(inputs)
    edition = _edition(named, await _contents(services, named))
    if isinstance(edition, Difference):
        return edition
    found = replay(record, inputs, edition)
    if found is None and not stored.intact:
        return Difference("digest", "of another text", "of the text that is stored")
    return found or await _words_difference(services, stored, edition)


async def stored_edition(services: Services, stored: StoredDecision) -> Edition:
    """The edition that a decision was taken under; raises EvidenceChanged where it is not kept whole."""
    named = _named(orjson.loads(stored.inputs_json))
    edition = _edition(named, await _contents(services, named))
    if isinstance(edition, Difference):
        raise EvidenceChanged(str(edition))
    return edition


async def _words_difference(
    services: Services, stored: StoredDecision, edition: Edition
) -> Difference | None:
    """The first difference among the explanations, each written and checked again from its evidence."""
    for kept in stored.explanations:
        if kept.evidence is None:
            continue
        path = f"explanation[{kept.explanation.reader}]"
        clauses = await _clauses_of(services, stored, kept.evidence, edition.product.document)
        try:
            again = replay_explanation(
                in_lender_time(stored.decision, edition.product.timezone),
                kept.evidence,
                clauses,
                kept.explanation.reader,
                titles_of(edition),
            )
        except EvidenceChanged as changed:
            return Difference(path, "a clause as it was read", str(changed))
        then, now = kept.explanation.model_dump(mode="json"), again.model_dump(mode="json")
        if difference := first_difference(then, now, path):
            return _by_another_writer(kept.evidence, path) or difference
    return None


def _by_another_writer(evidence: Evidence, path: str) -> Difference | None:
    """That other words come from another version of the writer, where one wrote; it is named as the cause."""
    now = writer_version()
    return None if evidence.writer == now else Difference(f"{path}.evidence.writer", evidence.writer, now)


async def _clauses_of(
    services: Services, stored: StoredDecision, evidence: Evidence, document: str
) -> Sequence[Clause]:
    names = [each.clause for each in evidence.clauses]
    known_at = stored.inputs.known_at
    if evidence.retrieval_snapshot is not None:
        snapshot = await services.clauses.snapshot_of(evidence.retrieval_snapshot)
        known_at = snapshot.known_at if snapshot else known_at
    found = await services.clauses.named(document, names, stored.decision.as_of, known_at)
    return list(found.values())


def _named(inputs: Any) -> Named:
    artefacts = inputs.get("artefacts") if isinstance(inputs, Mapping) else None
    return tuple(sorted(artefacts.items())) if isinstance(artefacts, Mapping) else ()


async def _contents(services: Services, named: Named) -> Named:
    """The contents that are still kept."""
    kept = []
    for kind, digest in named:
        try:
            found = await load_artefacts(services.engine, [digest])
        except UnknownRecord:
            continue
        kept.append((kind, found[digest].content))
    return tuple(kept)


@lru_cache(maxsize=16)
def _edition(named: Named, contents: Named) -> Edition | Difference:
    """The edition that these contents make, compiled once, or what is wrong with them."""
    if missing := sorted(set(KINDS) - dict(named).keys()):
        return Difference(f"inputs.artefacts.{missing[0]}", None, "the digest of an artefact")
    read = {kind: orjson.loads(content) for kind, content in contents}
    return artefact_difference(dict(named), read) or edition_of(read)

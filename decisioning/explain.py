"""The explanation of a decision: claims, then words, then every sentence checked.

`explain` asks retrieval and, where there is one, the language model; `replay_explanation` does the
rest of it again from what was kept and comes to the same bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from decisioning.claims import Claim, claims_for, claims_of
from decisioning.composing import Outputs, Scene, compose, plain_sentences, review, scene_of
from decisioning.drafts import (
    first_prompt,
    prompt_digest,
    schema,
    second_prompt,
    system_prompt,
)
from decisioning.errors import DependencyFailed, EvidenceChanged
from decisioning.gathering import gather
from decisioning.model import ClauseRef, Decision, Evidence, Explanation, Reader
from decisioning.ports import Clause, Clauses, LanguageModel, Snapshot, Stopwatch
from decisioning.titles import Told
from decisioning.writer_version import writer_version

NO_TITLES: Mapping[str, str] = MappingProxyType({})
CONTEXT_SHARE = 0.5
"""The share of what is left of the budget that the search for context may take."""
_LEAST_S = 0.2
"""With less than this left of the budget, a language model is not asked."""


@dataclass(frozen=True)
class Explained:
    """An explanation, and what it was made from; `without` names what failed and was done without."""

    explanation: Explanation
    evidence: Evidence
    without: str | None = None


async def explain(
    decision: Decision,
    clauses: Clauses,
    language_model: LanguageModel | None,
    *,
    reader: Reader,
    stopwatch: Stopwatch,
    document: str,
    known_at: datetime | None = None,
    titles: Mapping[str, str] = NO_TITLES,
    context_clauses: int = 4,
) -> Explained:
    """The explanation of a stored decision for a reader, every sentence checked.

    A language model that fails, is late or writes what the checker refuses costs its words, never the
    explanation. An applicant reads catalogue texts: no model is asked. `titles` are the product's own
    names of its facts (`titles_of`). Raises DependencyFailed("retrieval") where the clauses cannot be
    read.
    """
    claims = claims_for(reader, claims_of(decision))
    with stopwatch.stage("retrieve"):
        snapshot = await clauses.snapshot(known_at)
        # The snapshot's own instant: an ingest that is under way at known_at cannot come in between.
        at = snapshot.known_at if snapshot else known_at
        context_s = stopwatch.remaining_s() * CONTEXT_SHARE
        found, without = await gather(decision, claims, clauses, document, at, context_clauses, context_s)
    scene = scene_of(Told(decision, titles), reader, claims, found)
    model = language_model if reader is not Reader.APPLICANT else None
    outputs = Outputs(asked=model is not None)
    if model is not None:
        await _ask(scene, found, model, stopwatch, outputs)
    with stopwatch.stage("generate"):
        plain = plain_sentences(scene)
    with stopwatch.stage("verify"):
        explanation = compose(scene, outputs, plain)
    return Explained(explanation, _evidence(found, snapshot, model, outputs), without)


def replay_explanation(
    decision: Decision,
    evidence: Evidence,
    clauses: Sequence[Clause],
    reader: Reader,
    titles: Mapping[str, str] = NO_TITLES,
) -> Explanation:
    """The explanation again, from its evidence alone: the same bytes if nothing was changed.

    `clauses` are those that the evidence names. Raises EvidenceChanged where one is missing or its
    text is another.
    """
    texts = {(c.document, c.clause, c.edition): c for c in clauses}
    found = []
    for ref in evidence.clauses:
        clause = texts.get((ref.document, ref.clause, ref.edition))
        if clause is None or sha256_of(clause) != ref.sha256:
            raise EvidenceChanged(
                f"{ref.clause} of {ref.edition} is not the text that the explanation was made from"
            )
        found.append(clause)
    claims = claims_for(reader, claims_of(decision))
    outputs = Outputs(asked=evidence.llm is not None, raw=list(evidence.llm_outputs))
    scene = scene_of(Told(decision, titles), reader, claims, found)
    return compose(scene, outputs, plain_sentences(scene))


def sha256_of(clause: Clause) -> str:
    """The sha256 of a clause's text, in hex."""
    return hashlib.sha256(clause.text.encode()).hexdigest()


async def _ask(
    scene: Scene, found: Sequence[Clause], model: LanguageModel, stopwatch: Stopwatch, outputs: Outputs
) -> None:
    """Lets the model write, and write what was refused once more; a failure leaves what there is."""
    prompt = first_prompt(scene.told, scene.claims, found, scene.reader)
    if not await _write(scene.claims, prompt, model, stopwatch, outputs):
        return
    with stopwatch.stage("verify"):
        _, refused = review(scene, outputs.raw[0])
    if refused:
        again = {r.claim for r in refused}
        claims = tuple(c for c in scene.claims if c.id in again)
        prompt = second_prompt(scene.told, claims, refused, scene.reader)
        await _write(claims, prompt, model, stopwatch, outputs)


async def _write(
    claims: Sequence[Claim], prompt: str, model: LanguageModel, stopwatch: Stopwatch, outputs: Outputs
) -> bool:
    remaining_s = stopwatch.remaining_s()
    if remaining_s < _LEAST_S:
        return False
    with stopwatch.stage("generate"):
        try:
            outputs.raw.append(await model.write(system_prompt(), prompt, schema(claims), remaining_s))
        except DependencyFailed:
            return False
    return True


def _evidence(
    found: Sequence[Clause], snapshot: Snapshot | None, model: LanguageModel | None, outputs: Outputs
) -> Evidence:
    return Evidence(
        clauses=tuple(
            ClauseRef(document=c.document, clause=c.clause, edition=c.edition, sha256=sha256_of(c))
            for c in found
        ),
        retrieval_snapshot=str(snapshot.id) if snapshot else None,
        prompt=prompt_digest() if model is not None else None,
        llm=model.name if model is not None else None,
        llm_outputs=tuple(outputs.raw),
        writer=writer_version(),
    )

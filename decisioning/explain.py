"""The explanation of a decision: claims, then words, then every sentence checked.

`explain` asks retrieval and, where there is one, the language model; `replay_explanation` does the
rest of it again from what was kept and comes to the same bytes.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from decisioning.claims import Claim, claims_for, claims_of
from decisioning.drafts import (
    Refused,
    first_prompt,
    parsed,
    prompt_digest,
    schema,
    second_prompt,
    system_prompt,
)
from decisioning.errors import DependencyFailed, EvidenceChanged
from decisioning.grounding import Pool, check_citations, check_focus, check_sentence, in_force, pool_of
from decisioning.model import (
    ClauseRef,
    Decision,
    Evidence,
    Explanation,
    Problem,
    Reader,
    Sentence,
    Writer,
)
from decisioning.orders import without_orders
from decisioning.ports import Clause, Clauses, LanguageModel, Snapshot, Stopwatch
from decisioning.quotes import citations_of
from decisioning.titles import Told
from decisioning.writer import sentence as deterministic

NO_TITLES: Mapping[str, str] = MappingProxyType({})
CONTEXT_SHARE = 0.5
"""The share of what is left of the budget that the search for context may take."""
_CORPUS, _SEARCH = "retrieval", "search"
_LEAST_S = 0.2
"""With less than this left of the budget, a language model is not asked."""


@dataclass(frozen=True)
class Explained:
    """An explanation, and what it was made from; `without` names what failed and was done without."""

    explanation: Explanation
    evidence: Evidence
    without: str | None = None


@dataclass(frozen=True)
class _Scene:
    """All that the words of one explanation may rest on."""

    told: Told
    reader: Reader
    claims: tuple[Claim, ...]
    clauses: Mapping[str, Clause]
    pool: Pool


@dataclass
class _Outputs:
    """What the language model said; `asked` tells whether there was one to ask."""

    asked: bool
    raw: list[str] = field(default_factory=list)


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
        found, without = await _retrieve(decision, claims, clauses, document, at, context_clauses, context_s)
    scene = _scene(Told(decision, titles), reader, claims, found)
    model = language_model if reader is not Reader.APPLICANT else None
    outputs = _Outputs(asked=model is not None)
    if model is not None:
        await _ask(scene, found, model, stopwatch, outputs)
    with stopwatch.stage("generate"):
        plain = _plain(scene)
    with stopwatch.stage("verify"):
        explanation = _compose(scene, outputs, plain)
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
    outputs = _Outputs(asked=evidence.llm is not None, raw=list(evidence.llm_outputs))
    scene = _scene(Told(decision, titles), reader, claims, found)
    return _compose(scene, outputs, _plain(scene))


def sha256_of(clause: Clause) -> str:
    """The sha256 of a clause's text, in hex."""
    return hashlib.sha256(clause.text.encode()).hexdigest()


async def _retrieve(
    decision: Decision,
    claims: Sequence[Claim],
    clauses: Clauses,
    document: str,
    known_at: datetime | None,
    k: int,
    context_s: float,
) -> tuple[list[Clause], str | None]:
    """The clauses that claims name and some beside them; without these where only their search failed.

    What claims rest on is read by name: an embedding model that fails, or does not answer within
    context_s seconds, costs the context and no more.
    """
    names = list(dict.fromkeys(n for claim in claims for n in claim.clauses))
    named = await clauses.named(document, names, decision.as_of, known_at)
    found = [named[n] for n in names if n in named and in_force(named[n], decision.as_of)]
    queries = [q for claim in claims if (q := " ".join((*claim.facts, claim.kind)).replace("_", " "))][:k]
    if k and queries:
        try:
            async with asyncio.timeout(context_s):
                near = await clauses.context(document, queries, decision.as_of, k, known_at)
        except TimeoutError:
            return found, _SEARCH
        except DependencyFailed as failure:
            if failure.dependency == _CORPUS:
                raise
            return found, failure.dependency
        found += [c for c in near if c.clause not in named and in_force(c, decision.as_of)]
    return found, None


def _scene(told: Told, reader: Reader, claims: tuple[Claim, ...], found: Sequence[Clause]) -> _Scene:
    clauses = {c.clause: c for c in found}
    texts = {name: without_orders(c.text) for name, c in clauses.items()}
    pool = pool_of(told.decision, claims, texts, titles=told.titles)
    return _Scene(told, reader, claims, clauses, pool)


async def _ask(
    scene: _Scene, found: Sequence[Clause], model: LanguageModel, stopwatch: Stopwatch, outputs: _Outputs
) -> None:
    """Lets the model write, and write what was refused once more; a failure leaves what there is."""
    prompt = first_prompt(scene.told, scene.claims, found, scene.reader)
    if not await _write(scene.claims, prompt, model, stopwatch, outputs):
        return
    with stopwatch.stage("verify"):
        _, refused = _review(scene, outputs.raw[0])
    if refused:
        again = {r.claim for r in refused}
        claims = tuple(c for c in scene.claims if c.id in again)
        prompt = second_prompt(scene.told, claims, refused, scene.reader)
        await _write(claims, prompt, model, stopwatch, outputs)


async def _write(
    claims: Sequence[Claim], prompt: str, model: LanguageModel, stopwatch: Stopwatch, outputs: _Outputs
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


def _review(scene: _Scene, raw: str) -> tuple[dict[str, Sentence], list[Refused]]:
    """The sentences of an output that pass, by claim, and those that do not."""
    drafts, unusable = parsed(raw)
    passed: dict[str, Sentence] = {}
    refused: list[Refused] = []
    for claim in scene.claims:
        text = drafts.get(claim.id, "")
        problems = unusable or _missing(claim, text)
        if not problems:
            drafted = _sentence(scene, claim, text, Writer.LLM)
            problems = _problems(scene, claim, drafted)
        if problems:
            refused.append(Refused(claim.id, text, problems))
        else:
            passed[claim.id] = drafted
    return passed, refused


def _missing(claim: Claim, text: str) -> tuple[Problem, ...]:
    if text:
        return ()
    return (
        Problem(sentence=None, code="claim_not_worded", problem=f"no sentence words the claim {claim.id}"),
    )


def _sentence(scene: _Scene, claim: Claim, text: str, writer: Writer) -> Sentence:
    cited = (
        ()
        if scene.reader is Reader.APPLICANT
        else [scene.clauses[n] for n in claim.clauses if n in scene.clauses]
    )
    citations = citations_of(claim, scene.told.decision, cited, text)
    own = Writer.LLM if writer is Writer.LLM else Writer.DETERMINISTIC
    return Sentence(text=text, writer=own, claim=claim.id, facts=claim.facts, citations=citations)


def _problems(scene: _Scene, claim: Claim, drafted: Sentence) -> tuple[Problem, ...]:
    return (
        *check_sentence(drafted.text, scene.pool),
        *check_focus(drafted.text, claim, scene.pool),
        *check_citations(drafted, scene.clauses, scene.told.decision.as_of),
    )


def _compose(scene: _Scene, outputs: _Outputs, plain: Mapping[str, Sentence]) -> Explanation:
    """The explanation from the model's outputs, each refused sentence replaced by the deterministic one."""
    passed: dict[str, Sentence] = {}
    problems: list[Problem] = []
    for n, raw in enumerate(outputs.raw):
        better, refused = _review(scene, raw)
        passed = {**better, **passed}
        problems += [p for r in refused if n == 0 or r.claim not in passed for p in r.problems]
    if outputs.asked and not outputs.raw:
        problems.append(
            Problem(sentence=None, code="llm_unavailable", problem="the language model gave no answer")
        )
    sentences = []
    for claim in scene.claims:
        sentence = passed.get(claim.id) or _held(scene, claim, plain[claim.id], problems)
        sentences += [sentence] if sentence else []
    return _explanation(scene, outputs, tuple(sentences), tuple(dict.fromkeys(problems)))


def _plain(scene: _Scene) -> dict[str, Sentence]:
    """The deterministic sentence of each claim by the claim's id, not checked yet."""
    return {
        claim.id: _sentence(
            scene, claim, deterministic(claim, scene.told, scene.reader), Writer.DETERMINISTIC
        )
        for claim in scene.claims
    }


def _held(scene: _Scene, claim: Claim, drafted: Sentence, problems: list[Problem]) -> Sentence | None:
    """A deterministic sentence that was checked like any other: none if even that does not hold."""
    wrong = _problems(scene, claim, drafted)
    problems += wrong
    return None if wrong else drafted


def _explanation(
    scene: _Scene, outputs: _Outputs, sentences: tuple[Sentence, ...], problems: tuple[Problem, ...]
) -> Explanation:
    writers = {s.writer for s in sentences} or {Writer.DETERMINISTIC}
    intended = Writer.LLM if outputs.asked else Writer.DETERMINISTIC
    whole = writers == {intended} and len(sentences) == len(scene.claims)
    return Explanation(
        status="verified" if whole else "fallback",
        writer=Writer.MIXED if len(writers) > 1 else Writer(next(iter(writers))),
        reader=scene.reader,
        sentences=sentences,
        problems=problems,
    )


def _evidence(
    found: Sequence[Clause], snapshot: Snapshot | None, model: LanguageModel | None, outputs: _Outputs
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
    )

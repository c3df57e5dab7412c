"""From claims and drafts to an explanation: each sentence checked, a refused one replaced by ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from decisioning.claims import Claim, NextClaim, OutcomeClaim
from decisioning.drafts import Refused, parsed
from decisioning.grounding import Pool, check_citations, check_focus, check_sentence, pool_of
from decisioning.model import Explanation, Mode, Problem, Reader, Sentence, Writer
from decisioning.orders import without_orders
from decisioning.ports import Clause
from decisioning.quotes import citations_of
from decisioning.titles import Told
from decisioning.writer import sentence as deterministic

_SUPPOSED = re.compile(r"\bwould\b|\bsimulat", re.IGNORECASE)


@dataclass(frozen=True)
class Scene:
    """All that the words of one explanation may rest on."""

    told: Told
    reader: Reader
    claims: tuple[Claim, ...]
    clauses: Mapping[str, Clause]
    pool: Pool


@dataclass
class Outputs:
    """What the language model said; `asked` tells whether there was one to ask."""

    asked: bool
    raw: list[str] = field(default_factory=list)


def scene_of(told: Told, reader: Reader, claims: tuple[Claim, ...], found: Sequence[Clause]) -> Scene:
    """The scene with what these clauses say, without the orders that somebody may have planted in them."""
    clauses = {c.clause: c for c in found}
    texts = {name: without_orders(c.text) for name, c in clauses.items()}
    pool = pool_of(told.decision, claims, texts, titles=told.titles)
    return Scene(told, reader, claims, clauses, pool)


def review(scene: Scene, raw: str) -> tuple[dict[str, Sentence], list[Refused]]:
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


def _sentence(scene: Scene, claim: Claim, text: str, writer: Writer) -> Sentence:
    cited = (
        ()
        if scene.reader is Reader.APPLICANT
        else [scene.clauses[n] for n in claim.clauses if n in scene.clauses]
    )
    citations = citations_of(claim, scene.told.decision, cited, text)
    own = Writer.LLM if writer is Writer.LLM else Writer.DETERMINISTIC
    return Sentence(text=text, writer=own, claim=claim.id, facts=claim.facts, citations=citations)


def _problems(scene: Scene, claim: Claim, drafted: Sentence) -> tuple[Problem, ...]:
    return (
        *check_sentence(drafted.text, scene.pool),
        *check_focus(drafted.text, claim, scene.pool),
        *told_as_decided(drafted.text, claim, scene.told.decision.mode),
        *check_citations(drafted, scene.clauses, scene.told.decision.as_of),
    )


def told_as_decided(text: str, claim: Claim, mode: Mode) -> tuple[Problem, ...]:
    """What is wrong with a sentence that tells the outcome of a simulation, or what follows, as decided."""
    told = isinstance(claim, OutcomeClaim | NextClaim)
    if not told or mode is not Mode.SIMULATION or _SUPPOSED.search(text):
        return ()
    problem = "this is a simulation in which nothing was decided: say what would be"
    return (Problem(sentence=text, code="outcome", problem=problem),)


def compose(scene: Scene, outputs: Outputs, plain: Mapping[str, Sentence]) -> Explanation:
    """The explanation from the model's outputs, each refused sentence replaced by the deterministic one."""
    passed: dict[str, Sentence] = {}
    problems: list[Problem] = []
    for n, raw in enumerate(outputs.raw):
        better, refused = review(scene, raw)
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


def plain_sentences(scene: Scene) -> dict[str, Sentence]:
    """The deterministic sentence of each claim by the claim's id, not checked yet."""
    return {
        claim.id: _sentence(
            scene, claim, deterministic(claim, scene.told, scene.reader), Writer.DETERMINISTIC
        )
        for claim in scene.claims
    }


def _held(scene: Scene, claim: Claim, drafted: Sentence, problems: list[Problem]) -> Sentence | None:
    """A deterministic sentence that was checked like any other: none if even that does not hold."""
    wrong = _problems(scene, claim, drafted)
    problems += wrong
    return None if wrong else drafted


def _explanation(
    scene: Scene, outputs: Outputs, sentences: tuple[Sentence, ...], problems: tuple[Problem, ...]
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

"""Runs the mutants of true explanations past the checker and counts what comes through, by kind."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from random import Random

from decisioning.claims import Claim, claims_for, claims_of
from decisioning.grounding import Pool, check_focus, check_sentence, missing_reasons, pool_of
from decisioning.model import Decision, Reader
from decisioning.titles import Told, titles_of
from decisioning.writer import sentence
from evals.words.decided import manual, product, texts
from evals.words.inventions import told
from evals.words.mutants import MUTATIONS
from evals.words.scene import Spoken, Stage

DROPPED = "dropped"
READERS = (Reader.EXAMINER, Reader.ANALYST, Reader.EXAMINER, Reader.APPLICANT)
"""Whose explanation is broken, in turn: an examiner's says most."""
PROCESSES = 2
_CHUNK = 64
_LENDERS = 200


@dataclass
class Broken:
    """Mutants made and rejected by kind, what came through, and the true sentences that were refused."""

    made: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    through: list[tuple[str, str]] = field(default_factory=list)
    decisions: int = 0
    true: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The share of all mutants that were rejected."""
        return self.rejected.total() / self.made.total()

    def judge(self, kind: str, text: str, *, rejected: bool) -> None:
        """Count one mutant."""
        self.made[kind] += 1
        self.rejected[kind] += rejected
        if not rejected:
            self.through.append((kind, text))

    def add(self, other: "Broken") -> None:
        """Count what another run counted."""
        self.made.update(other.made)
        self.rejected.update(other.rejected)
        self.through += other.through
        self.decisions += other.decisions
        self.true += other.true
        self.refused += other.refused


def broken(decisions: Sequence[Decision], seed: int = 1, processes: int = 1) -> Broken:
    """What the checker makes of the explanations of these decisions and of their mutants.

    The same for the same decisions and seed, whatever the number of processes.
    """
    lenders = Random(seed).sample(list(decisions), min(_LENDERS, len(decisions)))
    others = [s for decision in lenders for s in spoken(decision, Reader.ANALYST)]
    chunks = [(decisions[n : n + _CHUNK], others, seed + n) for n in range(0, len(decisions), _CHUNK)]
    found = Broken()
    for part in _each(chunks, processes):
        found.add(part)
    return found


_Chunk = tuple[Sequence[Decision], Sequence[Spoken], int]


def _each(chunks: Sequence[_Chunk], processes: int) -> Iterable[Broken]:
    if processes == 1:
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_chunk, chunks)


def _chunk(chunk: _Chunk) -> Broken:
    decisions, others, seed = chunk
    rng, found = Random(seed), Broken(decisions=len(decisions))
    for n, decision in enumerate(decisions):
        every = [s for reader in Reader for s in spoken(decision, reader)]
        stage = Stage(decision, others, sorted(manual(decision.as_of)), product().starts, told(every))
        _broken(decision, READERS[n % len(READERS)], stage, rng, found)
    return found


def spoken(decision: Decision, reader: Reader) -> list[Spoken]:
    """The deterministic explanation of a decision, sentence by sentence."""
    told = Told(decision, titles(decision))
    claims = claims_for(reader, claims_of(decision))
    return [Spoken(sentence(claim, told, reader), claim.id, claim.clauses, claim.facts) for claim in claims]


def pool_for(decision: Decision, claims: Sequence[Claim]) -> Pool:
    """What a sentence about these claims of the decision may draw on."""
    names = list(dict.fromkeys(name for claim in claims for name in claim.clauses))
    return pool_of(decision, claims, texts(decision.as_of, names), titles=titles(decision))


def titles(decision: Decision) -> Mapping[str, str]:
    """What the product calls the facts of this decision."""
    return _titles_on(decision.as_of.isoformat())


@cache
def _titles_on(day: str) -> Mapping[str, str]:
    started = [start for start in product().starts if start.isoformat() <= day]
    return titles_of(product().on(max(started)))


def _broken(decision: Decision, reader: Reader, stage: Stage, rng: Random, found: Broken) -> None:
    claims = claims_for(reader, claims_of(decision))
    pool, own = pool_for(decision, claims), spoken(decision, reader)
    for claim, said in zip(claims, own, strict=True):
        found.true += 1
        if check_sentence(said.text, pool) or any(check_focus(said.text, claim, pool)):
            found.refused.append(said.text)
    true = {s.text for s in own}
    for kind, mutation in MUTATIONS.items():
        made = (mutation(s, stage, rng) for s in rng.sample(own, len(own)))
        false = next((text for text in made if text and text not in true), None)
        if false is not None:
            found.judge(kind, false, rejected=bool(check_sentence(false, pool)))
    _dropped(decision, claims, own, rng, found)


def _dropped(
    decision: Decision, claims: Sequence[Claim], said: Sequence[Spoken], rng: Random, found: Broken
) -> None:
    """A text without one of its principal reasons; and the whole text, which lacks none."""
    reasons = [s for s in said if s.claim.startswith("reason:")]
    if not reasons:
        return
    gone, unit = rng.choice(reasons), decision.currency.unit
    left = [s.text for s in said if s is not gone]
    missing = missing_reasons(left, claims, titles(decision), unit)
    found.judge(DROPPED, gone.text, rejected=bool(missing))
    found.true += 1
    if missing_reasons([s.text for s in said], claims, titles(decision), unit):
        found.refused.append(" ".join(s.text for s in said))

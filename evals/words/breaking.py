"""Runs the mutants of true explanations past the checker and counts what comes through, by kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from time import perf_counter

from decisioning.claims import Claim, claims_for, claims_of
from decisioning.grounding import Pool, check_focus, check_sentence, missing_reasons, pool_of
from decisioning.model import Decision, Reader
from decisioning.titles import Told, titles_of
from decisioning.writer import sentence
from evals.words.decided import manual, product, texts
from evals.words.mutants import MUTATIONS
from evals.words.scene import Spoken, Stage

DROPPED = "dropped"
_TRIES = 2
_LENDERS = 200


@dataclass
class Broken:
    """Mutants made and rejected by kind, what came through, true sentences refused, seconds a check took."""

    made: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    through: list[tuple[str, str]] = field(default_factory=list)
    true: int = 0
    refused: list[str] = field(default_factory=list)
    explanations_s: list[float] = field(default_factory=list)

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


def broken(decisions: Sequence[Decision], seed: int = 1) -> Broken:
    """What the checker makes of the explanations of these decisions and of their mutants."""
    rng, found = Random(seed), Broken()
    lenders = rng.sample(list(decisions), min(_LENDERS, len(decisions)))
    others = [s for decision in lenders for s in spoken(decision, Reader.ANALYST)]
    for decision in decisions:
        _explained(decision, found)
        stage = Stage(decision, others, sorted(manual(decision.as_of)), product().starts)
        _mutated(decision, stage, rng, found)
        _dropped(decision, rng, found)
    return found


def spoken(decision: Decision, reader: Reader) -> list[Spoken]:
    """The deterministic explanation of a decision, sentence by sentence."""
    told = Told(decision, _titles(decision))
    claims = claims_for(reader, claims_of(decision))
    return [Spoken(sentence(claim, told, reader), claim.id, claim.clauses) for claim in claims]


def _pool(decision: Decision, claims: Sequence[Claim]) -> Pool:
    names = list(dict.fromkeys(name for claim in claims for name in claim.clauses))
    return pool_of(decision, claims, texts(decision.as_of, names), titles=_titles(decision))


def _titles(decision: Decision) -> Mapping[str, str]:
    return _titles_on(str(decision.as_of), decision)


def _titles_on(day: str, decision: Decision) -> Mapping[str, str]:
    kept = _kept()
    if day not in kept:
        kept[day] = titles_of(product().on(decision.as_of))
    return kept[day]


@cache
def _kept() -> dict[str, dict[str, str]]:
    return {}


def _explained(decision: Decision, found: Broken) -> None:
    for reader in (Reader.EXAMINER, Reader.APPLICANT):
        claims = claims_for(reader, claims_of(decision))
        said = spoken(decision, reader)
        started = perf_counter()
        pool = _pool(decision, claims)
        for claim, own in zip(claims, said, strict=True):
            found.true += 1
            if check_sentence(own.text, pool) or any(check_focus(own.text, claim, pool)):
                found.refused.append(own.text)
        if reader is Reader.EXAMINER:
            found.explanations_s.append(perf_counter() - started)


def _mutated(decision: Decision, stage: Stage, rng: Random, found: Broken) -> None:
    claims = claims_of(decision)
    pool, own = _pool(decision, claims), spoken(decision, Reader.EXAMINER)
    true = {s.text for s in own}
    for kind, mutation in MUTATIONS.items():
        made = (mutation(s, stage, rng) for s in rng.sample(own, len(own)))
        false = [text for text in made if text and text not in true][:_TRIES]
        for text in false:
            found.judge(kind, text, rejected=bool(check_sentence(text, pool)))


def _dropped(decision: Decision, rng: Random, found: Broken) -> None:
    """A text without one of its principal reasons; and the whole text, which lacks none."""
    said = spoken(decision, Reader.ANALYST)
    reasons = [s for s in said if s.claim.startswith("reason:")]
    if not reasons:
        return
    claims, titles, unit = claims_of(decision), _titles(decision), decision.currency.unit
    gone = rng.choice(reasons)
    left = [s.text for s in said if s is not gone]
    found.judge(DROPPED, gone.text, rejected=bool(missing_reasons(left, claims, titles, unit)))
    found.true += 1
    if missing_reasons([s.text for s in said], claims, titles, unit):
        found.refused.append(" ".join(s.text for s in said))

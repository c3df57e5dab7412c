"""What a check costs in CPU time, and whether that grows with the length of the text alone."""

from collections.abc import Sequence
from statistics import median
from time import process_time

from decisioning.claims import claims_for, claims_of
from decisioning.grounding import check_focus, check_sentence, missing_reasons, verify
from decisioning.model import Decision, Reader
from evals.words.breaking import pool_for, spoken, titles
from evals.words.decided import texts

LONG = 10
"""The sentences of a long explanation."""
ROUNDS = 7


def cpu_ms(decisions: Sequence[Decision], reader: Reader = Reader.EXAMINER) -> list[float]:
    """CPU milliseconds to check each explanation whole, its sentences seen for the first time."""
    return [_explanation(decision, reader) for decision in decisions]


def _explanation(decision: Decision, reader: Reader) -> float:
    claims, said = claims_for(reader, claims_of(decision)), spoken(decision, reader)
    started = process_time()
    pool = pool_for(decision, claims)
    for claim, own in zip(claims, said, strict=True):
        check_sentence(own.text, pool)
        list(check_focus(own.text, claim, pool))
    missing_reasons([s.text for s in said], claims, titles(decision), decision.currency.unit)
    return (process_time() - started) * 1000


def growth(decision: Decision, times: int = 8, rounds: int = ROUNDS) -> float:
    """How much more a sentence of a text costs where the text is that many times as long; 1 is linear."""
    clauses = texts(decision.as_of)
    ratios = []
    _cost(_numbered(list(clauses.values())[:LONG], 0), clauses)  # the clauses are read once a process
    for turn in range(rounds):
        first = turn * (times + 1) + 1
        few = _numbered(list(clauses.values())[:LONG], first)
        many = [t for n in range(1, times + 1) for t in _numbered(list(clauses.values())[:LONG], first + n)]
        short = _cost(few, clauses)
        ratios.append(_cost(many, clauses) / (times * short))
    return median(ratios)


def _numbered(sentences: Sequence[str], n: int) -> list[str]:
    """Sentences that no cache has seen."""
    return [f"{text.partition('.')[0]}, as clause {n}.{i} says." for i, text in enumerate(sentences)]


def _cost(sentences: Sequence[str], clauses: dict[str, str]) -> float:
    started = process_time()
    verify(clauses, {}, None, " ".join(sentences))
    return process_time() - started

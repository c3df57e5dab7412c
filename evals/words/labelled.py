"""Sentences labelled by hand, about decisions and clauses kept beside them.

`data/*.txt` hold the sentences, "+" before a true one and "-" before a false one; `@1896` names a
decision of `data/decisions.jsonl`, `@policy 2026-06-01 CP-3.4` clauses of `data/clauses.jsonl`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from decisioning.claims import claims_of
from decisioning.grounding import Pool, check_sentence, facts_alone, pool_of
from decisioning.grounding.record_reader import decision_from

DATA = Path(__file__).parent / "data"
SETS = ("paraphrases", "paraphrases_second", "attacks")


@dataclass(frozen=True)
class Labelled:
    """A sentence, what it is about, and whether it is true of it."""

    text: str
    about: str
    true: bool


@dataclass(frozen=True)
class Counted:
    """How a set was judged; `wrong` are the sentences that were judged otherwise than by hand."""

    accepted: int
    true: int
    rejected: int
    false: int
    wrong: tuple[Labelled, ...]


def labelled(name: str) -> tuple[Labelled, ...]:
    """The sentences of a set, in its order."""
    found, about = [], ""
    for line in (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            about = line[1:]
        elif line[:2] in ("+ ", "- "):
            found.append(Labelled(line[2:], about, line[0] == "+"))
    return tuple(found)


def count(cases: Sequence[Labelled]) -> Counted:
    """What the checker makes of them."""
    judged = [(case, not check_sentence(case.text, pool(case.about))) for case in cases]
    return Counted(
        accepted=sum(ok for case, ok in judged if case.true),
        true=sum(case.true for case in cases),
        rejected=sum(not ok for case, ok in judged if not case.true),
        false=sum(not case.true for case in cases),
        wrong=tuple(case for case, ok in judged if ok is not case.true),
    )


@cache
def pool(about: str) -> Pool:
    """What a sentence about that decision, or those clauses, may draw on; without the product's titles."""
    if about.startswith("policy "):
        _, edition, *names = about.split()
        return facts_alone({}, _texts(edition, names))
    decision = decision_from(kept_decisions()[about]["decision"])
    return pool_of(decision, claims_of(decision), texts_about(about))


def texts_about(about: str) -> Mapping[str, str]:
    """The clauses that the claims of a kept decision rest on: texts by name."""
    kept = kept_decisions()[about]
    claims = claims_of(decision_from(kept["decision"]))
    return _texts(kept["edition"], dict.fromkeys(name for claim in claims for name in claim.clauses))


def _texts(edition: str, names: Iterable[str]) -> dict[str, str]:
    clauses = clause_texts()
    return {name: clauses[edition, name] for name in names if (edition, name) in clauses}


@cache
def kept_decisions() -> Mapping[str, Mapping[str, Any]]:
    """The decisions that sentences are about: edition and record by id."""
    lines = (DATA / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return {each["id"]: each for each in map(json.loads, lines)}


@cache
def clause_texts() -> Mapping[tuple[str, str], str]:
    """The clauses that sentences are about: texts by edition and name."""
    lines = (DATA / "clauses.jsonl").read_text(encoding="utf-8").splitlines()
    return {(each["edition"], each["clause"]): each["text"] for each in map(json.loads, lines)}

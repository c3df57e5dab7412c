"""Sentences by readers who had not seen the checker, and by one who works on it.

`data/outside*.jsonl` and `data/clauses_by_hand.jsonl` are about clauses and facts alone; a line is what
`credence verify` reads, with `expected` and, mostly, `why`. `data/strangers*.jsonl` are about decisions:
`about` names one of `data/decisions.jsonl`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decisioning.grounding import verify
from evals.words.labelled import DATA, kept_decisions, texts_about


@dataclass(frozen=True)
class Judged:
    """How a set was judged; `wrong` names what was judged otherwise than by its writer."""

    accepted: int
    true: int
    rejected: int
    false: int
    wrong: tuple[str, ...]


def outside(name: str) -> Judged:
    """What the checker makes of that set."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    found = [(case["id"], bool(case["expected"]), _supported(case)) for case in cases]
    return Judged(
        accepted=sum(let_out for _, true, let_out in found if true),
        true=sum(true for _, true, _ in found),
        rejected=sum(not let_out for _, true, let_out in found if not true),
        false=sum(not true for _, true, _ in found),
        wrong=tuple(name for name, true, let_out in found if true is not let_out),
    )


def _supported(case: Mapping[str, Any]) -> bool:
    if "about" in case:
        kept = kept_decisions()[case["about"]]
        verdict = verify(texts_about(case["about"]), {}, kept["decision"], case["text"])
        return all(sentence.supported for sentence in verdict.sentences)
    sources = {each["clause"]: each["text"] for each in case["sources"]}
    return verify(sources, case.get("facts") or {}, case.get("decision"), case["text"]).supported

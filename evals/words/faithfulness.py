"""Claims that are no credit at all, labelled by others as supported by a source or not."""

import json
from dataclasses import dataclass
from pathlib import Path

from decisioning.grounding import verify


@dataclass(frozen=True)
class Judged:
    """How many claims were supported and found so, and how many were not and found so."""

    supported: int
    found_supported: int
    unsupported: int
    found_unsupported: int

    @property
    def balanced_accuracy(self) -> float:
        """The mean of the two shares."""
        return (self.found_supported / self.supported + self.found_unsupported / self.unsupported) / 2


def judged(path: Path) -> Judged:
    """What the verifier says of each line {"source", "claim", "supported"} of a file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    verdicts = [
        (e["supported"], verify({"source": e["source"]}, {}, None, e["claim"]).supported) for e in lines
    ]
    return Judged(
        supported=sum(true for true, _ in verdicts),
        found_supported=sum(true and found for true, found in verdicts),
        unsupported=sum(not true for true, _ in verdicts),
        found_unsupported=sum(not true and not found for true, found in verdicts),
    )

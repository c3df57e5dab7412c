"""Claims that are no credit at all, labelled by others as supported by a source or not."""

import json
from collections.abc import Sequence

from decisioning.grounding import verify

FILE = "faithfulness/begin_dev.jsonl"


def pairs(texts: Sequence[str]) -> list[tuple[bool, bool]]:
    """(supported, found supported) of each line {"source", "claim", "supported"}."""
    lines = [json.loads(line) for line in texts]
    return [
        (bool(e["supported"]), verify({"source": e["source"]}, {}, None, e["claim"]).supported) for e in lines
    ]

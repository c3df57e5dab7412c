"""Claims that are no credit at all, labelled by others as supported by a source or not."""

import json
from pathlib import Path

from decisioning.grounding import verify

FILE = "faithfulness/begin_dev.jsonl"


def pairs(path: Path) -> list[tuple[bool, bool]]:
    """(supported, found supported) of each line {"source", "claim", "supported"} of a file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        (bool(e["supported"]), verify({"source": e["source"]}, {}, None, e["claim"]).supported) for e in lines
    ]

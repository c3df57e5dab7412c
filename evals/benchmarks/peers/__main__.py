"""One peer in a process of its own: `python -m evals.benchmarks.peers langchain_store`, then JSON lines."""

import json
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

from evals.benchmarks.peers.protocol import Store, stored, unpack

Line = dict[str, Any]


def main(module_name: str) -> None:
    """Answer every line on stdin until it ends. What libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for answer in _answers(module_name):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answers(module_name: str) -> Iterator[Line]:
    peer = import_module(f"evals.benchmarks.peers.{module_name}")
    opened = json.loads(sys.stdin.readline())
    store: Store = peer.open_store(opened["url"], opened["dimensions"], opened["on"])
    yield {"version": version(peer.DISTRIBUTION)}
    for line in sys.stdin:
        yield _answer(store, json.loads(line))


def _answer(store: Store, asked: Line) -> Line:
    if asked["do"] == "add":
        store.add([stored(line) for line in asked["clauses"]])
        return {}
    if asked["do"] == "build":
        store.build()
        return {}
    vector = unpack(asked["vector"])
    start = time.perf_counter()
    ids = store.search(asked["mode"], asked["text"], vector, asked["k"])
    return {"ids": ids, "ms": (time.perf_counter() - start) * 1000}


if __name__ == "__main__":
    main(sys.argv[1])

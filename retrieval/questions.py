"""Where the answer to a question lies, as against the question itself.

A sentence model puts a question near sentences that resemble it; a clause that answers it resembles it less.
A question's vector is therefore moved by a learned map of low rank, q + (q · left) · right, before it is
compared. The clauses' vectors stay as they are, so learning the map anew rewrites nothing.

The map in `question_map.npz` was learned on the questions of ObliQA's dev set (about 40 financial rulebooks
of the ADGM) by `python -m evals.question_map`; the eval suite `retrieval` measures it on questions that it
was not learned from, and on Regulation B. It belongs to one embedding model; for any other there is none.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

FILE = Path(__file__).with_name("question_map.npz")


def turned(vectors: Vectors, model: str) -> Vectors:
    """Unit vectors of questions, moved towards their answers where there is a map for the model."""
    learned = _learned()
    if learned is None or learned[0] != model:
        return vectors
    _, left, right = learned
    return applied(vectors, left, right)


def applied(vectors: Vectors, left: Vectors, right: Vectors) -> Vectors:
    """q + (q · left) · right, at length 1; left is (dimensions, rank), right (rank, dimensions)."""
    moved = vectors + (vectors @ left) @ right
    return np.asarray(moved / np.linalg.norm(moved, axis=-1, keepdims=True), np.float32)


def version(model: str) -> str:
    """What turns the questions of this model, for the record: a name that changes with the map."""
    learned = _learned()
    return f"{model}+questions-1" if learned is not None and learned[0] == model else model


@cache
def _learned() -> tuple[str, Vectors, Vectors] | None:
    if not FILE.exists():
        return None
    with np.load(FILE) as file:
        left, right = file["left"].astype(np.float32), file["right"].astype(np.float32)
        return str(file["model"]), left, right

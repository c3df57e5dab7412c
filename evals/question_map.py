"""`python -m evals.question_map`: learn where the answer to a question lies, and say what that brings.

A map W of the question's vector q is learned by gradient descent, so that the clauses that answer a question
are nearer to q + qW than those that come up for it by words or by meaning (softmax over them, cross entropy,
decay towards W = 0, Adam). Its largest RANK singular values are kept. `learned` is deterministic. Learning
takes seconds; the vectors of the clauses take minutes the first time.
"""

import argparse
import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks import obliqa
from evals.places import DATA, OUT
from retrieval import lexical, questions

Floats = NDArray[np.float32]

FOLDS = 3
RANK = 64
EPOCHS = 4
BATCH = 64
RATE = 2e-3
DECAY = 1e-2
TEMPERATURE = 0.05
COMPETITORS = 60
"""How many clauses that come up by words, and how many by meaning, stand against the right ones."""
AT_RANDOM = 150


@dataclass(frozen=True, repr=False)
class Lesson:
    """Questions and clauses as vectors; for each question its clauses, and those that compete with them."""

    questions: Floats
    clauses: Floats
    right: Sequence[Sequence[int]]
    competing: Sequence[Sequence[int]]


Map = tuple[Floats, Floats]


def fold_of(question: str) -> int:
    """Which third a question belongs to, by its own words: the same for ever."""
    return hashlib.sha256(question.encode()).digest()[0] % FOLDS


def learned(lesson: Lesson, chosen: Sequence[int]) -> Map:
    """The map that these questions teach, as (left, right) of rank RANK in half precision."""
    random = np.random.default_rng(0)
    width = lesson.questions.shape[1]
    weights, mean, square = (np.zeros((width, width), np.float32) for _ in range(3))
    step = 0
    for _ in range(EPOCHS):
        order = random.permutation(np.asarray(chosen))
        for batch in np.array_split(order, max(len(order) // BATCH, 1)):
            others = random.integers(0, len(lesson.clauses), AT_RANDOM)
            asked = lesson.questions[batch]
            slopes = [
                _slope(lesson, n, q, others) for n, q in zip(batch, asked + asked @ weights, strict=True)
            ]
            gradient = asked.T @ np.stack(slopes) / len(batch) + DECAY * weights
            step += 1
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient**2
            weights -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return _reduced(weights)


def _slope(lesson: Lesson, number: int, moved: Floats, others: NDArray[np.int64]) -> Floats:
    """How the loss changes with the moved vector of a question."""
    right = np.asarray(lesson.right[number])
    against = np.concatenate([right, np.setdiff1d(lesson.competing[number], right), others])
    length = np.linalg.norm(moved)
    unit = moved / length
    clauses = lesson.clauses[against]
    logits = clauses @ unit / TEMPERATURE
    share = np.exp(logits - logits.max())
    share /= share.sum()
    share[: len(right)] -= 1 / len(right)
    slope = (share / TEMPERATURE) @ clauses
    return np.asarray((slope - unit * (unit @ slope)) / length, np.float32)


def _reduced(weights: Floats) -> Map:
    left, sizes, right = np.linalg.svd(weights)
    root = np.sqrt(sizes[:RANK])
    halves = (left[:, :RANK] * root).astype(np.float16), (root[:, None] * right[:RANK]).astype(np.float16)
    return halves[0].astype(np.float32), halves[1].astype(np.float32)


@dataclass(frozen=True, repr=False)
class Taught:
    """The lesson of a data set, with the texts it was made from and the vectors of all of them."""

    lesson: Lesson
    asked: Sequence[obliqa.Question]
    vectors: obliqa.GivenVectors


async def prepared(folder: Path, out: Path) -> Taught:
    """The lesson of ObliQA's dev set in a folder; vectors are kept in `out`."""
    rows = obliqa.clause_lines(folder / "clauses.jsonl")
    asked = obliqa.questions(folder / "dev.jsonl", every=1)
    texts = [row["text"] for row in rows]
    given = await obliqa.embedded(obliqa.texts(folder), out)
    places = {row["clause"]: place for place, row in enumerate(rows)}
    clauses = np.stack([given.vectors[text] for text in texts])
    vectors = np.stack([given.vectors[one.text] for one in asked])
    right = [sorted(places[clause] for clause in one.relevant) for one in asked]
    by_meaning = np.argpartition(-(vectors @ clauses.T), COMPETITORS, axis=1)[:, :COMPETITORS]
    by_words = _by_words(texts, [one.text for one in asked])
    competing = [np.union1d(a, b).tolist() for a, b in zip(by_meaning, by_words, strict=True)]
    return Taught(Lesson(vectors, clauses, right, competing), asked, given)


def _by_words(texts: Sequence[str], asked: Sequence[str]) -> NDArray[np.int64]:
    retriever = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    retriever.index([lexical.terms(text) for text in texts], show_progress=False)
    words = [lexical.terms(question) for question in asked]
    found, _ = retriever.retrieve(words, k=COMPETITORS, show_progress=False)
    return np.asarray(found, np.int64)


def across_folds(taught: Taught) -> list[Map]:
    """For each third of the questions, the map that the other two teach."""
    folds = np.array([fold_of(one.text) for one in taught.asked])
    return [learned(taught.lesson, np.flatnonzero(folds != fold).tolist()) for fold in range(FOLDS)]


def write(found: Map, model: str, path: Path) -> None:
    """Keep a map where `retrieval.questions` reads it."""
    left, right = (half.astype(np.float16) for half in found)
    np.savez_compressed(path, model=model, left=left, right=right)


def main() -> int:
    """Learn the map from every question and write it; `credence eval run retrieval` measures it by thirds."""
    parser = argparse.ArgumentParser(prog="python -m evals.question_map", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the data sets (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the vectors (default: %(default)s)")
    asked = parser.parse_args()
    taught = asyncio.run(prepared(asked.data / obliqa.FOLDER, asked.out))
    write(learned(taught.lesson, range(len(taught.asked))), taught.vectors.name, questions.FILE)
    print(f"learned from {len(taught.asked)} questions: {questions.FILE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

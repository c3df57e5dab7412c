"""The labelled questions: which clauses answer, what must be said; or that nothing answers."""

from collections.abc import Iterator
from importlib import resources
from typing import Literal

from decisioning.model import Frozen

Set = Literal["answerable", "answerable_held_out", "unanswerable", "unanswerable_held_out", "hostile"]
SETS: tuple[Set, ...] = ("answerable", "answerable_held_out", "unanswerable", "unanswerable_held_out")


class Labelled(Frozen):
    """A question: any of `clauses` answers, `says` must stand in the answer; without both nothing answers."""

    id: str
    kind: str
    question: str
    clauses: tuple[str, ...] = ()
    says: str = ""


def questions(name: Set) -> Iterator[Labelled]:
    """The questions of a set, in order."""
    text = resources.files("evals.chat").joinpath(f"data/{name}.jsonl").read_text(encoding="utf-8")
    for line in text.splitlines():
        yield Labelled.model_validate_json(line)

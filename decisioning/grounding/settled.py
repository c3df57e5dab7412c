"""What a wording settles: which checks need its numbers, and which find nothing in it whatever they are.

A check that finds nothing blind finds nothing in any sentence of that wording, wherever the questions that
it asked of the pool have the same answers. So they are kept as a tree of questions, and the next sentence of
that wording is asked them again: no check is left out for what was answered about another sentence.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from decisioning.grounding.blind import Answers, BlindPool, BlindSaid, Question
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.grounding.shapes import LookedError
from decisioning.model import Problem

Check = Callable[[Said, Pool], Iterable[Problem]]
Checks = tuple[Check, ...]


@dataclass(slots=True)
class _Node:
    """A question, and what follows from each answer: another, or the checks that are left."""

    question: Question
    follows: "dict[Hashable, _Node | Checks]" = field(default_factory=dict)


class Settled:
    """The trees of the wordings seen of late, of at most so many questions together."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._trees: dict[tuple[BlindSaid, Checks], _Node] = {}
        self.size = 0

    def left(self, checks: Checks, said: Said, pool: Pool) -> Checks:
        """Those of the checks that may find something in the sentence."""
        answers = Answers(said, pool)
        key = (answers.said, checks)
        node: _Node | Checks | None = self._trees.get(key)
        while isinstance(node, _Node):
            node = node.follows.get(answers(node.question))
        return node if node is not None else self._learn(key, answers)

    def _learn(self, key: tuple[BlindSaid, Checks], answers: Answers) -> Checks:
        said, checks = key
        pool = BlindPool(answers)
        left = tuple(check for check in checks if not _finds_nothing(check, said, pool))
        if self.size + len(pool.asked) + 1 > self._room:
            self.forget()
        self._keep(key, answers, list(pool.asked), left)
        return left

    def forget(self) -> None:
        """Begin anew."""
        self._trees.clear()
        self.size = 0

    def _keep(
        self, key: tuple[BlindSaid, Checks], answers: Answers, asked: list[Question], left: Checks
    ) -> None:
        """Hang what was asked here under what the tree of that wording asks before."""
        node = self._trees.get(key)
        if node is None:
            node = self._trees[key] = _Node(asked.pop(0) if asked else ("outcome",))
        while isinstance(following := node.follows.get(answers(node.question)), _Node):
            node = following
        path = {node.question, *self._above(key, answers)}
        for question in (q for q in asked if q not in path):
            node.follows[answers(node.question)] = following = _Node(question)
            node, self.size = following, self.size + 1
        node.follows[answers(node.question)] = left
        self.size += 1

    def _above(self, key: tuple[BlindSaid, Checks], answers: Answers) -> Iterator[Question]:
        """What the tree of a wording asks on the way of these answers."""
        node: _Node | Checks | None = self._trees.get(key)
        while isinstance(node, _Node):
            yield node.question
            node = node.follows.get(answers(node.question))


def _finds_nothing(check: Check, said: BlindSaid, pool: BlindPool) -> bool:
    """Whether a check comes to its end without a number and without a problem.

    What a check asked that needs the numbers does not matter: it is run again in any case.
    """
    before = dict(pool.asked)
    try:
        return not any(True for _ in check(said, cast("Pool", pool)))
    except LookedError:
        pool.asked = before
        return False

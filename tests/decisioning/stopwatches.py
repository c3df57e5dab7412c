"""A stopwatch and a language model for tests, with state that a test can read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from decisioning.errors import DependencyFailed


class FakeStopwatch:
    """Counts the stages entered; a budget that never runs out unless told."""

    def __init__(self, remaining: float = 10.0) -> None:
        self.stages: list[str] = []
        self.remaining = remaining

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note the stage."""
        self.stages.append(name)
        yield

    def remaining_s(self) -> float:
        """What it was told."""
        return self.remaining

    def timings_ms(self) -> Mapping[str, float]:
        """Nothing."""
        return {}


class ScriptedModel:
    """Answers what it was given in turn: a text, an error, or what a function makes of the prompt."""

    name = "scripted"

    def __init__(self, *answers: str | DependencyFailed | Callable[[str], str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The next answer."""
        self.asked.append((system, user))
        answer = self.answers.pop(0) if self.answers else DependencyFailed("llm", "nothing left to say")
        if isinstance(answer, DependencyFailed):
            raise answer
        return answer if isinstance(answer, str) else answer(user)


def names_of(sentences: Sequence[Any]) -> list[str]:
    """The claims of sentences, in order."""
    return [s.claim for s in sentences]

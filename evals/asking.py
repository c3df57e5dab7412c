"""How a suite asks production's chat: one turn, as HTTP and the command line make it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.answering import answer_turn, scene_of
from app.schemas import ChatRequest
from app.wiring import Services
from decisioning.model import Citation, Unit
from decisioning.numbers import quantities, states

CURRENCY_UNIT = 1000


@dataclass(frozen=True)
class Answered:
    """What came back: the text, whether it abstains, what it cites."""

    text: str
    abstained: bool
    citations: tuple[Citation, ...]

    @property
    def clauses(self) -> frozenset[str]:
        """The clauses cited."""
        return frozenset(citation.clause for citation in self.citations)

    def states(self, value: float, unit: Unit) -> bool:
        """Whether the text states this value."""
        return states_in(self.text, value, unit)


async def ask(
    services: Services, question: str, *, as_of: date | None = None, decision: UUID | None = None
) -> Answered:
    """The answer to a question in a conversation of its own."""
    request = ChatRequest(message=question, as_of=as_of, decision_id=decision)
    turn = await answer_turn(services, request, await scene_of(services, request, None))
    given = turn.answer
    return Answered(given.answer, given.abstained, tuple(c for s in given.sentences for c in s.citations))


def states_in(text: str, value: float, unit: Unit) -> bool:
    """Whether a text states this value of this unit, in any of its spellings."""
    return any(states(each, value, unit, CURRENCY_UNIT, exactly=True) for each in quantities(text))


def same_figures(text: str, other: str) -> bool:
    """Whether the second text stands in the first as it is written, or every figure of it by its value.

    "2,500" is in "2,500 thousand pesetas" as it is written, which by its value is another figure.
    """
    plain = " ".join(text.lower().split())
    if re.search(rf"(?<![\w.,]){re.escape(other.lower())}(?![\w]|[.,]\d)", plain):
        return True
    wanted = _figures(other)
    return wanted <= _figures(text) if wanted else other.lower() in plain


def _figures(text: str) -> frozenset[str]:
    return frozenset(_plain(each.value) for each in quantities(text) if each.value is not None)


def _plain(value: object) -> str:
    return f"{float(str(value)):g}"


def mean_of(values: Iterable[float]) -> float:
    """The mean; 1 of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0

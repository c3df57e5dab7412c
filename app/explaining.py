"""Words for a decision: within the request, after it, or when somebody asks for them.

The explanation never changes a decision. It is written from the stored record and the policy as it was
known when the decision was taken, so that it reads the same whenever it is written.
"""

from dataclasses import dataclass
from typing import Final

from app.schemas import ExplainMode
from app.stopwatch import SpanStopwatch
from app.wiring import Services
from decisioning.decide import Decided
from decisioning.model import Evidence, Explanation, Reader, Writer

PENDING: Final = Explanation(
    status="pending", writer=Writer.DETERMINISTIC, reader=Reader.ANALYST, sentences=()
)


@dataclass(frozen=True)
class Words:
    """An explanation, if one was asked for, and what it was made from, if it is written."""

    explanation: Explanation | None = None
    evidence: Evidence | None = None


async def words_for(services: Services, decided: Decided, mode: ExplainMode, watch: SpanStopwatch) -> Words:
    """The words that the answer to a request carries; pending where they must come later."""
    return Words() if mode == "none" else Words(PENDING)


def explain_in_background(services: Services, decided: Decided) -> None:
    """Write the words after the answer."""

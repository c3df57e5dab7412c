"""What the model is asked to word: decisions of every outcome for two readers, the chat suite's questions."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from app.sandbox.applications import sample_applications
from app.wiring import Services
from decisioning.model import Decision, Outcome, Reader
from evals.chat_answers import ASKED_OF_RECORD, read_questions
from evals.explanations import DAYS
from evals.taking import taken

SHARES = {Outcome.DECLINE: 0.34, Outcome.REFER: 0.34, Outcome.APPROVE: 0.26, Outcome.INCOMPLETE: 0.06}
"""Of the decisions: what is refused has most to explain."""
READERS = (Reader.ANALYST, Reader.ANALYST, Reader.ANALYST, Reader.EXAMINER)
"""An applicant's words are the catalogue's: no model is asked for them."""
STRIDE = 37
BLOCK = 5
"""So many decisions, then so many questions: a run that is cut short has both."""
WHY = "Why was this the outcome?"


@dataclass(frozen=True)
class Work:
    """An explanation for a reader, or a question; both about a taken decision unless that is None."""

    id: str
    decision: Decision | None
    row: int | None = None
    reader: Reader | None = None
    question: str | None = None

    @property
    def kind(self) -> str:
        """What the table counts it under."""
        if self.question is None:
            return f"explanations for an {self.reader}"
        return "answers on a decision" if self.decision else "answers on the policy"


async def work(services: Services, decisions: int, questions: int) -> list[Work]:
    """Everything that is asked, in its order: blocks of explanations and of questions in turn."""
    chosen = [each async for each in _chosen(services, decisions)]
    explained = [
        Work(f"row {row} on {made.as_of} for the {reader}", made, row, reader)
        for (row, made), reader in zip(chosen, READERS * decisions, strict=False)
    ]
    about, policy = questions // 2, questions - questions // 2
    asked = in_turn([*_on_decisions(chosen, about)], [*_on_policy(policy)], 1)
    return in_turn(explained, asked, BLOCK)


async def _chosen(services: Services, most: int) -> AsyncIterator[tuple[int, Decision]]:
    """Decisions from all over the sample, under each edition in turn, until each outcome has its share."""
    wanted = Counter({outcome: round(share * most) for outcome, share in SHARES.items()})
    wanted[Outcome.DECLINE] += most - wanted.total()
    samples = sample_applications()
    for n in range(len(samples)):
        if not wanted.total():
            return
        sample = samples[n * STRIDE % len(samples)]
        made = await taken(services, sample.application, day=DAYS[n % len(DAYS)])
        if wanted[made.outcome] > 0:
            wanted[made.outcome] -= 1
            yield sample.row, made


def _on_decisions(chosen: Sequence[tuple[int, Decision]], most: int) -> Iterator[Work]:
    texts = (WHY, *ASKED_OF_RECORD.values())
    for n in range(most):
        row, made = chosen[n % len(chosen)]
        text = texts[n % len(texts)]
        yield Work(f"{text} Of row {row} on {made.as_of}", made, row, question=text)


def _on_policy(most: int) -> Iterator[Work]:
    questions = read_questions("answerable", "answerable")
    for n in range(most):
        question = questions[n * len(questions) // most].question
        yield Work(question, None, question=question)


def in_turn(one: Sequence[Work], other: Sequence[Work], block: int) -> list[Work]:
    """So many of the one, so many of the other, and so on; what is left over comes last."""
    parts = zip_longest(_blocks(one, block), _blocks(other, block), fillvalue=())
    return [item for pair in parts for part in pair for item in part]


def _blocks(items: Sequence[Work], block: int) -> list[Sequence[Work]]:
    return [items[n : n + block] for n in range(0, len(items), block)]

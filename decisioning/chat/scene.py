"""What one turn is about, gathered once: the question, the decision with its names, the product, the days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from decisioning.chat.memory import Memory
from decisioning.chat.question import Question
from decisioning.edition import Edition
from decisioning.model import Decision
from decisioning.product import Product
from decisioning.titles import Told, titles_of


@dataclass(frozen=True)
class Asking:
    """A question and all that it may be answered with, beside the tools.

    `as_of` is the day whose policy answers where neither a decision nor the question names another.
    """

    question: str
    product: Product
    as_of: date
    today: date
    decision: Decision | None = None
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True)
class Scene:
    """The turn as the paths to an answer see it; `day` is the day whose policy is quoted."""

    asking: Asking
    question: Question
    day: date
    edition: Edition

    @property
    def told(self) -> Told | None:
        """The decision with its product's names, if the conversation is about one."""
        decision = self.asking.decision
        return Told(decision, self.titles) if decision else None

    @property
    def titles(self) -> Mapping[str, str]:
        """What the product calls its facts."""
        return titles_of(self.edition)

    @property
    def today(self) -> date:
        """The lender's today."""
        return self.asking.today

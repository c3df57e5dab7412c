"""Where the information behind a decision came from, as the caller records it; it moves no decision.

What is recorded here decides which disclosure of the Fair Credit Reporting Act a notice carries: section
615(a) for a consumer report, 615(b) for another outside source, neither where there was none.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from decisioning.model import Frozen, Name, Number

MOST_KEY_FACTORS = 4
"""Key factors of a credit score, the number of inquiries apart (15 U.S.C. 1681g(f)(1)(C), (9))."""


class CreditScore(Frozen):
    """A consumer report's score that was used: what section 615(a)(2) has disclosed of it.

    `inquiries`: the number of inquiries was a key factor too, named beside the four.
    """

    value: Number
    min: Number
    max: Number
    created_on: date
    key_factors: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_KEY_FACTORS)]
    inquiries: bool = False

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        if not self.min <= self.value <= self.max:
            raise ValueError("the score must lie between its min and its max")
        return self


class ConsumerReport(Frozen):
    """A report of a consumer reporting agency, and its score where one was used."""

    kind: Literal["consumer_report"]
    name: Name
    address: Name
    phone: Name
    score: CreditScore | None = None


class OutsideSource(Frozen):
    """Information from somebody else than a consumer reporting agency."""

    kind: Literal["third_party"]
    name: Name | None = None


Source = Annotated[ConsumerReport | OutsideSource, Field(discriminator="kind")]

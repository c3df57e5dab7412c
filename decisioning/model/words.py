"""The closed sets of words, and what every value is made of."""

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Value = Number | str | bool | None


class Frozen(BaseModel):
    """A value: immutable, closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(StrEnum):
    """One of a closed set of words.

    A record holds some sixty, and each is read when it is serialised: `value` skips the standard
    library's own descriptor, which is written in Python.
    """

    if not TYPE_CHECKING:
        value = property(attrgetter("_value_"))


class Outcome(Word):
    """What the lender does with an application."""

    APPROVE = "approve"
    COUNTER_OFFER = "counter_offer"
    REFER = "refer"
    DECLINE = "decline"
    INCOMPLETE = "incomplete"


class Mode(Word):
    """A live decision binds; a simulation is taken under another day's policy and binds nobody."""

    LIVE = "live"
    SIMULATION = "simulation"


class Unit(Word):
    """What a number counts; a checker reads 0.43 of a RATIO and "43 %" as the same."""

    MONEY = "money"
    MONEY_PER_MONTH = "money_per_month"
    RATIO = "ratio"
    RATE = "rate"
    PROBABILITY = "probability"
    POINTS = "points"
    MONTHS = "months"
    YEARS = "years"
    COUNT = "count"
    CATEGORY = "category"


class Component(Word):
    """The part of the lender's system that an applicant failed (Reg B comment 9(b)(2)-7)."""

    SCORE = "score"
    RULE = "rule"
    PERSON = "person"


class Effect(Word):
    """What a fired rule does."""

    DECLINE = "decline"
    REFER = "refer"
    CONDITION = "condition"
    PRICE = "price"


class Comparator(Word):
    """How a rule compares a fact with its limit."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "=="
    NE = "!="


class Fact(Frozen):
    """One thing the rules read."""

    value: Value
    unit: Unit


class Writer(Word):
    """Whose words these are."""

    LLM = "llm"
    DETERMINISTIC = "deterministic"
    MIXED = "mixed"


class Reader(Word):
    """For whom an explanation is written."""

    ANALYST = "analyst"
    APPLICANT = "applicant"
    EXAMINER = "examiner"

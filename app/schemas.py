"""The bodies that the HTTP face takes: closed to unknown fields, strict about types.

They are checked as values that came out of a JSON parser: nothing is coerced, except dates, times
and ids, which JSON can only spell as strings.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from decisioning.sources import MOST_KEY_FACTORS

FIRST_YEAR, LAST_YEAR = 1900, 2999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL in text."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


def _not_blank(text: str) -> str:
    """A question has words."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _spelled(text: Any, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError(f"must be {what}")
    return text


def _within_years(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")


def parse_day(text: Any) -> date:
    """A date spelled YYYY-MM-DD; raises ValueError in words for the caller."""
    day = date.fromisoformat(_spelled(text, _DATE, "a date as YYYY-MM-DD"))
    _within_years(day)
    return day


def parse_instant(text: Any) -> datetime:
    """A time as RFC 3339 with its offset, in UTC; raises ValueError in words for the caller."""
    spelled = _spelled(text, _INSTANT, "a time with its offset, as 2026-11-02T09:30:00Z")
    instant = datetime.fromisoformat(spelled.upper())
    _within_years(instant)
    return instant.astimezone(UTC)


def parse_id(text: Any) -> UUID:
    """A UUID in its usual spelling; raises ValueError in words for the caller."""
    return UUID(_spelled(text, _UUID, "a UUID"))


def _unless_made(kind: type, parse: Callable[[Any], Any]) -> BeforeValidator:
    """Spelled in a body, or a value already where the command line made it."""
    return BeforeValidator(lambda value: value if type(value) is kind else parse(value))


Text = Annotated[str, AfterValidator(_storable)]
QuestionText = Annotated[Text, AfterValidator(_not_blank)]
DAY_SCHEMA = WithJsonSchema(
    {"type": "string", "format": "date", "pattern": r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"}
)
Day = Annotated[date, _unless_made(date, parse_day), DAY_SCHEMA]
Instant = Annotated[AwareDatetime, _unless_made(datetime, parse_instant)]
Id = Annotated[UUID, _unless_made(UUID, parse_id)]
UnsetIfBlank = BeforeValidator(lambda text: text or None)
"""`?outcome=` is a form's way of saying nothing of it."""
QueryText = Annotated[Annotated[Text, Field(max_length=200)] | None, UnsetIfBlank]
QueryDay = Annotated[date | None, BeforeValidator(lambda text: parse_day(text) if text else None), DAY_SCHEMA]
QueryInstant = Annotated[datetime | None, BeforeValidator(lambda text: parse_instant(text) if text else None)]
Identifier = Annotated[Text, Field(min_length=1, max_length=200)]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
ExplainMode = Literal["sync", "async", "none"]


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Applicant(Body):
    """The person who applies: kept apart, read by nothing but the notice."""

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    address: Annotated[Text, Field(min_length=1, max_length=500)]
    email: Annotated[Text, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class Monitoring(Body):
    """What fairness is measured on: kept apart, read by offline evals alone."""

    age: Annotated[int, Field(ge=0, le=130)] | None = None
    marital: Annotated[Text, Field(min_length=1, max_length=40)] | None = None


class CreditScoreUsed(Body):
    """The score of a consumer report that was used, as section 615(a) has it disclosed."""

    value: FiniteNumber
    min: FiniteNumber
    max: FiniteNumber
    created_on: Day
    key_factors: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_KEY_FACTORS)]
    inquiries: bool = False

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        if not self.min <= self.value <= self.max:
            raise ValueError("value must lie between min and max")
        return self


class ConsumerReportUsed(Body):
    """A report of a consumer reporting agency behind the application."""

    kind: Literal["consumer_report"]
    name: Identifier
    address: Identifier
    phone: Identifier
    score: CreditScoreUsed | None = None


class OutsideSourceUsed(Body):
    """Information from an outside source other than a consumer reporting agency."""

    kind: Literal["third_party"]
    name: Identifier | None = None


SourceOf = Annotated[ConsumerReportUsed | OutsideSourceUsed, Field(discriminator="kind")]


class DecisionRequest(Body):
    """A request for a decision; the product's own schema checks `application`."""

    product: Identifier
    application: dict[str, Any]
    external_id: Identifier | None = None
    received_at: Instant | None = None
    applicant: Applicant | None = None
    notes: Annotated[Text, Field(max_length=10_000)] | None = None
    sources: Annotated[list[SourceOf], Field(max_length=10)] = []
    monitoring: Monitoring | None = None
    explain: ExplainMode = "sync"
    as_of: Day | None = None


class ResolutionRequest(Body):
    """A person's end to a referral; a decline names its principal reasons by their codes."""

    outcome: Literal["approve", "decline"]
    reasons: Annotated[list[Identifier], Field(max_length=10)] = []
    note: Annotated[Text, Field(max_length=10_000)] | None = None


class SentRequest(Body):
    """That a notice went out, how, and when if not just now."""

    channel: Identifier
    sent_at: Instant | None = None


class CounterfactualsRequest(Body):
    """Nothing: search for what changes the outcome. `changes`: decide this one change instead."""

    changes: Annotated[dict[Identifier, Any], Field(min_length=1, max_length=20)] | None = None


class ChatRequest(Body):
    """One turn of the analyst chat."""

    message: Annotated[Text, Field(min_length=1, max_length=4_000)]
    conversation_id: Id | None = None
    decision_id: Id | None = None
    as_of: Day | None = None


class FeedbackRequest(Body):
    """What an analyst thinks of an answer of the chat."""

    helpful: bool
    comment: Annotated[Text, Field(max_length=2_000)] | None = None


class IngestRequest(Body):
    """A document to take in; what is given here stands before what its text says of itself."""

    format: Literal["markdown", "html", "lines"]
    text: Annotated[Text, Field(min_length=1)]
    document: Identifier | None = None
    effective_from: Day | None = None
    effective_to: Day | None = None
    supersede: bool = False

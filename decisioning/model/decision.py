"""A decision and its parts, as the API gives them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from decisioning.model.explanation import Explanation
from decisioning.model.words import (
    Comparator,
    Component,
    Effect,
    Fact,
    Fraction,
    Frozen,
    Mode,
    Number,
    Outcome,
    Unit,
    Value,
)


class Score(Frozen):
    """The score beside the range of its scale and the product's cut-off."""

    value: Number
    pd: Fraction
    min: Number
    max: Number
    cutoff: Number
    model: str
    version: str


class Pricing(Frozen):
    """The price asked for this applicant; total_payable stands in the offer."""

    nominal_rate: Number
    apr: Number
    monthly_payment: Number
    tier: str
    model: str
    version: str


class Requested(Frozen):
    """What was asked for."""

    amount: Number
    term_months: int


class Offer(Frozen):
    """What the lender offers; never present on a decline."""

    amount: Number
    term_months: int
    nominal_rate: Number
    apr: Number
    monthly_payment: Number
    total_payable: Number
    expires_at: AwareDatetime


class Currency(Frozen):
    """`unit` is how many of `code` one unit of money stands for."""

    code: str
    unit: int


class Comparison(Frozen):
    """A further condition of a rule, beside its principal one."""

    fact: str
    value: Value
    comparator: Comparator
    limit: Value
    unit: Unit


class Rule(Frozen):
    """A row of a decision table as it met this application: fired, or the nearest that did not."""

    id: str
    effect: Effect
    component: Component
    fired: bool
    fact: str
    value: Value
    comparator: Comparator
    limit: Value
    unit: Unit
    also: tuple[Comparison, ...] = ()
    clause: str
    edition: str


class Reason(Frozen):
    """A principal reason, as Regulation B §1002.9(b)(2) means it."""

    rank: Annotated[int, Field(ge=1)]
    code: str
    text: str
    component: Component
    automatic_denial: bool
    source: str
    appendix_c: str
    clauses: tuple[str, ...]


class ReferencePopulation(Frozen):
    """Whose average points the reasons from a score were measured against (Reg B comment 9(b)(2)-5).

    `method` is one of the two that the comment names; `n` applicants made the averages of `version`,
    computed on the scorecard `model`.
    """

    method: Literal["all", "near_cutoff"]
    version: str
    model: str
    n: int


class Condition(Frozen):
    """What must be done before an approved loan is paid out."""

    code: str
    text: str
    clauses: tuple[str, ...]


class Cause(Frozen):
    """A failure that made a decision refer."""

    dependency: str
    problem: str


class Notice(Frozen):
    """The notice that the law asks for (Reg B §1002.9(a)(1)) and the last day to send it."""

    kind: Literal["adverse_action", "counter_offer", "incompleteness"]
    due_at: AwareDatetime


class Versions(Frozen):
    """What made the decision; content hashes (first 16 hex digits of sha256) where it is ours."""

    product: str
    policy: str
    parameters: str
    rules: str
    reasons: str
    prompt: str | None
    llm: str | None
    embedding: str | None
    scoring: str | None
    pricing: str | None
    credence: str


class Timings(Frozen):
    """Milliseconds a stage took; None where the stage did not run."""

    score: float | None = None
    price: float | None = None
    rules: float | None = None
    retrieve: float | None = None
    generate: float | None = None
    verify: float | None = None


class Decision(Frozen):
    """A decision as the API gives it; the same shape is stored, `explanation` apart."""

    id: UUID
    external_id: str | None
    product: str
    mode: Mode
    outcome: Outcome
    missing: tuple[str, ...]
    causes: tuple[Cause, ...]
    requested: Requested
    offer: Offer | None
    currency: Currency
    facts: dict[str, Fact]
    score: Score | None
    pricing: Pricing | None
    rules: tuple[Rule, ...]
    reasons: tuple[Reason, ...]
    conditions: tuple[Condition, ...]
    explanation: Explanation | None
    versions: Versions
    as_of: date
    timings_ms: Timings
    trace_id: str
    received_at: AwareDatetime
    created_at: AwareDatetime
    notice: Notice | None
    reference_population: ReferencePopulation | None = None
    corrects: UUID | None = None

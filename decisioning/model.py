"""The words of a credit decision, as values that cannot be invalid.

Money is in the product's currency unit, rounded to 2 places; rates, ratios and probabilities are
fractions rounded to 6 places; dates are in the lender's time zone, instants in UTC.
"""

from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

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


class Contribution(Frozen):
    """Points that one characteristic brought to a score; `value` is None where the file had none."""

    characteristic: str
    value: Value
    points: Number


class ScoreAnswer(Frozen):
    """What a scoring API answered, kept as it came; unknown fields of the answer are dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    score: Number
    pd: Fraction
    min: Number
    max: Number
    model: Name
    version: Name
    contributions: tuple[Contribution, ...]


class PriceAnswer(Frozen):
    """What a pricing API answered, kept as it came; unknown fields of the answer are dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    nominal_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    apr: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    monthly_payment: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    total_payable: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    tier: Name
    model: Name
    version: Name


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


class Citation(Frozen):
    """A quote and where it stands: `text[start:end] == quote` in that clause's stored text."""

    document: str
    clause: str
    edition: str
    quote: str
    start: int
    end: int


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


class Sentence(Frozen):
    """A checked sentence: the claim it words, the facts it names, the clauses it rests on."""

    text: str
    writer: Literal[Writer.LLM, Writer.DETERMINISTIC]
    claim: str
    facts: tuple[str, ...]
    citations: tuple[Citation, ...]


class Problem(Frozen):
    """Why a sentence was thrown away; `sentence` is None where a whole text lacks something."""

    sentence: str | None
    code: str
    problem: str


class Explanation(Frozen):
    """Sentences that were each checked, and what was thrown away on the way."""

    status: Literal["verified", "fallback", "pending"]
    writer: Writer
    reader: Reader
    sentences: tuple[Sentence, ...]
    problems: tuple[Problem, ...] = ()


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


class ClauseRef(Frozen):
    """A clause as it was read: enough to find the same text again and to see that it is the same."""

    document: str
    clause: str
    edition: str
    sha256: str


class Seal(Frozen):
    """What a replay takes as given, kept a second time so that a change of it shows.

    `given` repeats the fields of the decision that cannot be recomputed; `digests` has one for each
    part of the inputs.
    """

    given: dict[str, Any]
    digests: dict[str, str]


class CounterInputs(Frozen):
    """What a counter-offer was approved on: the application on other terms, and the models' answers."""

    application: dict[str, Value]
    score_answer: ScoreAnswer
    price_answer: PriceAnswer


class Inputs(Frozen):
    """Everything beside the decision that a replay needs; no personal data.

    `artefacts` maps a kind (product, parameters, rules, reasons, ...) to the digest under which its
    content is stored.
    """

    application: dict[str, Value]
    score_answer: ScoreAnswer | None
    price_answer: PriceAnswer | None
    artefacts: dict[str, str]
    known_at: datetime
    counter: CounterInputs | None = None
    seal: Seal | None = None


class Evidence(Frozen):
    """What an explanation was made from: enough to write and check it again, byte for byte.

    `retrieval_snapshot` is the state of the corpus that was searched; None where that was empty.
    """

    clauses: tuple[ClauseRef, ...]
    retrieval_snapshot: str | None
    prompt: str | None
    llm: str | None
    llm_outputs: tuple[str, ...]

"""What the model APIs answer."""

from typing import Annotated

from pydantic import ConfigDict, Field

from decisioning.model.words import Fraction, Frozen, Name, Number, Value


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

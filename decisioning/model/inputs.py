"""What is kept beside a decision so that it can be made again."""

from datetime import datetime
from typing import Any

from decisioning.model.answers import PriceAnswer, ScoreAnswer
from decisioning.model.words import Frozen, Value


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

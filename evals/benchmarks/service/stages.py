"""CPU microseconds of each stage of a decision in the worker, measured alone and without I/O.

The figures of a whole run say what a decision costs; these say where. Each is the least of several
rounds of thread time over many different applications: noise only ever adds.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from uuid_utils.compat import uuid7

from app.bodies import check, parse_json
from app.decisions import fingerprint
from app.schemas import DecisionRequest
from app.storage.rows import NewDecision, decision_row
from app.wiring import utc_now
from decisioning.answers import Answers
from decisioning.decide import Decided
from decisioning.judge import Judgement, judge
from decisioning.model import Inputs, Mode, PriceAnswer, ScoreAnswer, Timings
from decisioning.product import PRODUCTS, load_products
from decisioning.record import Case, record_of, sealed
from evals.benchmarks.peers.model_apis import PRICE, SCORE

ROUNDS = 7
NAME = "consumer-loan"


def stages(bodies: Path) -> dict[str, float]:
    """Microseconds a decision by stage."""
    lines = [line.encode() for line in bodies.read_text().splitlines()]
    edition = load_products([PRODUCTS])[NAME].editions[-1]
    now = utc_now()
    answers = Answers(ScoreAnswer.model_validate(SCORE), PriceAnswer.model_validate(PRICE))
    raw = [json.loads(line)["application"] for line in lines]
    read = [edition.application.read(each) for each in raw]
    judged = [judge(edition, each, answers) for each in read]
    case = Case(uuid7(), None, uuid4().hex, now.date(), Mode.LIVE, now, now, None)
    timings = Timings(score=1.234, price=2.345, rules=0.123)

    def write(pair: tuple[Any, Judgement]) -> Decided:
        decision = record_of(case, edition, pair[0], pair[1], timings)
        return Decided(decision, _inputs(edition.digests, pair[0], answers, now))

    decided = [write(pair) for pair in zip(read, judged, strict=True)]
    found = {
        "parse the body": _cost(lambda line: check(DecisionRequest, parse_json(line)), lines),
        "fingerprint": _cost(lambda line: fingerprint(parse_json(line)), lines),
        "read the application": _cost(edition.application.read, raw),
        "judge": _cost(lambda each: judge(edition, each, answers), read),
        "write down": _cost(write, list(zip(read, judged, strict=True))),
        "seal": _cost(lambda each: sealed(each.decision, each.inputs), decided),
        "serialise": _cost(lambda each: each.decision.model_dump_json().encode(), decided),
        "row": _cost(lambda each: decision_row(NewDecision(each.decision, each.inputs)), decided),
    }
    return found | {"all of these": round(sum(found.values()), 1)}


def _inputs(digests: Any, application: Any, answers: Answers, now: Any) -> Inputs:
    return Inputs(
        application=application,
        score_answer=answers.score,
        price_answer=answers.price,
        artefacts=dict(digests),
        known_at=now,
    )


def _cost(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """The least microseconds of thread time an item over several rounds."""
    return round(min(_round(work, items) for _ in range(ROUNDS)), 1)


def _round(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    start = time.thread_time_ns()
    for item in items:
        work(item)
    return (time.thread_time_ns() - start) / len(items) / 1e3

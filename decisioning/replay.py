"""A decision again from what was stored, and the first place where the two differ.

A replay asks no model and reads no folder: the stored answers and the edition built from stored
artefacts are put through the same judgement. What cannot be computed again (ids, instants, timings,
the causes of failures, the versions of words) is compared with the seal that was stored beside it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError

from decisioning.answers import Answers, printed_price, printed_score
from decisioning.canonical import digest, plain
from decisioning.counter_offer import Countered, countered_again, may_counter
from decisioning.edition import KINDS, Edition
from decisioning.errors import CredenceError, DependencyFailed, InvalidApplication
from decisioning.judge import judge
from decisioning.model import Decision, Inputs, Value
from decisioning.record import GIVEN, Case, digests_of, record_of

_FROM_RECORD = ("prompt", "llm", "embedding", "credence")
"""The versions that no judgement knows; the seal holds them to what they were."""

_ROOTS_FIRST = ("facts", "score", "pricing", "outcome")
"""Compared before the rest: a changed input shows here at its root, elsewhere in its consequences."""


@dataclass(frozen=True)
class Difference:
    """One value that differs: its path (`decision.…` or `inputs.…`), as stored and as computed again.

    What is not there is None: a later Credence may know fields that an older record has not.
    """

    path: str
    stored: Any
    recomputed: Any

    def __str__(self) -> str:
        return f"{self.path}: stored {self.stored!r}, recomputed {self.recomputed!r}"


def replay(record: Mapping[str, Any], inputs: Mapping[str, Any], edition: Edition) -> Difference | None:
    """The first difference between a stored decision and the same decision made again; None if there is none.

    `record` and `inputs` are the stored JSON; an `explanation` in the record is not looked at (compare
    it with `first_difference`). `edition` is `edition_of` the artefacts that the inputs name, once
    `artefact_difference` has found nothing.
    """
    try:
        decision, given = (
            Decision.model_validate({**record, "explanation": None}),
            Inputs.model_validate(inputs),
        )
    except ValidationError as refused:
        return _unreadable(refused, record, inputs)
    return _first(_checks(record, inputs, decision, given, edition))


def artefact_difference(named: Mapping[str, str], contents: Mapping[str, Any]) -> Difference | None:
    """The first stored artefact that is lost or no longer has the digest by which the inputs name it."""
    digests = {kind: digest(contents[kind]) if kind in contents else None for kind in KINDS}
    return first_difference(named, digests, "inputs.artefacts")


def first_difference(stored: Any, recomputed: Any, path: str) -> Difference | None:
    """The first place where two JSON values differ, numbers compared as numbers."""
    if isinstance(stored, Mapping) and isinstance(recomputed, Mapping):
        names = dict.fromkeys([*recomputed, *stored])
        return _first(first_difference(stored.get(n), recomputed.get(n), f"{path}.{n}") for n in names)
    if _is_list(stored) and _is_list(recomputed):
        places = enumerate(zip_longest(stored, recomputed))
        return _first(first_difference(left, right, f"{path}[{place}]") for place, (left, right) in places)
    same = type(plain(stored)) is type(plain(recomputed)) and stored == recomputed
    return None if same else Difference(path, stored, recomputed)


def _first(differences: Iterable[Difference | None]) -> Difference | None:
    return next((difference for difference in differences if difference is not None), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _unreadable(refused: ValidationError, record: Mapping[str, Any], inputs: Mapping[str, Any]) -> Difference:
    """What is no longer a decision, or no longer inputs: the place, its value and what is wrong with it."""
    first = refused.errors(include_url=False)[0]
    side = "inputs" if refused.title == Inputs.__name__ else "decision"
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    stored: Any = inputs if side == "inputs" else record
    for part in first["loc"]:
        known = part in stored if isinstance(stored, Mapping) else _is_list(stored)
        stored = stored[part] if known else None
    return Difference(side + path, stored, first["msg"])


def _checks(
    record: Mapping[str, Any], raw: Mapping[str, Any], decision: Decision, inputs: Inputs, edition: Edition
) -> Iterator[Difference | None]:
    yield first_difference(inputs.artefacts, dict(edition.digests), "inputs.artefacts")
    yield from _seal(record, raw, inputs, edition)
    recomputed = _again(decision, inputs, edition)
    if isinstance(recomputed, Difference):
        yield recomputed
        return
    for name in dict.fromkeys([*_ROOTS_FIRST, *recomputed, *record]):
        if name != "explanation":
            yield first_difference(record.get(name), recomputed.get(name), f"decision.{name}")


def _seal(
    record: Mapping[str, Any], raw: Mapping[str, Any], inputs: Inputs, edition: Edition
) -> Iterator[Difference | None]:
    """What is taken as given, against its second copy."""
    if inputs.seal is None:
        yield Difference("inputs.seal", None, "a seal")
        return
    given, digests = inputs.seal.given, digests_of(raw)
    yield first_difference(raw.get("known_at"), given.get("known_at"), "inputs.known_at")
    for name in sorted(GIVEN):
        yield first_difference(record.get(name), given.get(name), f"decision.{name}")
    for part in digests:
        if inputs.seal.digests.get(part) != digests[part]:
            yield from _where_changed(part, record, inputs, edition)
            yield Difference(f"inputs.{part}", digests[part], inputs.seal.digests.get(part))


def _where_changed(
    part: str, record: Mapping[str, Any], inputs: Inputs, edition: Edition
) -> Iterator[Difference | None]:
    """The very field that was changed, where the decision repeats it."""
    if part == "counter":
        return
    shown = _shown(part, record, edition)
    stored = _printed(part, inputs)
    for name, value in shown.items():
        yield first_difference(stored.get(name), value, f"inputs.{part}.{name}")


def _shown(part: str, record: Mapping[str, Any], edition: Edition) -> dict[str, Any]:
    """What the decision repeats of a part of the inputs, under the inputs' names."""
    if part == "application":
        definitions = edition.facts.definitions
        bare = [name for name, fact in definitions.items() if fact.expression == f"application.{name}"]
        return {name: record["facts"].get(name, {}).get("value") for name in bare}
    if part == "score_answer":
        score = record.get("score") or {}
        return {"score" if name == "value" else name: score[name] for name in score if name != "cutoff"}
    return dict(record.get("pricing") or {})


def _printed(part: str, inputs: Inputs) -> Mapping[str, Any]:
    """A part of the inputs with its numbers as the decision prints them."""
    if part == "application":
        return inputs.application
    if part == "score_answer":
        return printed_score(inputs.score_answer).model_dump() if inputs.score_answer else {}
    return printed_price(inputs.price_answer).model_dump() if inputs.price_answer else {}


def _again(decision: Decision, inputs: Inputs, edition: Edition) -> dict[str, Any] | Difference:
    """The decision made again as JSON, or what now keeps it from being made."""
    try:
        application = edition.application.read(inputs.application)
        judgement = judge(edition, application, _answers(decision, inputs, edition, application))
    except InvalidApplication as refused:
        problem = refused.problems[0]
        name = problem.field.removeprefix("application.")
        return Difference(f"inputs.{problem.field}", inputs.application.get(name), problem.problem)
    except CredenceError as error:
        return Difference("decision.outcome", decision.outcome.value, f"not decided: {error}")
    case = Case(
        id=decision.id,
        external_id=decision.external_id,
        trace_id=decision.trace_id,
        as_of=decision.as_of,
        mode=decision.mode,
        received_at=decision.received_at,
        created_at=decision.created_at,
        corrects=decision.corrects,
    )
    other = _other_terms(inputs, edition) if may_counter(edition, judgement) else None
    again = record_of(case, edition, application, judgement, decision.timings_ms, other)
    given = {name: getattr(decision.versions, name) for name in _FROM_RECORD}
    return again.model_copy(update={"versions": again.versions.model_copy(update=given)}).model_dump(
        mode="json"
    )


def _other_terms(inputs: Inputs, edition: Edition) -> Countered | None:
    """The counter-offer from what it was approved on, if one was made."""
    if inputs.counter is None:
        return None
    answers = Answers(inputs.counter.score_answer, inputs.counter.price_answer)
    return countered_again(edition, edition.application.read(inputs.counter.application), answers)


def _answers(
    decision: Decision, inputs: Inputs, edition: Edition, application: Mapping[str, Value]
) -> Answers:
    """The stored answers; where one is missing, the failure that the decision names in its place."""
    unanswered = inputs.score_answer is None or inputs.price_answer is None
    failure = None
    if unanswered and decision.causes:
        cause = decision.causes[0]
        failure = DependencyFailed(cause.dependency, cause.problem)
    return Answers(inputs.score_answer, inputs.price_answer, failure)

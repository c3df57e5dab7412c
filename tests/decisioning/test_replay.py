"""A replay: the same decision from what was stored, and every tampering named."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from decisioning.decide import Decided
from decisioning.edition import edition_of
from decisioning.errors import DependencyTimeout
from decisioning.model import Decision
from decisioning.record import sealed
from decisioning.replay import Difference, artefact_difference, first_difference, replay
from tests.factories import application, decided, price_answer, score_answer

Path = tuple[str | int, ...]

CASES: dict[str, dict[str, Any]] = {
    "approved": {},
    "approved with a condition": {"raw": application(amount=12_000.55, income=4000)},
    "declined by a rule": {"raw": application(income=500)},
    "declined by the score": {"score": score_answer(300.123456789)},
    "declined by both": {"raw": application(income=500, home=None), "score": score_answer(460)},
    "referred": {"raw": application(records="yes", seniority_years=None)},
    "incomplete": {"raw": application(income=None)},
    "no score": {"score": DependencyTimeout("scoring", "no answer in 2 s")},
    "no price": {"price": DependencyTimeout("pricing", "no answer in 2 s")},
    "a contradictory score": {"score": score_answer(1200)},
    "an impossible price": {"price": price_answer(nominal_rate=1e300)},
}


def stored(done: Decided) -> tuple[dict[str, Any], dict[str, Any]]:
    """Record and inputs as a database gives them back: JSON, whole numbers respelled, keys moved."""
    record = done.decision.model_dump(mode="json", exclude={"explanation"})
    inputs = done.inputs.model_dump(mode="json")
    return _moved(record), _moved(inputs)


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _moved(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
    if isinstance(value, list):
        return [_moved(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def again(product, record: dict[str, Any], inputs: dict[str, Any]) -> Difference | None:
    """The replay of what was decided just now."""
    return replay(record, inputs, product.editions[-1])


@pytest.mark.parametrize("case", CASES)
async def test_untouched_is_identical(product, case):
    """What was stored replays without a difference, from artefacts alone, whatever the outcome."""
    done = await decided(product, **CASES[case])
    contents = json.loads(json.dumps(dict(product.editions[-1].artefacts)))
    assert artefact_difference(done.inputs.artefacts, contents) is None
    assert replay(*stored(done), edition_of(contents)) is None


@pytest.mark.parametrize("case", CASES)
async def test_every_tampering_is_named(product, case):
    """Whatever single value of the record or of the inputs is changed, the replay names that place."""
    record, inputs = stored(await decided(product, **CASES[case]))
    unnamed = []
    for side, path, value in [*_leaves("decision", record), *_leaves("inputs", inputs)]:
        changed = {"decision": copy.deepcopy(record), "inputs": copy.deepcopy(inputs)}
        _put(changed[side], path, _other(value))
        difference = again(product, changed["decision"], changed["inputs"])
        if difference is None or not _names(difference.path, side, path):
            unnamed.append((side, path, difference))
    assert unnamed == []


async def test_a_changed_input_is_named_with_both_values(product):
    """A changed field of the application is named as such, beside what the decision was taken on."""
    record, inputs = stored(await decided(product))
    inputs["application"]["income"] = 9000
    assert again(product, record, inputs) == Difference("inputs.application.income", 9000, 2000)


async def test_a_changed_answer_is_named_with_both_values(product):
    """So is a changed score."""
    record, inputs = stored(await decided(product))
    inputs["score_answer"]["score"] = 700
    assert again(product, record, inputs) == Difference("inputs.score_answer.score", 700, 650)


async def test_a_resealed_lie_is_still_caught(product):
    """Who changes an input and its seal alike is caught by the judgement itself."""
    done = await decided(product)
    lie = done.inputs.model_copy(update={"application": {**done.inputs.application, "income": 500.0}})
    record, inputs = stored(Decided(done.decision, sealed(done.decision, lie)))
    assert again(product, record, inputs) == Difference("decision.facts.income.value", 2000, 500)


async def test_an_impossible_application_is_named(product):
    """An application that could never have been accepted is named by its field."""
    done = await decided(product)
    lie = done.inputs.model_copy(update={"application": {**done.inputs.application, "term_months": 0.0}})
    record, inputs = stored(Decided(done.decision, sealed(done.decision, lie)))
    assert again(product, record, inputs) == Difference(
        "inputs.application.term_months", 0, "must be at least 1"
    )


async def test_a_changed_artefact_is_named(product):
    """Rules that are no longer those of the decision are named by kind, lost ones too."""
    done = await decided(product)
    contents = copy.deepcopy(dict(product.editions[-1].artefacts))
    contents["rules"]["from"] = "2026-06-02"
    difference = artefact_difference(done.inputs.artefacts, contents)
    assert difference is not None
    assert difference.path == "inputs.artefacts.rules"
    del contents["rules"]
    assert artefact_difference(done.inputs.artefacts, contents) == Difference(
        "inputs.artefacts.rules", done.inputs.artefacts["rules"], None
    )


async def test_another_edition_is_named(product):
    """A replay under rules other than the decision's own is no replay."""
    record, inputs = stored(await decided(product))
    difference = replay(record, inputs, product.editions[0])
    assert difference is not None
    assert difference.path.startswith("inputs.artefacts.")


async def test_unsealed_inputs_are_named(product):
    """Without a seal nothing vouches for what is taken as given."""
    record, inputs = stored(await decided(product))
    inputs["seal"] = None
    assert again(product, record, inputs) == Difference("inputs.seal", None, "a seal")


async def test_later_timings_and_words_are_sealed_again(product):
    """The edge adds timings and the versions of the words, seals again, and the replay holds."""
    done = await decided(product)
    decision = done.decision.model_copy(
        update={
            "timings_ms": done.decision.timings_ms.model_copy(update={"generate": 120.5}),
            "versions": done.decision.versions.model_copy(update={"prompt": "abc", "llm": "some-model"}),
        }
    )
    assert again(product, *stored(Decided(decision, done.inputs))) is not None
    assert again(product, *stored(Decided(decision, sealed(decision, done.inputs)))) is None


async def test_a_record_of_an_older_credence_replays(product):
    """A field that did not exist when the record was made and is null today is no difference."""
    record, inputs = stored(await decided(product))
    del record["reference_population"], record["corrects"]
    assert again(product, record, inputs) is None


@pytest.mark.parametrize(
    ("left", "right", "difference"),
    [
        ({"a": 1}, {"a": 1.0}, None),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, Difference("x.a[1].b", 2, 3)),
        ({"a": True}, {"a": 1}, Difference("x.a", True, 1)),
        ({"a": "1"}, {"a": 1}, Difference("x.a", "1", 1)),
        ([1], [1, 2], Difference("x[1]", None, 2)),
        ({}, {"a": 1}, Difference("x.a", None, 1)),
    ],
)
def test_first_difference(left, right, difference):
    """Numbers are compared as numbers, everything else as it is; the path leads to the place."""
    assert first_difference(left, right, "x") == difference


def test_difference_reads_as_a_sentence():
    """A difference can be printed as it is."""
    assert str(Difference("decision.outcome", "approve", "decline")) == (
        "decision.outcome: stored 'approve', recomputed 'decline'"
    )


async def test_the_record_is_a_decision(product):
    """What is compared is the very shape that the API gives."""
    record, _ = stored(await decided(product))
    assert Decision.model_validate({**record, "explanation": None}).id == (await decided(product)).decision.id


def _leaves(side: str, value: Any, path: Path = ()) -> Iterator[tuple[str, Path, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(side, item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(side, item, (*path, place))
    else:
        yield side, path, value


def _put(holder: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "2020-01-01T00:00:00Z" if value is None else value + "x"


def _names(found: str, side: str, path: Path) -> bool:
    """Whether the path found is the tampered one, or the nearest part that a digest stands for."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    if place.startswith(".seal.given.known_at"):
        return found == "inputs.known_at"
    if place.startswith(".seal.given"):
        return found == f"decision{place.removeprefix('.seal.given')}"
    if place.startswith(".seal.digests"):
        return found == f"inputs{place.removeprefix('.seal.digests')}"
    digested = path[:1] if path[0] in ("score_answer", "price_answer", "application") else path
    nearest = side + "".join(f".{part}" for part in digested)
    return found in (f"{side}{place}", nearest) or found.startswith(f"{side}{place}.")

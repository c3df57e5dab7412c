"""Every published operation, asked what its description allows and what it forbids: no 5xx, and no answer
that the description does not promise."""

import warnings
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.app.test_explanations import wanted

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def operations(fuzzed) -> list[Any]:
    """Every operation of the service's own description."""
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")
    found = list(schema.get_all_operations())
    assert found
    assert all(isinstance(each, Ok) for each in found), found
    return [each.ok() for each in found if isinstance(each, Ok)]


@pytest.fixture(scope="module")
def decision_id(fuzzed) -> str:
    """A decision that is there, so that not everything is 404."""
    taken = httpx.post(f"{fuzzed.url}/v1/decisions", json=wanted("none"), timeout=30)
    return str(taken.json()["id"])


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_keeps_its_promise(operations, decision_id, mode, request):
    """Good requests and bad ones get only what each operation says it answers."""
    broken = {}
    for operation in operations:
        try:
            examine(
                operation.as_strategy(generation_mode=mode),
                decision_id,
                request.config.getoption("--fuzz"),
            )
        except Unsatisfiable:
            pass  # nothing of this kind can be asked of it
        except (AssertionError, FailureGroup, Failure) as found:
            broken[operation.label] = str(found)
    assert not broken, "\n".join(f"{label}: {why}" for label, why in broken.items())


def examine(strategy: Any, decision_id: str, examples: int) -> None:
    """Ask so many examples, half of them about a decision that exists."""
    turn = 0

    @given(strategy)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: "Case[Any]") -> None:
        nonlocal turn
        turn += 1
        if turn % 2 and "decision_id" in (case.path_parameters or {}):
            case.path_parameters["decision_id"] = decision_id
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the fuzzer's own, about its own requests
            case.call_and_validate(checks=CHECKS, timeout=30)

    ask()

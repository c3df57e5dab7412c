"""Two runs of one commit say the same, byte for byte, but for their times."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from evals import ids
from evals.frame import Findings, Options, PartSuite
from evals.gates import exactly
from evals.runner import run_suite
from evals.suites import SUITES
from evals.twice import differences

FEW = 2


@pytest.mark.timeout(600)
def test_two_runs_of_every_suite_are_equal_but_for_their_times(options: Options):
    """In two processes that hash otherwise each suite finds the same: `python -m evals.twice` at length."""
    assert differences(list(SUITES), replace(options, most=FEW)) == dict.fromkeys(SUITES, ())


def test_what_measures_time_does_not_last(tmp_path):
    """A gate of a time is in the report and not in what two runs have in common."""

    def part(options: Options) -> Findings:
        del options
        gates = (exactly("share", 1, "at least", 1, "why"), exactly("time", 2, "at most", 3, "why"))
        return Findings((gates[0], replace(gates[1], timed=True)))

    result = run_suite(PartSuite("timed", "of time", {"all": part}), Options(tmp_path))
    assert [gate["name"] for gate in result.as_json()["gates"]] == ["share", "time"]
    assert [gate["name"] for gate in result.lasting()["gates"]] == ["share"]
    assert "run" not in result.lasting()


def test_a_part_that_crashes_fails_the_suite_and_the_rest_go_on(tmp_path):
    """Its error stands in the report as a gate that failed."""

    def crashes(options: Options) -> Findings:
        raise RuntimeError("out of order")

    def goes(options: Options) -> Findings:
        return Findings((exactly("share", 1, "at least", 1, "why"),))

    suite = PartSuite("torn", "of two", {"first": crashes, "second": goes})
    result = run_suite(suite, Options(tmp_path))
    assert result.status == "failed"
    assert [(gate.passed, gate.reason) for gate in result.gates] == [
        (False, "RuntimeError: out of order"),
        (True, "why"),
    ]


def test_the_ids_of_a_case_are_its_own():
    """The same case has the same ids in their order, another has others; a task of it counts on."""

    async def asked(case: str) -> list[UUID]:
        with ids.of_case(case):
            first = ids.new_id()
            return [first, *(await asyncio.gather(*(_next() for _ in range(3))))]

    async def both() -> tuple[list[UUID], list[UUID], list[UUID]]:
        one, again, other = await asyncio.gather(asked("a"), asked("a"), asked("b"))
        return one, again, other

    one, again, other = asyncio.run(both())
    assert one == again
    assert len({*one, *other, ids.new_id(), ids.new_id()}) == 10
    assert {(each.version, each.variant) for each in one} == {(7, "specified in RFC 4122")}


async def _next() -> UUID:
    return ids.new_id()

"""Every case is measured once, nothing missing passes, and a stopped run goes on where it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evals.cases import Case, InvalidCases, NotRun, case_set, read_cases
from evals.frame import CaseSuite, Options
from evals.gates import Gate, Result
from evals.runner import fingerprint, journal_of, run_suite
from tests.evals.suite_of_three import CASES, Tried, suite


def gate(result: Result, name: str) -> Gate:
    """The gate of that name."""
    return next(each for each in result.gates if each.name == name)


def test_a_suite_is_measured_case_by_case_in_order(tmp_path):
    """Each case has its measurement, its time is told, and the version is that of the cases."""
    result = run_suite(suite(), Options(tmp_path))
    assert [case.id for case in result.cases] == ["one", "two", "three"]
    assert result.status == "passed"
    assert len(result.run.latency_ms) == 3
    assert result.version == case_set(CASES).version != case_set(CASES[:2]).version


def test_two_runs_are_equal_but_for_their_times(tmp_path):
    """The JSON of two runs is byte-equal outside the block `run`."""
    first, second = (run_suite(suite(), Options(tmp_path)).as_json() for _ in range(2))
    assert json.dumps({**first, "run": 0}) == json.dumps({**second, "run": 0})


def test_a_case_that_crashes_fails_the_suite_and_the_rest_go_on(tmp_path):
    """Its error is kept with it, and it counts as wrong in every figure."""
    result = run_suite(suite((*CASES, Tried(id="four", right=None))), Options(tmp_path))
    assert result.status == "failed"
    assert result.cases[3].error == "RuntimeError: out of order"
    assert gate(result, "cases measured of those promised").value == 0.75
    assert gate(result, "right answers").value == 0.75


def test_a_missing_case_is_not_a_passing_case(tmp_path):
    """Where a set has fewer cases than it promised, the suite fails though all there are pass."""
    result = run_suite(suite(CASES[:2], promised=3), Options(tmp_path))
    assert gate(result, "right answers").passed
    assert result.status == "failed"


def test_a_suite_without_its_data_is_not_run(tmp_path):
    """It says what is absent, and has neither passed nor failed."""

    def absent(bench):
        raise NotRun("there is no folder of questions")

    result = run_suite(replace(suite(), cases=absent), Options(tmp_path))
    assert (result.status, result.not_run) == ("not run", "there is no folder of questions")


class Killed(BaseException):
    """What ends a run from outside."""


def stopped_after(done: int) -> tuple[CaseSuite[Tried], list[str]]:
    """A suite whose third measurement kills the run, and the ids that are measured."""
    tried = []
    whole = suite()

    async def measured(bench, case):
        tried.append(case.id)
        if len(tried) == done + 1:
            raise Killed
        return await whole.measure(bench, case)

    return replace(whole, measure=measured, at_once=1), tried


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    """What was measured before the stop is not measured again, and the journal is gone at the end."""
    killed, tried = stopped_after(2)
    with pytest.raises(BaseExceptionGroup):
        run_suite(killed, Options(tmp_path))
    assert tried == ["one", "two", "three"]
    again, tried = stopped_after(99)
    result = run_suite(again, Options(tmp_path))
    assert tried == ["three"]
    assert (result.run.resumed, result.status) == (2, "passed")
    assert not journal_of("tried", Options(tmp_path)).exists()


def test_a_run_of_something_else_is_not_taken_up(tmp_path):
    """Other cases begin afresh, and so does who asks for it; a line cut off by a kill is not read."""
    killed, _ = stopped_after(2)
    for options, cases in ((Options(tmp_path, fresh=True), CASES), (Options(tmp_path), CASES[::-1])):
        with pytest.raises(BaseExceptionGroup):
            run_suite(stopped_after(2)[0], Options(tmp_path))
        journal = journal_of("tried", options)
        journal.write_bytes(journal.read_bytes() + b'{"id": "thr')
        assert run_suite(suite(cases), options).run.resumed == 0
    assert fingerprint(killed, case_set(CASES), Options(tmp_path)) == fingerprint(
        suite(), case_set(CASES), Options(tmp_path)
    )


class Asked(Case):
    """A case in a file."""

    question: str
    found: int = 0


def lines_in(folder: Path, *lines: str, promised: int | None = None) -> Path:
    """A file of cases in a folder."""
    (folder / "asked.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "counts.json").write_text(json.dumps({"asked.jsonl": promised or len(lines)}))
    return folder


def test_cases_are_read_typed(tmp_path):
    """A file's lines are values; their number is held against the promised one."""
    folder = lines_in(tmp_path, '{"id": "a", "question": "?"}', '{"id": "b", "question": "!"}', promised=3)
    cases = read_cases("asked", Asked, folder)
    assert cases.cases == (Asked(id="a", question="?"), Asked(id="b", question="!"))
    assert cases.promised == 3
    assert cases.thinned(1).cases == cases.cases[:1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "a", "question": "?", "note": 1}', "asked.jsonl:1: note"),
        ('{"id": "a"}', "asked.jsonl:1: question"),
        ('{"id": "a", "question": "?", "found": "3"}', "asked.jsonl:1: found"),
        ('{"id": "a", ', "asked.jsonl:1: : Invalid JSON"),
    ],
)
def test_a_case_with_an_unknown_key_or_another_type_is_refused(tmp_path, line, says):
    """The message names the file, the line and the key."""
    with pytest.raises(InvalidCases, match=says):
        read_cases("asked", Asked, lines_in(tmp_path, line))


def test_two_cases_of_one_name_are_refused():
    """An id names one case."""
    with pytest.raises(InvalidCases, match="two cases are called 'one'"):
        case_set((*CASES, CASES[0]))


def test_cases_that_cannot_be_read_fail_the_suite(tmp_path):
    """Not run is for what is absent, not for what is broken."""

    def broken(bench):
        return read_cases("asked", Asked, lines_in(tmp_path, '{"id": 1}'))

    result = run_suite(replace(suite(), cases=broken), Options(tmp_path))
    assert result.status == "failed"
    with pytest.raises(NotRun):
        read_cases("nothing", Asked, tmp_path)

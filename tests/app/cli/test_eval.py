"""`credence eval`: a suite runs, writes its report, is compared with an earlier run."""

import json

import pytest

from app.cli.terminal import MISUSED
from evals.frame import Options
from evals.report import Told, written
from evals.runner import run_suite
from evals.suites import SUITES


def test_a_suite_writes_its_report_and_is_compared_with_an_earlier_run(credence, tmp_path):
    """The policy suite passes, its files are there, and the runs differ in their times alone."""
    first, again = tmp_path / "first", tmp_path / "again"
    written(Told((run_suite(SUITES["policy"], Options(tmp_path)),)), first)
    ran = credence("eval", "run", "policy", "--json", "--out", again, "--baseline", first / "report.json")
    assert (ran.code, ran.answer["status"]) == (0, "passed")
    assert {path.name for path in again.iterdir()} == {
        "policy.json",
        "report.json",
        "report.md",
        "report.html",
        "junit.xml",
    }
    one, other = (json.loads((folder / "policy.json").read_text()) for folder in (first, again))
    assert {**one, "run": 0} == {**other, "run": 0}


def test_the_suites_are_listed_with_what_they_measure(credence):
    """Each has its line."""
    listed = credence("eval", "list", "--json").answer
    assert {"decisions", "explanations", "metamorphic", "chat", "red-team", "fairness"} <= listed.keys()
    assert all(listed.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("everything",), "there is no suite 'everything'"),
        (("policy", "--parameters", __file__), "--parameters goes with the suite decisions"),
        (("policy", "--baseline", __file__), "is no report of a run"),
    ],
)
def test_what_cannot_be_run_says_so(credence, arguments, says):
    """No such suite, an option that does not go with it, a file that is no report: exit code 2."""
    ran = credence("eval", "run", *arguments)
    assert ran.code == MISUSED
    assert says in ran.complaint

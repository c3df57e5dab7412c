"""The suites of retrieval: what they measure, and what they say without their data."""

from pathlib import Path

from evals.frame import Options
from evals.retrieval import measured
from evals.runner import run_suite
from evals.suites import SUITES


def test_without_data_nothing_is_passed(tmp_path):
    """A suite whose data is absent was not run, and says why."""
    for name in ("retrieval", "references"):
        result = run_suite(SUITES[name], Options(tmp_path, data=tmp_path))
        assert (result.status, result.gates) == ("not run", ())
        assert str(tmp_path) in str(result.not_run)


def test_a_question_is_measured_by_what_comes_first():
    """Recall is the share of what was wanted among the first ten; precision falls with its place."""
    found = ["a", "x", "b", *"cdefghi", "late"]
    case = measured("1", "what?", found, frozenset({"a", "b", "late", "never"}), "rulebooks")
    assert case.scores == {"rulebooks recall": 0.5, "rulebooks precision": (1 + 2 / 3) / 4}


def test_references_are_read_as_the_regulation_publishes_them(shared_data):
    """On the two editions whose truth is complete, precision and recall keep their gates."""
    result = run_suite(SUITES["references"], Options(Path(), data=shared_data))
    assert result.status == "passed"
    assert len(result.gates) == 4
    assert len(result.notes) == 3

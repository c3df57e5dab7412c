"""The report says the same in each of its forms, and shows texts as texts."""

import json
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest

from evals.comparison import compared
from evals.frame import Options
from evals.gates import Result, exactly
from evals.measured import Bar, Chart, Matrix, Run
from evals.report import Told, worst_cases, written
from evals.report.numerals import percent, plain
from evals.runner import run_suite
from tests.evals.suite_of_three import CASES, Tried, suite


@pytest.fixture
def told(tmp_path):
    """A run with one suite that failed, one that was not run, a matrix, and a baseline."""
    good = run_suite(suite(), Options(tmp_path))
    bad = run_suite(suite((*CASES[:2], Tried(id="three", right=False))), Options(tmp_path))
    drawn = Result(
        "drawn",
        (exactly("a | b", 2, "at most", 3, "why & how"),),
        charts=(Chart("Bars", (Bar("x", 0.5, 0.4, 0.6, 9, stands_out=True), Bar("none", 0, 0, 0, 0))),),
        matrices=(Matrix("Kills", ("k",), ("made", "none"), (((1.0, 3), None),)),),
        run=Run(1.0, (1.0, 2.0, 40.0), 10, 9),
    )
    results = (bad, Result("absent", not_run="there is <nothing>"), drawn)
    return Told(results, compared([bad.as_json()], [good.as_json()]), "abc", "today", 1.5)


@pytest.fixture
def files(told, tmp_path):
    """The text of each file of the report."""
    return {name: path.read_text() for name, path in written(told, tmp_path / "out").items()}


def test_the_json_holds_gates_cases_and_comparisons(files, told):
    """Each gate with interval, threshold and what it would show; each suite in a file of its own too."""
    report = json.loads(files["report.json"])
    assert (report["status"], [s["status"] for s in report["suites"]]) == (
        "failed",
        ["failed", "not run", "passed"],
    )
    gate = report["suites"][0]["gates"][1]
    assert {
        "value",
        "low",
        "high",
        "bound",
        "threshold",
        "detectable",
        "reason",
        "n",
        "passed",
    } <= gate.keys()
    assert json.loads(files["tried.json"]) == report["suites"][0]
    assert report["comparisons"][0]["call"] == "no difference shown"


def test_junit_counts_failures_and_skips(files):
    """A gate that fails is a failure with its reason, a suite that was not run is skipped."""
    suites = {each.get("name"): each for each in Xml.fromstring(files["junit.xml"])}  # noqa: S314 - our own
    assert (suites["tried"].get("tests"), suites["tried"].get("failures")) == ("2", "1")
    assert suites["absent"].get("skipped") == "1"
    assert suites["tried"].findtext(".//failure") == "a tenth may be wrong"


def test_markdown_escapes_what_would_break_a_table(files):
    """A gate's name with a bar keeps its column."""
    assert "| a \\| b | 2 | all there is |" in files["report.md"]
    assert "Not run: there is <nothing>" in files["report.md"]


def test_markdown_tells_matrices_and_what_worst_cases_said(files):
    """A reviewer sees what a reader of the page sees, in words."""
    assert "| Kills | made | none |" in files["report.md"]
    assert "| k | 100 % of 3 |  |" in files["report.md"]
    assert "- `three` (right answers): is three? → <b>wrong</b>" in files["report.md"]


class Page(HTMLParser):
    """Counts what a page opens and closes, and gathers what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        """A tag opens."""
        self.tags.add(tag)
        self.loads += [v for k, v in attrs if k in ("src", "href") and not v.startswith("#")]
        if tag not in ("meta", "line", "rect", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """A tag opens and closes."""
        self.tags.add(tag)

    def handle_endtag(self, tag):
        """A tag closes."""
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_well_formed(files):
    """Nothing is loaded from anywhere, there is no script, every tag closes."""
    page = Page()
    page.feed(files["report.html"])
    assert (page.open, page.loads) == ([], [])
    assert "script" not in page.tags
    assert {"svg", "table", "section"} <= page.tags


def test_the_page_shows_texts_as_texts(files):
    """What a case said never becomes markup."""
    assert "&lt;b&gt;wrong&lt;/b&gt;" in files["report.html"]
    assert "<b>wrong</b>" not in files["report.html"]
    assert "there is &lt;nothing&gt;" in files["report.html"]


def test_the_worst_cases_come_first(told):
    """The case that fell short is named with the gate that it misses; right ones are not."""
    (worst,) = worst_cases(told.results[0])
    assert (worst.case.id, worst.of) == ("three", ("right answers",))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.9996, "100.0 %"), (0.123, "12.3 %")]
)
def test_a_share_that_is_not_all_never_reads_as_all(value, text):
    """100 % is all; just below it is 100.0 %."""
    assert percent(value) == text


def test_figures_are_short():
    """Three places, thousands apart, n/a for no number."""
    assert [plain(v) for v in (3.0, 12345, 0.12345, 1234.56, float("nan"))] == [
        "3",
        "12,345",
        "0.123",
        "1,234.6",
        "n/a",
    ]

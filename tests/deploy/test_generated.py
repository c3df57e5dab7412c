"""What is generated is committed as it would be generated now."""

import pytest

from deploy.__main__ import ROOT, generated
from deploy.alerts import CAUSES, OBJECTIVES, RUNBOOK
from deploy.panels import BOARDS
from tests.deploy.test_alerts import anchors


@pytest.mark.parametrize("path", generated(), ids=str)
def test_a_generated_file_is_up_to_date(path):
    """`python -m deploy` would change nothing."""
    assert (ROOT / path).read_text() == generated()[path], "run `python -m deploy`"


def test_every_alert_has_its_part_of_the_runbook():
    """The line that an alert carries leads to a heading of the page for the engineer on call."""
    named = {each.anchor for each in (*OBJECTIVES, *CAUSES)}
    assert named <= anchors(ROOT / RUNBOOK)


def test_titles_are_unique():
    """A panel is found by its title."""
    titles = [(board.uid, panel.title) for board in BOARDS for panel in board.panels]
    assert len(titles) == len(set(titles))

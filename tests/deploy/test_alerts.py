"""Rules and alerts by Prometheus's own tool, which is skipped where there is none."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

RULES = ROOT / "deploy/prometheus"
pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool here: `apt-get install prometheus` brings it"
)


@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"),
        ("check", "config", "prometheus.yaml"),
        ("test", "rules", "rules_test.yaml", "rules_slow_test.yaml"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool_finds_nothing_wrong(command):
    """Rules and configuration are valid, and each alert fires when it should and is silent when it should."""
    found = subprocess.run(("promtool", *command), cwd=RULES, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def anchors(page: Path) -> set[str]:
    """The anchors of a Markdown page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}

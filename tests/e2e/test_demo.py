"""`credence demo`: it ends with its figures, and can be broken off at any point."""

import json

from tests.e2e.processes import until


def test_it_ends_with_one_line_of_figures(new_home):
    """Exit code 0, the contract's JSON line last, no process left."""
    home = new_home()
    command = home.start("demo", "--applications", "40")
    assert command.ended(90) == 0, command.stderr
    assert command.stderr == ""
    figures = json.loads(command.stdout.splitlines()[-1])
    assert set(figures) == {"decisions", "outcomes", "p50_ms", "p99_ms", "seconds"}
    assert figures["decisions"] == sum(figures["outcomes"].values()) == 40
    assert set(figures["outcomes"]) >= {"approve", "refer", "decline"}
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert "in full" in command.stdout
    assert home.processes() == {}


def test_ctrl_c_leaves_no_process(new_home):
    """Broken off while the workers start: exit code 130, no traceback, nothing left."""
    home = new_home()
    command = home.start("demo", "--applications", "4000")
    until(lambda: any("app.worker" in name for name in home.processes().values()), 60)
    command.ctrl_c()
    assert command.ended() == 130
    assert "Traceback" not in command.stderr
    assert home.processes() == {}

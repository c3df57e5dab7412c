"""A home whose database is migrated and holds the manual, copied for every test that wants one."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.applications import sample_applications
from tests.e2e.processes import Home

NewHome = Callable[..., Home]
DECLINED_ROW = 10


@pytest.fixture(scope="session")
def first_home(tmp_path_factory) -> Path:
    """The home that one command has used: its first run migrated the database and took the manual in."""
    home = Home(tmp_path_factory.mktemp("first") / "home")
    command = home.run("ask", "What is the longest term?")
    assert command.process.returncode == 0, command.stderr
    assert not home.processes()
    return home.path


@pytest.fixture(scope="session")
def new_home(first_home, tmp_path_factory) -> NewHome:
    """Makes a home of one's own, a copy of the first one, with these variables."""

    def make(**variables: str) -> Home:
        path = tmp_path_factory.mktemp("home") / "home"
        subprocess.run(["cp", "-a", first_home, path], check=True)  # with its owner, where that is another
        return Home(path, variables)

    return make


@pytest.fixture(scope="session")
def declined() -> dict[str, Any]:
    """A request with a real application that two knock-outs and the score decline."""
    row = sample_applications()[DECLINED_ROW - 1]
    return {"product": "consumer-loan", "external_id": row.external_id, "application": dict(row.application)}

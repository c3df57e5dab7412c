"""A cluster made once, and the processes that belong to it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.sandbox.postgres import embedded_postgres, find_programs

ROOT = Path(__file__).parents[2]
PROGRAMS = find_programs()
PATIENCE_S = 30.0
NOBODY = 65534


@dataclass(frozen=True)
class Home:
    """A CREDENCE_HOME and what runs for it."""

    path: Path

    def command(self, python: str = sys.executable, *, nobody: bool = False) -> "subprocess.Popen[str]":
        """Another process that uses the server, in a process group of its own."""
        return subprocess.Popen(
            [python, "-m", "tests.sandbox.postgres_command", str(self.path), str(PROGRAMS / "psql")],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(PROGRAMS.parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=NOBODY if nobody else None,
            group=NOBODY if nobody else None,
            extra_groups=() if nobody else None,
        )

    def processes(self) -> dict[int, str]:
        """Keeper and Postgres processes of this home by process id: their command lines."""
        found = {}
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                works_in = str((folder / "cwd").readlink())
                if f"{self.path}/postgres" in works_in or ("keeper" in line and str(self.path) in line):
                    found[int(folder.name)] = line
        return found

    def keeper(self) -> int:
        """The keeper's process id."""
        (pid,) = [pid for pid, line in self.processes().items() if "app.sandbox.keeper" in line]
        return pid

    def postmaster(self) -> int:
        """The process id of Postgres itself: a child that it has just made still looks the same."""
        servers = {pid for pid, line in self.processes().items() if "/bin/postgres " in line}
        (pid,) = [pid for pid in servers if parent_of(pid) not in servers]
        return pid

    def kill_all(self) -> None:
        """SIGKILL to keeper and Postgres, all of it."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    """The parent's process id, 0 where the process is gone."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    return 0


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds; fail after half a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a cluster in it."""
    made = Home(tmp_path_factory.mktemp("made") / "home")
    with embedded_postgres(made.path):
        pass
    return made


@pytest.fixture
def home(made_home: Home) -> Iterator[Home]:
    """A home with a cluster and nothing running; what still runs for it afterwards is killed."""
    assert made_home.processes() == {}
    yield made_home
    made_home.kill_all()
    until(lambda: made_home.processes() == {})

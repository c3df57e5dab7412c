"""The parent keeps its children running, and none outlives it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.supervisor import CannotListen, ChildFailed, Program, kept_running, listening_socket

CHILD = """
import os, pathlib, signal, sys
from app import lifeline
lifeline.follow_parent()
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
signal.pause()
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program that leaves a file named by its pid and waits for a signal."""
    (tmp_path / "sleeper.py").write_text(CHILD)
    (tmp_path / "pids").mkdir()
    path = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    return Program("sleeper", [str(tmp_path / "pids")], environment={"PYTHONPATH": path})


def pids(program: Program) -> set[int]:
    """The processes that the program ever was."""
    return {int(path.name) for path in Path(program.arguments[0]).iterdir()}


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for it; TimeoutError when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_killed_child_is_started_again_and_ended_with_the_block(child):
    """A child that dies by a signal comes back; leaving the block ends the one that runs then."""
    async with kept_running(child):
        await until(lambda: len(pids(child)) == 1)
        (first,) = pids(child)
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(pids(child)) == 2)
        (second,) = pids(child) - {first}
        assert alive(second)
    assert not alive(second)


async def test_a_child_that_cannot_start_is_given_up_by_name():
    """A child that ends with an error at each start fails the future, naming module and code."""
    async with kept_running(Program("no_such_module_at_all", most_false_starts=1)) as failure:
        with pytest.raises(ChildFailed, match="no_such_module_at_all ended with code 1"):
            await asyncio.wait_for(failure, 60)


async def test_children_end_when_their_parent_is_killed(child, tmp_path):
    """`kill -9` of the parent leaves no child behind."""
    script = (
        "import asyncio, sys\n"
        "from app.supervisor import Program, kept_running\n"
        "async def main():\n"
        "    async with kept_running(Program('sleeper', [sys.argv[1]])):\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *child.arguments], env={**os.environ, **child.environment}
    )
    try:
        await until(lambda: len(pids(child)) == 1)
    finally:
        parent.kill()
        parent.wait()
    (pid,) = pids(child)
    await until(lambda: not alive(pid))


def test_a_port_in_use_is_refused():
    """Binding a port that another socket holds is refused with the address and leaves no socket open."""
    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(CannotListen, match=r"127.*in use"):
        listening_socket("127.0.0.1", taken.getsockname()[1])


async def test_a_stop_is_prompt_while_a_child_is_down(child):
    """Leaving the block does not wait out the pause before a restart."""
    program = Program("no_such_module_at_all", most_false_starts=50)
    started = time.monotonic()
    async with kept_running(program):
        await asyncio.sleep(1.0)
    assert time.monotonic() - started < 4

"""The command as a real process, in a home of its own, and every process that belongs to that home."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
READY = re.compile(r"^Credence (http://\S+) is ready", re.MULTILINE)
START_S = 60.0
ENDED_WITHIN_S = 40.0


@dataclass(frozen=True)
class Home:
    """A folder for one embedded database, and the variables that its commands run with."""

    path: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """This machine's variables without Credence's and OpenTelemetry's own, and the home's."""
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("CREDENCE_", "OTEL_"))}
        ours = {"CREDENCE_HOME": str(self.path), "PYTHONPATH": str(ROOT)}
        return {**inherited, **ours, **self.variables}

    def with_variables(self, more: Mapping[str, str]) -> "Home":
        """The same home for a command with these variables too."""
        return Home(self.path, {**self.variables, **more})

    def start(self, *arguments: str) -> "Command":
        """Start `credence` with these arguments, as a terminal would: in a process group of its own."""
        self.path.mkdir(exist_ok=True)
        log = self.path.with_name(f"{self.path.name}-{time.monotonic_ns()}")
        out, err = log.with_suffix(".out"), log.with_suffix(".err")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *arguments],
                env=self.environment,
                cwd=self.path,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        return Command(process, out, err)

    def run(self, *arguments: str) -> "Command":
        """Run `credence` to its end."""
        command = self.start(*arguments)
        command.process.wait(START_S)
        return command

    def processes(self) -> dict[int, str]:
        """Every process that belongs to this home, by pid, with its command line; zombies do not count."""
        marks = str(self.path).encode()
        return {pid: name for pid, name in _processes() if marks in _traces(pid)}


@dataclass
class Command:
    """A started command, and what it has written so far."""

    process: subprocess.Popen[bytes]
    _out: Path
    _err: Path

    @property
    def stdout(self) -> str:
        """Standard output so far."""
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        """Standard error so far."""
        return self._err.read_text()

    def ended(self, within_s: float = ENDED_WITHIN_S) -> int:
        """The exit code; subprocess.TimeoutExpired where it goes on."""
        return self.process.wait(within_s)

    def ctrl_c(self) -> None:
        """What a terminal sends: SIGINT to the whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """`kill -9` of this process alone."""
        self.process.kill()
        self.process.wait()


@dataclass
class Service:
    """A service that said it is ready."""

    command: Command
    url: str

    def client(self) -> httpx.Client:
        """A client of its HTTP face."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rsplit(":", 1)[1])


def start_service(home: Home, *arguments: str) -> Service:
    """`credence serve` on a free port, when it has printed its ready line."""
    command = home.start("serve", "--port", "0", *arguments)

    def ready() -> bool:
        assert command.process.poll() is None, command.stderr
        return READY.search(command.stdout) is not None

    until(ready, START_S)
    found = READY.search(command.stdout)
    assert found is not None
    return Service(command, found[1])


@contextmanager
def service(home: Home, *arguments: str) -> Iterator[Service]:
    """A service for the length of the block, ended by SIGTERM."""
    running = start_service(home, *arguments)
    try:
        yield running
    finally:
        running.command.process.terminate()
        running.command.ended()


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it holds; fails when it does not within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def _processes() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                name = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if state not in "ZX":
                    yield int(folder.name), name


def parent_of(pid: int) -> int:
    """The parent's process id, 0 where the process is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _traces(pid: int) -> bytes:
    """Whatever tells whose process it is: its command line, its variables, its folder."""
    found = b""
    for read in (
        lambda folder: (folder / "cmdline").read_bytes(),
        lambda folder: (folder / "environ").read_bytes(),
        lambda folder: os.fsencode((folder / "cwd").readlink()),
    ):
        with suppress(OSError):
            found += read(Path("/proc", str(pid)))
    return found

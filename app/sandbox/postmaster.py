"""One embedded Postgres server as a child of its keeper: where it lies, how it starts and how it stops.

Nothing here trusts a process id in a file. `server.lock` is inherited by every process of Postgres:
whoever gets that lock knows that none of them is left, and that their pid and socket files are stale.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.sandbox.privileges import Account, becoming

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # One server without replicas: a smaller log, and nobody to send it to.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # What each statement costs, for whoever installs the extension: `make bench` does.
    "shared_preload_libraries": "pg_stat_statements",
    # Every query here is short: compiling one costs more than running it.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement's detail would put a row's values, an applicant's name, into the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
_INITDB = (
    "--username=postgres",
    "--auth=trust",  # the socket's folder is closed to everybody else
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
_LOG_BYTES = 1_000_000
_FAST_STOP_S = 15.0
_IMMEDIATE_STOP_S = 5.0
_LOCK_WAIT_S = 45.0


class PostmasterFailed(Exception):
    """The server cannot be started; the message is meant for the user of the command."""


@dataclass(frozen=True)
class Layout:
    """Where things lie below CREDENCE_HOME. Pure: two commands with one home agree on every path."""

    home: Path

    @property
    def folder(self) -> Path:
        """Everything of the embedded server."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the keeper and Postgres say."""
        return self.folder / "log"

    @property
    def run(self) -> Path:
        """The folder of the sockets, outside home where its path is too long for a socket."""
        run = self.folder / "run"
        if len(os.fsencode(run / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES:
            return run
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"credence-{digest}"  # noqa: S108 - created 0700, refused if another's

    @property
    def keeper_socket(self) -> Path:
        """Where users join."""
        return self.run / "keeper"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper as long as it lives."""
        return self.folder / "keeper.lock"

    @property
    def server_lock(self) -> Path:
        """Held by every process of Postgres as long as one lives."""
        return self.folder / "server.lock"

    def hand_over(self, account: Account) -> None:
        """Give the account the files that it shares with us; a log that has become long starts anew."""
        account.own(self.log, self.keeper_lock)
        if self.log.stat().st_size > _LOG_BYTES:
            os.truncate(self.log, 0)

    @contextlib.contextmanager
    def run_folder(self, account: Account) -> Iterator[None]:
        """The folder of the sockets, open to the account alone, while it is needed.

        A stranger's folder is refused. A killed server's files in it stay for the next one to remove.
        """
        with contextlib.suppress(FileExistsError):
            self.run.mkdir(mode=0o700)
            account.own(self.run)
        found = self.run.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise PostmasterFailed(f"{self.run} is not a folder of our own: remove it")
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self.run.rmdir()


class Postmaster:
    """One Postgres server at a time, as our child."""

    def __init__(self, layout: Layout, programs: Path, account: Account) -> None:
        self._layout = layout
        self._programs = programs
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._lock_wanted_since = 0.0
        self.ready = False

    def tend(self) -> None:
        """One step towards a ready server; raises PostmasterFailed where it cannot start."""
        if self._process is None:
            self._start()
        elif self._process.poll() is not None:
            if not self.ready:
                raise PostmasterFailed(f"Postgres did not start: {self._last_words()}")
            self._process, self.ready = None, False
        elif not self.ready:
            self.ready = self._says_ready()

    def stop(self) -> None:
        """Fast, then immediate, then by force; returns when the server is gone."""
        if self._process is None:
            return
        for how, patience_s in ((signal.SIGINT, _FAST_STOP_S), (signal.SIGQUIT, _IMMEDIATE_STOP_S)):
            self._process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
                return
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        """Start Postgres as soon as nothing of an earlier server is left."""
        lock = self._lock()
        if lock is None:
            return
        try:
            self._prepare(lock)
            options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
            directory = str(self._layout.run).replace('"', '""')
            options.append(f'--unix_socket_directories="{directory}"')
            self._process = self._spawn(
                "postgres", signal.SIGINT, lock, "-D", str(self._layout.data), *options
            )
        finally:
            os.close(lock)

    def _lock(self) -> int | None:
        """The server's lock as a descriptor, or None while an earlier server still holds it."""
        descriptor = os.open(self._layout.server_lock, os.O_RDWR | os.O_CREAT, 0o600)
        self._account.own(self._layout.server_lock)
        self._lock_wanted_since = self._lock_wanted_since or time.monotonic()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() - self._lock_wanted_since > _LOCK_WAIT_S:
                raise PostmasterFailed(f"an earlier server still holds {self._layout.server_lock}") from None
            return None
        self._lock_wanted_since = 0.0
        return descriptor

    def _prepare(self, lock: int) -> None:
        """A cluster, and none of the files that a dead server left behind."""
        for stale in (
            self._layout.data / "postmaster.pid",
            self._layout.run / _SOCKET_NAME,
            self._layout.run / f"{_SOCKET_NAME}.lock",
        ):
            stale.unlink(missing_ok=True)
        if not self._layout.data.exists():
            self._create_cluster(lock)

    def _create_cluster(self, lock: int) -> None:
        """Made aside and renamed when whole, so that a kill in between leaves no half cluster."""
        draft = self._layout.data.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._account.own(draft)
        process = self._spawn("initdb", signal.SIGKILL, lock, "-D", str(draft), *_INITDB)
        if process.wait() != 0:
            raise PostmasterFailed(f"initdb failed: {self._last_words()}")
        draft.rename(self._layout.data)

    def _spawn(
        self, program: str, on_our_end: signal.Signals, lock: int, *arguments: str
    ) -> subprocess.Popen[bytes]:
        path = self._programs / program
        return subprocess.Popen(  # noqa: S603 - the programs of the package, our own arguments
            [str(path), *arguments],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            pass_fds=(lock,),
            preexec_fn=becoming(self._account, path, on_our_end),  # noqa: PLW1509 - the keeper has one thread
        )

    def _says_ready(self) -> bool:
        """Postgres writes its state into the eighth line of postmaster.pid, which pg_ctl reads too."""
        try:
            lines = (self._layout.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        """The end of the log, for a message."""
        lines = self._layout.log.read_text(errors="replace").splitlines()
        return "\n".join([f"the end of {self._layout.log} says", *lines[-8:]])

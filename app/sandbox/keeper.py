"""The keeper of an embedded Postgres: a small process that lives as long as somebody uses the server.

A user is an open connection to the keeper's socket. The kernel closes it however its process ends, so
the keeper always learns of it; when the last is gone it stops Postgres and ends. It starts a Postgres
that died again. Postgres in turn is stopped by the kernel when the keeper dies (see `privileges`).

To each user the keeper writes one JSON line, {"ready": true} or {"error": "..."}; a connection that ends
before that line means "I am on my way out, start another". Started by `app.sandbox.postgres`.
"""

import contextlib
import fcntl
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

from app.sandbox.postmaster import Layout, Postmaster, PostmasterFailed
from app.sandbox.privileges import Account, account_for

_TICK_S = 0.02
_IDLE_TICK_S = 0.1


class Keeper:
    """Users on one side, Postgres on the other."""

    def __init__(self, layout: Layout, account: Account, postmaster: Postmaster) -> None:
        self._layout = layout
        self._account = account
        self._postmaster = postmaster
        self._selector = selectors.DefaultSelector()
        self._door = socket.socket(socket.AF_UNIX)
        self._users: set[socket.socket] = set()
        self._greeted: set[socket.socket] = set()
        self._leaving: set[socket.socket] = set()
        self._told_to_stop = False

    def keep(self, first_user: socket.socket) -> None:
        """Until the last user has left, or SIGTERM; why it cannot is told to every user."""
        for how in (signal.SIGTERM, signal.SIGINT):
            signal.signal(how, lambda *_: setattr(self, "_told_to_stop", True))
        self._admit(first_user)
        try:
            self._layout.hand_over(self._account)
            with self._layout.run_folder(self._account):
                self._keep()
        except (PostmasterFailed, OSError, subprocess.SubprocessError) as error:
            for user in self._users:
                _tell(user, {"error": str(error)})

    def _keep(self) -> None:
        try:
            self._open_door()
            while self._users and not self._told_to_stop:
                self._postmaster.tend()
                self._greet()
                self._watch_users()
        finally:
            self._close_door()
            self._postmaster.stop()

    def _open_door(self) -> None:
        self._layout.keeper_socket.unlink(missing_ok=True)
        self._door.bind(str(self._layout.keeper_socket))
        self._door.listen(128)
        self._door.setblocking(False)
        self._selector.register(self._door, selectors.EVENT_READ)

    def _close_door(self) -> None:
        """Who knocks from now on is refused, and starts a keeper of its own that waits for our end."""
        self._layout.keeper_socket.unlink(missing_ok=True)
        self._door.close()

    def _watch_users(self) -> None:
        for key, _ in self._selector.select(_IDLE_TICK_S if self._postmaster.ready else _TICK_S):
            if key.fileobj is self._door:
                with contextlib.suppress(BlockingIOError):
                    self._admit(self._door.accept()[0])
            elif isinstance(key.fileobj, socket.socket):
                self._dismiss(key.fileobj)
        if self._users:
            while self._leaving:
                self._leaving.pop().close()

    def _admit(self, user: socket.socket) -> None:
        self._users.add(user)
        self._selector.register(user, selectors.EVENT_READ)

    def _dismiss(self, user: socket.socket) -> None:
        """A user never writes: something to read is its end. The last one's wait lasts until ours."""
        self._selector.unregister(user)
        self._users.discard(user)
        self._greeted.discard(user)
        self._leaving.add(user)

    def _greet(self) -> None:
        if self._postmaster.ready:
            for user in self._users - self._greeted:
                _tell(user, {"ready": True})
                self._greeted.add(user)


def _tell(user: socket.socket, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        user.sendall(json.dumps(message).encode() + b"\n")


def _become_sole(layout: Layout, user: socket.socket) -> bool:
    """True with the keeper's lock in hand until we end; False if another keeper serves, or nobody waits."""
    lock = os.open(layout.keeper_lock, os.O_RDWR | os.O_CREAT, 0o600)
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        with socket.socket(socket.AF_UNIX) as other, contextlib.suppress(OSError):
            other.connect(str(layout.keeper_socket))
            return False
        if select.select([user], [], [], _TICK_S)[0]:
            return False


def main() -> None:
    """`python -m app.sandbox.keeper HOME PROGRAMS DESCRIPTOR`: the descriptor is the first user."""
    home, programs, descriptor = sys.argv[1:]
    if os.fork():
        # The starter waits for this process alone, so that it never has the keeper as a zombie.
        os._exit(0)
    layout, user = Layout(Path(home)), socket.socket(fileno=int(descriptor))
    try:
        if _become_sole(layout, user):
            account = account_for(layout.folder)
            Keeper(layout, account, Postmaster(layout, Path(programs), account)).keep(user)
    except OSError as error:
        _tell(user, {"error": str(error)})
    # The kernel closes the last user's connection, at the very end: who saw it end sees no keeper any more.
    os._exit(0)


if __name__ == "__main__":
    main()

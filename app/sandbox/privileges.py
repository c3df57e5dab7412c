"""How a child of root runs as somebody else, for Postgres refuses to run as root (Linux only).

No folder's mode is changed for it: where a folder above the database is closed (0700), the child keeps
the one capability that lets it pass.
"""

import ctypes
import os
import pwd
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2


@dataclass(frozen=True)
class Account:
    """The user and group that a process runs as."""

    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        """Make these files belong to the account; nothing happens unless we are root."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self.uid, self.gid)


def account_for(folder: Path) -> Account:
    """Who runs the server of this folder: ourselves, or as root the folder's owner, or `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    owner = folder.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def becoming(account: Account, program: Path, on_parents_end: signal.Signals) -> Callable[[], None]:
    """What a child does between fork and exec: become the account, and get that signal when we end."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()
    is_root = os.geteuid() == 0
    # Reading and passing folders is enough, unless the program itself is closed to others (umask 077).
    enough = _CAP_DAC_READ_SEARCH if program.stat().st_mode & 0o001 else _CAP_DAC_OVERRIDE

    def become() -> None:
        if is_root:
            _step_down(libc, account, enough)
        libc.prctl(_PR_SET_PDEATHSIG, int(on_parents_end), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return become


def _step_down(libc: ctypes.CDLL, account: Account, enough: int) -> None:
    """From root to the account, with the least capability that still opens closed folders."""
    # Keep capabilities over setuid, and let access(2), by which Postgres looks for its programs, heed them.
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    # Containers often hold the second only. With neither, closed folders stay closed.
    _ = _keep_only(libc, enough) or _keep_only(libc, _CAP_DAC_OVERRIDE) or _set_capabilities(libc, 0)


def _keep_only(libc: ctypes.CDLL, capability: int) -> bool:
    """Drop every capability but this one, which then outlives exec; False where it is not ours."""
    if not _set_capabilities(libc, 1 << capability):
        return False
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    return True


def _set_capabilities(libc: ctypes.CDLL, mask: int) -> bool:
    """Set the effective, permitted and inheritable set; False where that would be a gain."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    return bool(libc.capset(header, sets) == 0)

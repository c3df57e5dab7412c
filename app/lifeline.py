"""A pipe that tells a child process that its parent is gone, however it went.

The parent holds the write end and never writes; when it dies, even by `kill -9`, the kernel closes the
pipe and the child's read returns. This works on every POSIX system, with no polling.
"""

import os
import signal
import threading

VARIABLE = "CREDENCE_LIFELINE_FD"
GRACE_S = 20.0


def follow_parent() -> None:
    """End this process as SIGTERM would when the parent that set the lifeline is gone.

    Does nothing where no parent set one. A process that has not ended GRACE_S after the signal is ended hard.
    """
    fd = os.environ.pop(VARIABLE, None)
    if fd is not None:
        threading.Thread(target=_wait, args=(int(fd),), name="lifeline", daemon=True).start()


def _wait(fd: int) -> None:
    while os.read(fd, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_S)
    os._exit(1)

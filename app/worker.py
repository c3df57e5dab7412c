"""One worker of the service: `python -m app.worker FD`, FD a listening socket that the parent bound."""

import gc
import socket
import sys

import uvicorn

from app.lifeline import follow_parent
from app.logs import configure_logs
from app.main import create_app
from app.metrics import forget_the_dead
from app.settings import load_settings

GRACE_S = 10
"""How long a request that runs may still take once the worker is asked to end, in seconds."""


def main() -> None:
    """Serve until SIGTERM or until the parent is gone; requests that run are answered first."""
    follow_parent()
    forget_the_dead()
    settings = load_settings(env_file=None)
    configure_logs(settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    _spare_the_collector()
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


def _spare_the_collector() -> None:
    """What is loaded now stays for good: the garbage collector need not walk it again and again.

    A decision makes some hundreds of objects and frees them by their counts; looking for cycles after
    each decision finds none.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


if __name__ == "__main__":
    main()

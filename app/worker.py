"""One worker of the service: `python -m app.worker FD`, FD a listening socket that the parent bound."""

import socket
import sys

import uvicorn

from app.lifeline import follow_parent
from app.logs import configure_logs
from app.main import create_app
from app.settings import load_settings

GRACE_S = 10
"""How long a request that runs may still take once the worker is asked to end, in seconds."""


def main() -> None:
    """Serve until SIGTERM or until the parent is gone; requests that run are answered first."""
    follow_parent()
    settings = load_settings(env_file=None)
    configure_logs(settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()

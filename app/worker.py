"""One worker of the service: `python -m app.worker LISTENING GATE`, two inherited file descriptors.

The first is a listening socket that the parent bound. The second is the read end of a pipe: the worker
gets ready while the database still starts and answers nobody until the parent has closed the other end.
"""

import asyncio
import os
import signal
import socket
import sys

import uvicorn
import uvloop

from app.collector import spare_the_collector
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
    listening, gate = (int(argument) for argument in sys.argv[1:3])
    uvloop.run(serve(socket.socket(fileno=listening), gate))


async def serve(listening: socket.socket, gate: int) -> None:
    """Open the services, wait for the gate, serve; what was opened is closed in reverse."""
    settings = load_settings(env_file=None)
    configure_logs(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    async with app.router.lifespan_context(app):
        spare_the_collector()
        await _opened(gate)
        server = uvicorn.Server(config)
        # Once it has ended, uvicorn raises the signal again: what is open must still be closed then.
        signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
        await server.serve(sockets=[listening])


async def _opened(gate: int) -> None:
    """Return once the other end of the pipe is closed."""
    loop, opened = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(gate, opened.set)
    await opened.wait()
    loop.remove_reader(gate)
    os.close(gate)


if __name__ == "__main__":
    main()

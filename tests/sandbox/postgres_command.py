"""A command that uses the embedded server, as a process of its own; arguments: home, psql.

It says `ready`, waits for the end of its input or for Ctrl-C, uses the server once more, and leaves.
"""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.sandbox.postgres import embedded_postgres


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _main(home: str, psql: str) -> None:
    # A shell that runs the tests in its background has Ctrl-C ignored, and so would all below it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with embedded_postgres(Path(home)) as server:
        try:
            _say("ready")  # whoever reads it may send Ctrl-C before this line is left
            sys.stdin.read()
        except KeyboardInterrupt:
            _say("interrupted")
        folder = parse_qs(urlsplit(server.url).query)["host"][0]
        query = [psql, "-h", folder, "-U", "postgres", "-Atc", "select 'used'"]
        _say(subprocess.run(query, check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    _main(*sys.argv[1:])

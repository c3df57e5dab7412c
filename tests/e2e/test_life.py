"""The life of `credence serve`: it starts, is told to end or is killed, and leaves things right each time."""

import os
import signal
import socket

import httpx

from tests.e2e.processes import Home, Service, parent_of, service, start_service, until

PARTS = {"serve", "app.worker", "model_server", "keeper", "postgres -D"}
KEY = {"Idempotency-Key": "once-and-for-all"}


def decide(running: Service, request: dict[str, object], **headers: str) -> httpx.Response:
    """Ask for a decision without words."""
    with running.client() as client:
        return client.post("/v1/decisions", json={**request, "explain": "none"}, headers=headers)


def is_free(port: int) -> bool:
    """Whether another process could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def named(home: Home, part: str) -> set[int]:
    """The home's processes with this in their command line, but for the copies they make of themselves."""
    found = {pid for pid, name in home.processes().items() if part in name}
    return {pid for pid in found if parent_of(pid) not in found}


def test_what_is_killed_comes_back(new_home, declined):
    """A worker and then PostgreSQL are killed hard: the service decides again by itself, and ends as told."""
    home = new_home()
    with service(home, "--workers", "1") as running:
        assert {part for part in PARTS if named(home, part)} == PARTS
        for part in ("app.worker", "postgres -D"):
            victims = named(home, part)
            assert len(victims) == 1, home.processes()
            os.kill(next(iter(victims)), signal.SIGKILL)
            until(lambda: named(home, part) - victims, 15)  # noqa: B023 - called before the next turn
            until(lambda: answers(running, declined), 15)
    assert_ended(home, running)


def answers(running: Service, request: dict[str, object]) -> bool:
    """Whether it decides."""
    try:
        return decide(running, request).status_code == 201
    except httpx.TransportError:
        return False


def assert_ended(home: Home, running: Service) -> None:
    """Exit code 0, one line about the end, no process left, the port free."""
    assert running.command.ended() == 0
    assert home.processes() == {}
    assert is_free(running.port)
    told = [line for line in running.command.stderr.splitlines() if not line.startswith("{")]
    assert told == ["Ending: requests that run are answered first."]


def test_killed_hard_it_leaves_nothing_and_starts_again_where_it_was(new_home, declined):
    """`kill -9` of the parent: nothing outlives it; a restart gives the same bytes for
    the same key, and ends with Ctrl-C."""
    home = new_home()
    running = start_service(home)
    first = decide(running, declined, **KEY)
    assert first.status_code == 201
    running.command.kill()
    until(lambda: not home.processes(), 15)
    assert is_free(running.port)
    again = start_service(home)
    assert decide(again, declined, **KEY).content == first.content
    other = decide(again, {**declined, "external_id": "another"}, **KEY)
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    again.command.ctrl_c()
    assert_ended(home, again)


def test_a_port_in_use_is_one_clear_line(new_home):
    """Another process has the port: exit code 1, the port named, nothing left running."""
    home = new_home()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = home.run("serve", "--port", str(port))
    assert command.process.returncode == 1
    assert command.stdout == ""
    [line] = command.stderr.splitlines()
    assert str(port) in line
    assert "in use" in line
    assert home.processes() == {}

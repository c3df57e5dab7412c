"""The life of `credence serve`: it starts, is told to end or is killed, and leaves things right each time."""

import os
import signal
import socket

import httpx
import pytest

from tests.e2e.processes import Home, Service, service, start_service, until

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
    """The home's processes with this in their command line."""
    return {pid for pid, name in home.processes().items() if part in name}


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
def test_told_to_end_it_ends_everything(new_home, how):
    """SIGTERM to the parent or Ctrl-C in the terminal: exit code 0, no process left, the port free."""
    home = new_home()
    running = start_service(home)
    assert {"app.worker", "model_server", "keeper", "serve"} <= {
        part
        for part in ("app.worker", "model_server", "keeper", "serve")
        for name in home.processes().values()
        if part in name
    }
    if how == "SIGTERM":
        running.command.process.terminate()
    else:
        running.command.ctrl_c()
    assert running.command.ended() == 0
    assert home.processes() == {}
    assert is_free(running.port)
    assert running.command.stderr == "Ending: requests that run are answered first.\n"


def test_what_is_killed_comes_back(new_home, declined):
    """A worker and then PostgreSQL are killed hard: the service decides again by itself."""
    home = new_home()
    with service(home) as running:
        for part in ("app.worker", "postgres -D"):
            victims = named(home, part)
            assert len(victims) == 1, home.processes()
            os.kill(*victims, signal.SIGKILL)
            until(lambda: named(home, part) - victims, 15)  # noqa: B023 - called before the next turn
            until(lambda: answers(running, declined), 15)
    assert home.processes() == {}


def answers(running: Service, request: dict[str, object]) -> bool:
    """Whether it decides."""
    try:
        return decide(running, request).status_code == 201
    except httpx.TransportError:
        return False


def test_killed_hard_it_leaves_nothing_and_starts_again_where_it_was(new_home, declined):
    """`kill -9` of the parent: nothing outlives it; a restart gives the same bytes for the same key."""
    home = new_home()
    running = start_service(home)
    first = decide(running, declined, **KEY)
    assert first.status_code == 201
    running.command.kill()
    until(lambda: not home.processes(), 10)
    assert is_free(running.port)
    with service(home) as again:
        assert decide(again, declined, **KEY).content == first.content
        other = decide(again, {**declined, "external_id": "another"}, **KEY)
        assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert home.processes() == {}


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


@pytest.mark.parametrize(
    ("variables", "arguments", "named_in_it"),
    [
        ({"CREDENCE_AUTH": "off"}, ["--host", "0.0.0.0"], "CREDENCE_AUTH"),
        ({"CREDENCE_PORT": "eighty"}, [], "CREDENCE_PORT"),
        ({"CREDENCE_PRODUCTS": "/nowhere/at/all"}, ["--port", "0"], "/nowhere/at/all"),
    ],
)
def test_settings_that_cannot_be_followed_are_one_clear_line(
    tmp_path, variables, arguments, named_in_it
):
    """A public address without authentication, a port that is none: exit code 2 and the setting named."""
    home = Home(tmp_path / "home", variables)
    command = home.run("serve", *arguments)
    assert command.process.returncode == 2
    assert command.stdout == ""
    [line] = command.stderr.splitlines()
    assert named_in_it in line
    assert home.processes() == {}

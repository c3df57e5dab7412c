"""The life of the embedded server: real processes, killed in every way."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.sandbox.postgres import EmbeddedPostgresFailed, embedded_postgres
from app.sandbox.postmaster import Layout
from app.storage.engine import open_engine
from tests.sandbox.conftest import NOBODY, PROGRAMS, ROOT, Home, until

SEARCH_PATH = {"PYTHONPATH": str(PROGRAMS.parents[2])}


def ask(url: str, *statements: str) -> object:
    """The first value of the last statement, on a connection of its own."""

    async def run() -> object:
        engine = open_engine(url)
        try:
            async with engine.begin() as connection:
                for statement in statements:
                    result = await connection.execute(sa.text(statement))
                return result.scalar() if result.returns_rows else None
        finally:
            await engine.dispose()

    return asyncio.run(run())


def answers(url: str) -> bool:
    """Whether the server can be asked now."""
    try:
        return ask(url, "select 1") == 1
    except (OSError, DBAPIError):
        return False


def ready(command: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
    """The command once it has its server."""
    assert command.stdout is not None
    assert command.stdout.readline() == "ready\n"
    return command


def finish(command: "subprocess.Popen[str]") -> str:
    """Let the command end in good order; what it said since it was ready."""
    said, _ = command.communicate(timeout=30)
    assert command.returncode == 0, said
    return said


def test_nothing_runs_before_and_after(home: Home):
    """The server runs while it is used, keeps what was stored, and leaves no process and no socket."""
    for expected in (1, 2):
        with embedded_postgres(home.path) as server:
            ask(server.url, "create table if not exists kept (i int)", "insert into kept values (1)")
            assert ask(server.url, "select count(*) from kept") == expected
        assert home.processes() == {}
        assert not Layout(home.path).run.exists()


def test_the_first_start_makes_the_cluster(tmp_path):
    """An absent home is made, for its owner alone, with a cluster in UTF-8, C.UTF-8 and UTC."""
    with embedded_postgres(tmp_path / "new" / "home") as server:
        wanted = {
            "server_encoding": "UTF8",
            "lc_collate": "C",
            "timezone": "UTC",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "",
        }
        shown = {name: ask(server.url, f"select current_setting('{name}', true)") for name in wanted}
        assert shown | {"lc_collate": "C"} == wanted
        locale = "select datlocprovider::text || datlocale || datcollate from pg_database limit 1"
        assert ask(server.url, locale) == "bC.UTF-8C"
        assert ask(server.url, "select extversion from pg_extension", "create extension vector") is None
    assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700


def test_commands_that_start_at_once_share_one_server(home: Home):
    """Four commands started at the same time have one keeper and one Postgres between them."""
    commands = [home.command() for _ in range(4)]
    for command in commands:
        ready(command)
    assert home.keeper()
    assert home.postmaster()
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(finish, commands)) == ["used\n"] * 4
    assert home.processes() == {}


def test_the_last_one_out_stops_it(home: Home):
    """The one who started the server may leave first; the server stays for the other."""
    first, second = ready(home.command()), ready(home.command())
    postmaster = home.postmaster()
    finish(first)
    assert home.postmaster() == postmaster
    assert finish(second) == "used\n"
    assert home.processes() == {}


def test_commands_in_a_row_meet_no_half_stopped_server(home: Home):
    """Commands that come while the server of the one before is stopping start the next one."""
    for _ in range(3):
        leaving = ready(home.command())
        leaving.kill()
        leaving.communicate()
        assert finish(ready(home.command())) == "used\n"
    until(lambda: home.processes() == {})


def test_a_killed_command_leaves_no_server(home: Home):
    """kill -9 of the only command stops its server."""
    command = ready(home.command())
    command.kill()
    command.communicate()
    until(lambda: home.processes() == {})


def test_a_killed_command_leaves_the_others_their_server(home: Home):
    """kill -9 of one command changes nothing for another."""
    with embedded_postgres(home.path) as server:
        command = ready(home.command())
        command.kill()
        command.communicate()
        assert answers(server.url)


def test_a_killed_postgres_comes_back_by_itself(home: Home):
    """kill -9 of Postgres: its keeper starts it again at the same address, with all that was committed."""
    with embedded_postgres(home.path) as server:
        ask(server.url, "drop table if exists t", "create table t as select 1 as i")
        for _ in range(3):
            os.kill(home.postmaster(), signal.SIGKILL)
            until(lambda: answers(server.url))
        assert ask(server.url, "select i from t") == 1
        assert not server.restore()
    assert home.processes() == {}


def test_a_killed_connection_harms_nobody_for_long(home: Home):
    """kill -9 of one connection's process: Postgres recovers and serves the same address."""
    with embedded_postgres(home.path) as server:
        suicide = "copy (select 1) to program 'kill -9 $PPID'"
        with pytest.raises((OSError, DBAPIError)):
            ask(server.url, suicide)
        until(lambda: answers(server.url))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_keeper_is_replaced(home: Home, how: signal.Signals):
    """When the keeper is killed its Postgres ends too, and a user gets another one at the same address."""
    with embedded_postgres(home.path) as server:
        url, postmaster = server.url, home.postmaster()
        ask(url, "drop table if exists t", "create table t as select 1 as i")
        os.kill(home.keeper(), how)
        until(lambda: postmaster not in home.processes())
        until(server.restore)
        assert (server.url, ask(url, "select i from t")) == (url, 1)
    assert home.processes() == {}


async def test_a_watcher_restores_the_server(home: Home):
    """While somebody watches, a server that was killed with its keeper comes back by itself."""
    with embedded_postgres(home.path) as server:
        watcher = asyncio.create_task(server.watch(every_s=0.02))
        for _ in range(2):
            await asyncio.to_thread(home.kill_all)
            await asyncio.to_thread(until, lambda: answers(server.url))
        watcher.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watcher
    assert home.processes() == {}


def test_after_everything_was_killed_the_next_start_is_clean(home: Home):
    """kill -9 of command, keeper and Postgres at once leaves files that the next start is not fooled by."""
    command = ready(home.command())
    home.kill_all()
    command.kill()
    command.communicate()
    assert (Layout(home.path).data / "postmaster.pid").exists()
    assert (Layout(home.path).run / ".s.PGSQL.5432").exists()
    with embedded_postgres(home.path) as server:
        assert answers(server.url)
    assert not Layout(home.path).run.exists()


def test_a_recycled_process_id_fools_nobody(home: Home):
    """Stale files that name a process which lives, but is not Postgres, keep nothing from starting."""
    layout = Layout(home.path)
    layout.run.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(layout.run, "nobody")
    alive = f"{os.getpid()}\n{layout.data}\n1700000000\n5432\n{layout.run}\n\n 0 0\nready   \n"
    for stale in (layout.data / "postmaster.pid", layout.run / ".s.PGSQL.5432.lock"):
        stale.write_text(alive)
    with embedded_postgres(home.path) as server:
        assert answers(server.url)


def test_ctrl_c_leaves_the_server_to_its_user(home: Home):
    """SIGINT to the whole process group, as a terminal sends it: the command can still use its server."""
    command = ready(home.command())
    os.killpg(command.pid, signal.SIGINT)
    assert finish(command) == "interrupted\nused\n"
    assert home.processes() == {}


def test_a_first_start_that_was_killed_can_be_repeated(tmp_path):
    """kill -9 in the middle of making the cluster leaves no half cluster behind."""
    home = Home(tmp_path / "home")
    command = home.command()
    until((home.path / "postgres" / "data.draft" / "base").exists)
    command.kill()
    home.kill_all()
    command.communicate()
    assert not Layout(home.path).data.exists()
    with embedded_postgres(home.path) as server:
        assert answers(server.url)
    assert not (home.path / "postgres" / "data.draft").exists()


def test_closed_folders_stay_closed(home: Home):
    """Below a folder that only its owner may enter the server runs, and no folder's mode changes."""
    folders = [home.path, *home.path.parents]
    home.path.chmod(0o700)
    home.path.parent.chmod(0o700)
    modes = [folder.stat().st_mode for folder in folders]
    with embedded_postgres(home.path) as server:
        assert answers(server.url)
        assert [folder.stat().st_mode for folder in folders] == modes
        assert stat.S_IMODE(Layout(home.path).run.stat().st_mode) == 0o700
        assert stat.S_IMODE(Layout(home.path).folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user already")
def test_an_ordinary_user_needs_no_privilege():
    """A user who is not root has the server too, as themselves."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or ""
    imports = "import sys, app.sandbox.keeper, embedded_postgres; assert sys.version_info >= (3, 11)"
    command = [python, "-c", imports]
    try:
        subprocess.run(command, check=True, user=NOBODY, capture_output=True, cwd=ROOT, env=SEARCH_PATH)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("an ordinary user can read neither this folder nor a Python here")
    folder = Path(tempfile.mkdtemp())
    home = Home(folder / "home")
    try:
        shutil.chown(folder, NOBODY)
        assert finish(ready(home.command(python, nobody=True))) == "used\n"
        assert home.processes() == {}
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_gives_the_server_no_more_than_it_needs(home: Home):
    """Under root, Postgres is `nobody` with the one capability that lets it pass closed folders."""
    with embedded_postgres(home.path):
        status = Path(f"/proc/{home.postmaster()}/status").read_text().splitlines()
        fields = dict(line.split(":\t") for line in status if ":\t" in line)
        assert fields["Uid"].split() == ["65534"] * 4
        capabilities = {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
        assert capabilities == {1 << 2}


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs what is their own")
@pytest.mark.parametrize("forbidden", [0o000, 0o077])
def test_root_runs_programs_that_nobody_else_may_reach(
    home: Home, tmp_path, monkeypatch: pytest.MonkeyPatch, forbidden: int
):
    """An installation below a closed folder, or made under umask 077, runs as it is."""
    tmp_path.chmod(0o700)
    site = PROGRAMS.parents[2]
    for package in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / package, tmp_path / package, symlinks=True)
    programs = tmp_path / PROGRAMS.relative_to(site)
    for program in programs.iterdir():
        program.chmod(program.stat().st_mode & ~forbidden)
    monkeypatch.setattr("app.sandbox.postgres.find_programs", lambda: programs)
    with embedded_postgres(home.path) as server:
        assert answers(server.url)
        assert str(programs) in home.processes()[home.postmaster()]


def test_a_long_path_has_a_short_socket(home: Home, tmp_path):
    """A home whose path is too long for a socket has its sockets elsewhere, and removes them."""
    deep = Home(tmp_path / ("long" * 30) / "home")
    deep.path.parent.mkdir()
    home.path.rename(deep.path)
    run = Layout(deep.path).run
    with embedded_postgres(deep.path) as server:
        assert answers(server.url)
        assert not run.is_relative_to(home.path.parent)
    assert not run.exists()
    deep.path.rename(home.path)


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_strangers_socket_folder_is_refused(home: Home, mode: int):
    """A socket folder that is open to others is not used; the error names it."""
    run = Layout(home.path).run
    run.mkdir()
    run.chmod(mode)
    with pytest.raises(EmbeddedPostgresFailed, match=f"{run} is not a folder of our own"):
        embedded_postgres(home.path).__enter__()
    run.rmdir()
    until(lambda: home.processes() == {})


def test_a_cluster_of_another_version_is_named(home: Home):
    """Why Postgres does not start is in the error, and nothing keeps running."""
    version = Layout(home.path).data / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(EmbeddedPostgresFailed, match="database files are incompatible"):
        embedded_postgres(home.path).__enter__()
    version.write_text("18\n")
    until(lambda: home.processes() == {})


def test_a_home_that_cannot_be_is_named(tmp_path):
    """A home that is a file is refused with its path."""
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresFailed, match="file"):
        embedded_postgres(tmp_path / "file").__enter__()


def test_a_keeper_that_cannot_begin_says_why(tmp_path):
    """What keeps the keeper from beginning is told to the command at once."""
    (tmp_path / "postgres" / "keeper.lock").mkdir(parents=True)
    with pytest.raises(EmbeddedPostgresFailed, match=r"keeper\.lock"):
        embedded_postgres(tmp_path).__enter__()


def test_the_log_keeps_no_row(home: Home):
    """A refused row stands in the error of who sent it, and not in the server's log."""
    with embedded_postgres(home.path) as server, pytest.raises(IntegrityError):
        ask(
            server.url,
            "create temp table p (name text check (name = ''))",
            "insert into p values ('Ana Ruiz')",
        )
    assert "Ana Ruiz" not in Layout(home.path).log.read_text()

"""The command line in this process: the real entry point, a real database, the real reference model APIs."""

import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

import app.cli
from app.sandbox.applications import sample_applications
from app.storage.engine import open_engine
from decisioning.product import PRODUCTS
from retrieval.ingest import ingest_paths
from tests.app.conftest import FakeEmbedder
from tests.conftest import ROOT, fresh_database

MANUAL = sorted((PRODUCTS / "consumer_loan" / "manual").glob("*.md"))


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines; fails where anything else is on it."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON line of standard output."""
        [line] = self.lines
        return line

    @property
    def complaint(self) -> str:
        """The one line on standard error, of a command that wrote nothing else."""
        assert self.out == b""
        [line] = self.err.splitlines()
        return line


Credence = Callable[..., Ran]


@pytest.fixture
def credence(monkeypatch, capsysbinary, tmp_path) -> Credence:
    """Runs the command with these arguments in a folder of its own; no variable of this machine counts."""
    for name in [name for name in os.environ if name.startswith(("CREDENCE_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CREDENCE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(app.cli, "configure_logs", lambda _: None)

    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["credence", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            with capture_logs():
                app.cli.main()
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsysbinary.readouterr()
        return Ran(code, out, err.decode())

    return run


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def manual_database(postgres_server, template_database) -> AsyncIterator[str]:
    """A migrated database that holds the manual of consumer-loan."""
    async with fresh_database(postgres_server, template_database) as url:
        engine = open_engine(url)
        report = await ingest_paths(engine, MANUAL, FakeEmbedder(), supersede=True)
        await engine.dispose()
        assert not report.refused
        yield url.rpartition("/")[2].partition("?")[0]


@pytest.fixture
async def lender(postgres_server, manual_database, monkeypatch, credence) -> AsyncIterator[Credence]:
    """The command on a database of its own, by URL, migrated and with the manual in it."""
    async with fresh_database(postgres_server, manual_database) as url:
        monkeypatch.setenv("CREDENCE_DATABASE_URL", url)
        yield credence


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Mapping[str, str]]:
    """The reference model APIs as `credence sandbox` serves them: their addresses by name."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "sandbox", "--scoring-port=0", "--pricing-port=0", "--json"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(15) == 0


@pytest.fixture
def deciding(lender: Credence, sandbox: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Credence:
    """The command with model APIs as well."""
    monkeypatch.setenv("CREDENCE_SCORING_URL", sandbox["scoring"])
    monkeypatch.setenv("CREDENCE_PRICING_URL", sandbox["pricing"])
    return lender


def applications(count: int) -> list[bytes]:
    """The first real applications, a JSON line each."""
    return [json.dumps(dict(row.application)).encode() + b"\n" for row in sample_applications()[:count]]

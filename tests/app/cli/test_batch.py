"""A file of any length goes through the commands piece by piece, and a killed run is gone on with."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import asyncpg
import pytest

from app.cli.batch import LONGEST_LINE, PIECE_BYTES, lines_as_they_come
from tests.app.cli.conftest import applications
from tests.conftest import ROOT

STANDARD_INPUT = Path("-")


@pytest.fixture
def pipe(monkeypatch) -> Iterator[int]:
    """The end to write into of a pipe that is our standard input."""
    read, write = os.pipe()
    with os.fdopen(read) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        yield write


async def test_a_line_is_given_before_the_next_one_comes(pipe):
    """Whoever waits for an answer before it sends the next line gets it; meanwhile the loop goes on."""
    async with aclosing(lines_as_they_come(STANDARD_INPUT)) as lines:
        for number in range(1, 4):
            coming = asyncio.ensure_future(anext(lines))
            await asyncio.sleep(0.01)
            assert not coming.done()
            os.write(pipe, b"%d\n" % number)
            assert await coming == [(number, b"%d" % number)]
        os.close(pipe)
        assert [text async for together in lines for _, text in together] == []


async def test_lines_are_the_same_however_they_are_cut(tmp_path):
    """Lines across pieces, blank ones, a mark at the start and no newline at the end: numbered right."""
    texts = [b"%d " % n + b"x" * (n * 997 % PIECE_BYTES) if n % 7 else b"" for n in range(1, 200)]
    (tmp_path / "in").write_bytes(b"\xef\xbb\xbf" + b"\n".join(texts))
    found = [each async for together in lines_as_they_come(tmp_path / "in") for each in together]
    assert found == [(n, text) for n, text in enumerate(texts, 1) if text]


async def test_a_line_without_end_is_not_held(tmp_path):
    """Of a line beyond the limit no more than that is kept, and the lines around it come whole."""
    (tmp_path / "in").write_bytes(b"first\n" + b"x" * (5 * LONGEST_LINE) + b"\nlast")
    found = [each async for together in lines_as_they_come(tmp_path / "in") for each in together]
    assert [number for number, _ in found] == [1, 2, 3]
    assert (found[0][1], found[2][1]) == (b"first", b"last")
    assert LONGEST_LINE < len(found[1][1]) <= LONGEST_LINE + 1 + PIECE_BYTES


def test_a_line_that_is_too_long_is_refused(deciding):
    """It becomes an error line of a sentence; the next one is decided."""
    [good] = applications(1)
    ran = deciding("decide", "-", "--explain=none", stdin=b"[" * (LONGEST_LINE + 1) + b"\n" + good)
    told, decided = ran.lines
    assert told == {"line": 1, "error": f"longer than {LONGEST_LINE} bytes", "errors": []}
    assert decided["outcome"]


async def test_a_run_that_was_killed_is_gone_on_with(deciding, tmp_path):
    """After kill -9 the same command gives the same bytes again, then the rest; none twice, none missing."""
    lines = applications(400)
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines))
    command = [sys.executable, "-m", "app.cli", "decide", str(tmp_path / "in.jsonl"), "--explain=none"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        process.kill()
    await _end_leases(os.environ["CREDENCE_DATABASE_URL"])
    ran = await asyncio.to_thread(deciding, "decide", "in.jsonl", "--explain=none")
    assert ran.out.startswith(told)
    assert [each["requested"]["amount"] for each in ran.lines] == [
        json.loads(line)["amount"] for line in lines
    ]
    assert (
        await _stored(os.environ["CREDENCE_DATABASE_URL"]) == len({each["id"] for each in ran.lines}) == 400
    )


async def _end_leases(url: str) -> None:
    """As if the 30 s had passed after which a dead process's keys are free."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("update idempotency_key set leased_until = now() where response is null")
    await connection.close()


async def _stored(url: str) -> int:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    count: int = await connection.fetchval("select count(*) from decision")
    await connection.close()
    return count

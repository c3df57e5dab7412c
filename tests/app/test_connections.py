"""What only a real server and real sockets show: bodies that are too long, callers that hang up."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.app.conftest import Edge, listening, request_body
from tests.fakes.models import FakeLanguageModel


@pytest.fixture
async def served(settings):
    """The application, and the port of the server that it runs in."""
    edge = Edge(settings, llm=FakeLanguageModel())
    async with listening(edge) as port:
        yield edge, port


@asynccontextmanager
async def posted(port: int, path: str, body: object, **headers: str):
    """A request on a socket of its own that is closed, without reading, at the exit."""
    content = json.dumps(body).encode()
    given = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in (given | headers).items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def until(true) -> None:
    """Wait for it, shortly."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def chunks(count: int):
    """A body of that many 64 KiB chunks, its length not declared."""
    yield b'{"product": "'
    for _ in range(count):
        yield b"x" * (1 << 16)


async def test_a_long_body_is_refused_before_it_is_read(served):
    """10 MB: 413, whether the length is declared or not, and the server goes on."""
    edge, port = served
    url = f"http://127.0.0.1:{port}/v1/decisions"
    headers = {"Content-Type": "application/json"}
    for content in (b"x" * 10_000_000, chunks(160)):
        async with httpx.AsyncClient() as client:
            response = await client.post(url, content=content, headers=headers)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["title"] == "The body is too large"
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, json=request_body())).status_code == 201
    assert await edge.stored() == 1


async def test_a_caller_that_hangs_up_frees_its_key(served):
    """While scoring thinks the caller leaves: the work ends, nothing is stored, the key is free at once."""
    edge, port = served
    edge.scoring.script.delay_s = 1.9
    key = {"Idempotency-Key": "k"}
    async with posted(port, "/v1/decisions", request_body(), **key):
        await until(lambda: edge.scoring.script.asked)
    edge.scoring.script.delay_s = 0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with asyncio.timeout(20):
            while (response := await client.post("/v1/decisions", json=request_body(), headers=key)).is_error:
                assert response.status_code == 409
                await asyncio.sleep(0.02)
    assert len(edge.scoring.script.asked) == 2  # the first one's work ended: its answer is nobody's
    assert await edge.stored() == 1
    assert edge.connections_held() == 0


async def test_a_caller_that_hangs_up_ends_the_llms_work(served):
    """An answer that nobody waits for is not waited for."""
    edge, port = served
    ended = asyncio.Event()

    async def think() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    edge.llm.script.meanwhile = think
    async with posted(port, "/v1/decisions", request_body(explain="sync")):
        await until(lambda: edge.llm.script.asked)
    async with asyncio.timeout(20):
        await ended.wait()
    assert await edge.stored() == 0
    assert edge.connections_held() == 0


async def test_a_caller_that_leaves_is_no_server_error(served):
    """The metric says 499, and no request is counted as failed."""
    edge, port = served
    edge.scoring.script.delay_s = 1.9
    async with posted(port, "/v1/decisions", request_body()):
        await until(lambda: edge.scoring.script.asked)

    def counted() -> set[str]:
        families = edge.services.metrics.registry.collect()
        samples = [
            s for f in families for s in f.samples if s.name == "http_server_request_duration_seconds_count"
        ]
        return {s.labels["http_response_status_code"] for s in samples}

    await until(counted)
    assert counted() == {"499"}


async def test_half_a_body_and_gone(served):
    """A caller that leaves in the middle of its body leaves nothing behind."""
    edge, port = served
    async with posted(port, "/v1/decisions", request_body(), **{"Content-Length": "100000"}):
        await asyncio.sleep(0.05)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.post("/v1/decisions", json=request_body())).status_code == 201
    assert await edge.stored() == 1

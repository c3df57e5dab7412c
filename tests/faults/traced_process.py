"""Run by test_collector in a process of its own: decides once for each line of its input, spans exported.

The SDK's provider is a process's for ever, so no test of this process may set it.
"""

import asyncio
import json
import sys
import time

import httpx

from app.clients import embeddings
from app.logs import configure_logs
from app.main import create_app
from app.settings import load_settings
from tests.app.conftest import HOST, FakeEmbedder


async def main(body: str) -> None:
    """Answer each line with the status of a decision and its milliseconds."""
    setattr(embeddings, "LocalMiniLM", FakeEmbedder)  # noqa: B010  no weights are loaded here
    configure_logs()
    app = create_app(load_settings(env_file=None))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)
    async with app.router.lifespan_context(app), client:
        while await asyncio.to_thread(sys.stdin.readline):
            start = time.perf_counter()
            response = await client.post("/v1/decisions", json=json.loads(body))
            taken = [response.status_code, (time.perf_counter() - start) * 1e3]
            sys.stdout.write(json.dumps(taken) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

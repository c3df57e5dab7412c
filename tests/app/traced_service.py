"""Run by test_traces in a process of its own: one application, decided over HTTP, its spans exported.

The SDK's provider is a process's for ever, so no test of this process may set it.
"""

import asyncio
import json
import sys

import httpx

from app.clients import embeddings
from app.logs import configure_logs
from app.main import create_app
from app.settings import load_settings
from tests.app.conftest import HOST, FakeEmbedder


async def main(body: str) -> None:
    """Post the body and print the answer."""
    setattr(embeddings, "LocalMiniLM", FakeEmbedder)  # noqa: B010  no weights are loaded here
    configure_logs()
    app = create_app(load_settings(env_file=None))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)
    async with app.router.lifespan_context(app), client:
        response = await client.post("/v1/decisions", json=json.loads(body))
        missing = await client.get("/v1/nothing?secret=marker")
    sys.stdout.write(json.dumps([response.json(), missing.json()]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

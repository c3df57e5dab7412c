"""The port Embedder, kept by the local model and by LiteLLM before a real OpenAI-compatible HTTP server."""

import numpy as np
import orjson
import pytest

from app.clients.embeddings import open_embedder
from app.settings import Settings
from decisioning.errors import DependencyFailed, DependencyInvalid
from tests.fakes.http import scripted_server

PATH = "/v1/embeddings"


def vectors(*values: list[float]) -> dict[str, object]:
    """An answer as the OpenAI protocol gives it."""
    data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(values)]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return {"object": "list", "model": "embedder-2026", "data": data, "usage": usage}


@pytest.fixture
async def server():
    """An embedding model that answers what a test wants, first one vector of width 3."""
    async with scripted_server() as server:
        server.will_answer(PATH, vectors([1.0, 0.0, 0.0]))
        yield server


@pytest.fixture
async def remote(server):
    """LiteLLM before that server."""
    settings = Settings(
        _env_file=None,
        embedding_model="openai/embedder",
        embedding_api_base=server.url + "/v1",
        embedding_api_key="secret",
    )
    async with open_embedder(settings) as embedder:
        yield embedder


@pytest.fixture
async def local():
    """The model that ships inside a package."""
    async with open_embedder(Settings(_env_file=None)) as embedder:
        yield embedder


@pytest.fixture(params=["local", "remote"])
async def embedder(request, local, remote, server):
    """Each implementation, able to embed two texts."""
    server.will_answer(PATH, vectors([3.0, 0.0, 4.0], [0.0, 2.0, 0.0]))
    return {"local": local, "remote": remote}[request.param]


async def test_one_unit_vector_a_text_in_the_order_asked(embedder):
    """Texts get unit vectors of one width, the same text the same vector, in the order asked."""
    found = await embedder.embed(["debt", "income", "debt"])
    assert found.shape == (3, embedder.dimensions)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert np.array_equal(found[0], found[2])
    assert not np.allclose(found[0], found[1])


async def test_no_text_has_no_vector(embedder):
    """Nothing asked is nothing answered, of the right width."""
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_a_text_is_asked_for_once(remote, server):
    """What was embedded before is remembered."""
    server.will_answer(PATH, vectors([0.0, 1.0, 0.0]))
    await remote.embed(["debt"])
    await remote.embed(["debt"])
    assert [orjson.loads(asked.body)["input"] for asked in server.asked] == [["width"], ["debt"]]


@pytest.mark.parametrize(
    "answer",
    [vectors([1.0, 0.0]), vectors([0.0, 0.0, 0.0]), vectors([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])],
    ids=["another width", "no direction", "too many"],
)
async def test_nonsense_is_refused(remote, server, answer):
    """A vector of another width, without a direction or without a text is no answer."""
    server.will_answer(PATH, answer)
    with pytest.raises(DependencyInvalid, match="embedding"):
        await remote.embed(["debt"])


async def test_a_model_that_fails_is_named(remote, server):
    """An error of the provider is a failed dependency, not a traceback."""
    server.will_answer(PATH, {"error": {"message": "no"}}, status=500)
    with pytest.raises(DependencyFailed, match="embedding: could not be asked"):
        await remote.embed(["debt"])

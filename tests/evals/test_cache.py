"""Answers are reused for the very same request alone, and the cache says how often."""

import numpy as np
import pytest

from evals.cache import CachedEmbedder, CachedLanguageModel, ResponseCache


class Counting:
    """A language model and an embedder that count what they are asked."""

    name, dimensions = "counting", 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def write(self, system, user, schema, timeout_s):
        """The user's text, doubled."""
        self.asked.append(user)
        return user * 2

    async def embed(self, texts):
        """A vector a text."""
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], np.float32)


@pytest.fixture
def cache(tmp_path):
    """A cache on a file."""
    made = ResponseCache(tmp_path / "deep" / "answers.sqlite")
    yield made
    made.close()


async def test_the_same_request_is_asked_once(cache, tmp_path):
    """Also by another run on the same file; the timeout is no part of what was asked."""
    model = Counting()
    assert await CachedLanguageModel(model, cache).write("s", "u", {"a": 1}, 3.0) == "uu"
    later = ResponseCache(tmp_path / "deep" / "answers.sqlite")
    assert await CachedLanguageModel(model, later).write("s", "u", {"a": 1}, 9.0) == "uu"
    assert (model.asked, cache.asked, cache.hits, later.hits) == (["u"], 1, 0, 1)
    later.close()


@pytest.mark.parametrize("other", [("t", "u", {"a": 1}), ("s", "v", {"a": 1}), ("s", "u", {"a": 2})])
async def test_any_part_of_a_request_makes_it_another(cache, other):
    """The system text, the user text and the schema all count, and so does the model's name."""
    model = Counting()
    cached = CachedLanguageModel(model, cache)
    await cached.write("s", "u", {"a": 1}, 1.0)
    system, user, schema = other
    await cached.write(system, user, schema, 1.0)
    model.name = "another"
    await cached.write("s", "u", {"a": 1}, 1.0)
    assert len(model.asked) == 3


async def test_vectors_are_kept_text_by_text(cache):
    """Only new texts are embedded, and the rows come in the order asked."""
    model = Counting()
    embedder = CachedEmbedder(model, cache)
    await embedder.embed(["a", "bb"])
    vectors = await embedder.embed(["ccc", "a", "ccc"])
    assert model.asked == ["a", "bb", "ccc"]
    assert vectors.tolist() == [[3, 1], [1, 1], [3, 1]]
    assert (await embedder.embed([])).shape == (0, 2)


async def test_the_cache_can_be_switched_off():
    """Without a file nothing is kept and no rate is told."""
    model, off = Counting(), ResponseCache(None)
    for _ in range(2):
        await CachedLanguageModel(model, off).write("s", "u", {}, 1.0)
    assert (len(model.asked), off.asked) == (2, 0)

"""The local embedding model, with its real weights."""

import numpy as np
import pytest

from app.clients import embedding
from app.clients.embedding import LocalMiniLM
from decisioning.errors import DependencyFailed


@pytest.fixture(scope="module")
def model():
    """The model, opened once."""
    opened = LocalMiniLM()
    yield opened
    opened.close()


async def test_near_in_meaning_is_near_in_space(model):
    """Vectors have length 1, and a question lies nearer to its answer than to another sentence."""
    question, answer, other = await model.embed(
        [
            "How much of my income may go to debt?",
            "Debt service must not exceed 60 % of income.",
            "The garden is green in spring.",
        ]
    )
    assert np.linalg.norm(question) == pytest.approx(1)
    assert question @ answer > question @ other + 0.3


async def test_a_vector_does_not_depend_on_its_company(model):
    """The same text gives the same vector alone, again, and among others; nothing asked gives nothing."""
    (alone,) = await model.embed(["Debt service."])
    together = await model.embed(["A longer text about something else altogether.", "Debt service."])
    assert np.array_equal(alone, together[1])
    assert (await model.embed([])).shape == (0, 384)


def test_other_weights_are_refused(monkeypatch):
    """Weights whose digest is not the pinned one are not run."""
    monkeypatch.setattr(embedding, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(DependencyFailed, match="sha256"):
        LocalMiniLM()


async def test_a_failure_is_named(model, monkeypatch):
    """An error inside the runtime comes out as a failed dependency."""

    def broken(_encoding):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model, "_vector", broken)
    with pytest.raises(DependencyFailed, match="embedding: out of memory"):
        await model.embed(["something new"])

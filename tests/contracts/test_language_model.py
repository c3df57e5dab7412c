"""The port LanguageModel, kept by the fake and by LiteLLM before a real OpenAI-compatible HTTP server."""

import time
from collections.abc import AsyncIterator

import orjson
import pytest

from app.clients.llm import open_language_model
from app.metrics import Metrics
from app.settings import Settings
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from tests.fakes.http import ScriptedServer, scripted_server
from tests.fakes.models import FakeLanguageModel

PATH = "/v1/chat/completions"
SCHEMA = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "string"}}},
    "required": ["sentences"],
    "additionalProperties": False,
}
TEXT = '{"sentences": ["The loan is within the limit."]}'


def completion(text: str | None) -> dict[str, object]:
    """An answer as the OpenAI protocol gives it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "writer-2026",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49},
    }


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """An LLM that says what a test wants."""
    async with scripted_server() as server:
        server.will_answer(PATH, completion(TEXT))
        yield server


@pytest.fixture
def metrics() -> Metrics:
    """The instruments that the real adapter feeds."""
    return Metrics()


@pytest.fixture
async def model(server, metrics):
    """The real adapter before that server."""
    settings = Settings(
        _env_file=None, llm_model="openai/writer", llm_api_base=server.url + "/v1", llm_api_key="secret"
    )
    async with open_language_model(settings, metrics) as model:
        assert model is not None
        await model.write("system", "warm up", SCHEMA, 60)
        server.asked.clear()
        yield model


async def test_the_fake_keeps_the_port():
    """The fake answers its text, fails as told, and is never late."""
    fake = FakeLanguageModel(TEXT)
    assert await fake.write("system", "user", SCHEMA, 1) == TEXT
    fake.script.delay_s = 5
    with pytest.raises(DependencyTimeout):
        await fake.write("system", "user", SCHEMA, 0.05)
    fake.script.delay_s, fake.script.failure = 0, DependencyFailed("llm", "down")
    with pytest.raises(DependencyFailed):
        await fake.write("system", "user", SCHEMA, 1)


async def test_litellm_asks_for_the_schema_at_temperature_zero(server, model):
    """The raw text comes back; the request carries both messages, the schema and no randomness."""
    assert await model.write("Write plainly.", "The facts.", SCHEMA, 10) == TEXT
    [asked] = server.asked
    sent = orjson.loads(asked.body)
    assert sent["messages"] == [
        {"role": "system", "content": "Write plainly."},
        {"role": "user", "content": "The facts."},
    ]
    assert sent["temperature"] == 0
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert asked.headers["Authorization"] == "Bearer secret"


async def test_litellm_is_left_at_the_deadline(server, model):
    """A slow LLM raises DependencyTimeout in time and is not asked again."""
    server.delay_s = 5
    start = time.perf_counter()
    with pytest.raises(DependencyTimeout):
        await model.write("system", "user", SCHEMA, 0.2)
    assert time.perf_counter() - start < 2
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (401, b"{}"), (200, b"<html>"), (200, b"{}")])
async def test_litellm_failures_are_one_error(server, model, status, body):
    """Whatever the provider does wrong is DependencyFailed("llm"), asked once and without its words."""
    server.will_answer(PATH, body, status)
    with pytest.raises(DependencyFailed) as caught:
        await model.write("system", "user", SCHEMA, 10)
    assert caught.value.dependency == "llm"
    assert "html" not in caught.value.problem
    assert len(server.asked) == 1


async def test_an_answer_without_text_is_invalid(server, model):
    """A refusal or a tool call is no text."""
    server.will_answer(PATH, completion(None))
    with pytest.raises(DependencyInvalid):
        await model.write("system", "user", SCHEMA, 10)


async def test_tokens_and_time_are_counted(model, metrics):
    """The token counts of the response reach the metric."""
    await model.write("system", "user", SCHEMA, 10)
    sums = {
        sample.labels["gen_ai_token_type"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "gen_ai_client_token_usage_sum"
    }
    assert sums == {"input": 80.0, "output": 18.0}


async def test_without_a_model_nothing_is_opened():
    """No model configured means no LLM, and LiteLLM stays unimported."""
    async with open_language_model(Settings(_env_file=None), Metrics()) as model:
        assert model is None

"""What a call to the LLM says of itself: its prompt always, its words only when switched on, its cost."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import telemetry
from app.clients.llm import LiteLLMModel, prompt_of
from app.clients.prices import InvalidPrices, price_of
from app.metrics import Metrics
from app.settings import Settings
from decisioning.chat.drafts import answer_digest, answer_system
from decisioning.drafts import prompt_digest, system_prompt

SWITCH = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@pytest.fixture
def spans(monkeypatch) -> InMemorySpanExporter:
    """The spans that ended, in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    return exporter


@pytest.fixture
def prices(tmp_path):
    """A table with one model."""
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"openai/m": {"input_usd": 1.0, "output_usd": 2.0}}))
    return path


class FakeLiteLLM:
    """Answers one text, with its tokens."""

    async def acompletion(self, **_: Any) -> Any:
        """One answer."""
        choice = SimpleNamespace(message=SimpleNamespace(content="said"), finish_reason="stop")
        usage = SimpleNamespace(prompt_tokens=1_000_000, completion_tokens=500_000)
        return SimpleNamespace(choices=[choice], usage=usage, model="m-1", id="r-1")


async def asked(prices) -> Metrics:
    """Ask once; the metrics afterwards."""
    metrics = Metrics()
    loading = asyncio.get_running_loop().create_future()
    loading.set_result(FakeLiteLLM())
    settings = Settings(_env_file=None, llm_model="openai/m", llm_prices=prices)
    model = LiteLLMModel(settings, loading, metrics)  # type: ignore[arg-type]  # a future will do
    assert await model.write(system_prompt(), "a question", {}, 1) == "said"
    return metrics


async def test_the_prompt_is_told_and_its_words_are_not(spans, prices):
    """Name and digest as the record has them; two dollars for these tokens."""
    metrics = await asked(prices)
    [call] = spans.get_finished_spans()
    attributes = dict(call.attributes)
    assert attributes["credit.prompt.name"] == "explain"
    assert attributes["credit.prompt.digest"] == prompt_digest()
    assert not [name for name in attributes if name.endswith("messages")]
    page = metrics.page("")[0].decode()
    assert 'credit_llm_cost_usd_total{gen_ai_request_model="openai/m"} 2.0' in page


async def test_words_are_told_where_that_is_switched_on(spans, prices, monkeypatch):
    """Both sides of the exchange, as the conventions write them."""
    monkeypatch.setenv(SWITCH, "true")
    await asked(prices)
    [call] = spans.get_finished_spans()
    sent = json.loads(call.attributes["gen_ai.input.messages"])
    assert [(m["role"], m["parts"][0]["content"]) for m in sent] == [
        ("system", system_prompt()),
        ("user", "a question"),
    ]
    [said] = json.loads(call.attributes["gen_ai.output.messages"])
    assert said == {"role": "assistant", "parts": [{"type": "text", "content": "said"}]}


def test_each_prompt_has_the_digest_of_its_record():
    """Another text than ours has none."""
    assert prompt_of(answer_system()) == {
        "credit.prompt.name": "answer",
        "credit.prompt.digest": answer_digest(),
    }
    assert prompt_of("another") == {}


def test_a_price_table_that_cannot_be_read_is_told(tmp_path, prices):
    """An unlisted model has no price; a broken table ends the start."""
    assert price_of("openai/other", prices) is None
    (tmp_path / "broken.json").write_text('{"m": {"input_usd": "free"}}')
    with pytest.raises(InvalidPrices, match="broken"):
        price_of("m", tmp_path / "broken.json")

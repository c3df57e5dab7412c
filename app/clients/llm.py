"""The one door to an LLM: LiteLLM, imported only when a model is configured.

LiteLLM takes seconds to import and would fetch a price map from the network: the import happens in a
thread at the start, told to use the map it ships with. Its own callbacks and retries are off; the span
and the token counts are ours, from the response.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from opentelemetry.trace import Span, SpanKind

from app.metrics import Metrics
from app.settings import Settings
from app.telemetry import Attr, SpanName, span
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout

OPERATION: Final = "chat"
LONGEST_ANSWER_TOKENS: Final = 2_000


@asynccontextmanager
async def open_language_model(settings: Settings, metrics: Metrics) -> AsyncIterator["LiteLLMModel | None"]:
    """The configured LLM, or None; its connections are closed at the exit."""
    if settings.llm_model is None:
        yield None
        return
    loading = asyncio.create_task(asyncio.to_thread(import_litellm))
    try:
        yield LiteLLMModel(settings, loading, metrics)
    finally:
        await close_litellm(await loading)


def import_litellm() -> Any:
    """LiteLLM, with its own network habits off; blocks for seconds the first time."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    litellm.suppress_debug_info = True
    litellm.drop_params = True  # a model that cannot do temperature or a schema is asked without
    if litellm.aclient_session is None:
        from app.clients.capped import CappedClient

        litellm.aclient_session = CappedClient()
    return litellm


async def close_litellm(litellm: Any) -> None:
    """Close the connections of this event loop, LiteLLM's own and ours."""
    await litellm.close_litellm_async_clients()
    await litellm.aclient_session.aclose()


class LiteLLMModel:
    """decisioning.ports.LanguageModel over whatever LiteLLM reaches."""

    def __init__(self, settings: Settings, loading: "asyncio.Task[Any]", metrics: Metrics) -> None:
        self.name = settings.llm_model or ""
        # LiteLLM's names begin with the provider; a bare one is OpenAI's.
        self.provider = self.name.partition("/")[0] if "/" in self.name else "openai"
        self._loading = loading
        self._metrics = metrics
        key = settings.llm_api_key
        self._options = {
            "model": self.name,
            "api_base": settings.llm_api_base,
            "api_key": key.get_secret_value() if key else None,
            "temperature": 0,
            "max_tokens": LONGEST_ANSWER_TOKENS,
            "num_retries": 0,
            "max_retries": 0,
        }

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The raw text of one answer; raises DependencyFailed("llm", …) within timeout_s."""
        start = time.perf_counter()
        outcome = ""
        attributes = {
            Attr.OPERATION: OPERATION,
            Attr.PROVIDER: self.provider,
            Attr.REQUEST_MODEL: self.name,
        }
        with span(SpanName.CHAT.format(self.name), SpanKind.CLIENT, attributes) as current:
            try:
                response = await self._ask(system, user, schema, timeout_s)
            except BaseException as error:
                outcome = type(error).__name__
                raise
            finally:
                seconds = time.perf_counter() - start
                labels = self._metrics.llm_seconds.labels(OPERATION, self.provider, self.name, outcome)
                labels.observe(seconds)
            self._tell(current, response)
            return _text_of(response)

    async def _ask(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> Any:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        shape = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        try:
            async with asyncio.timeout(timeout_s):
                litellm = await asyncio.shield(self._loading)
                return await litellm.acompletion(
                    messages=messages, response_format=shape, timeout=timeout_s, **self._options
                )
        except Exception as error:
            # LiteLLM passes on the errors of a hundred providers; each means that there is no answer.
            if isinstance(error, TimeoutError) or type(error).__name__ == "Timeout":
                raise DependencyTimeout("llm", "did not answer in time") from error
            raise DependencyFailed("llm", f"could not be asked ({type(error).__name__})") from error

    def _tell(self, current: Span, response: Any) -> None:
        usage = response.usage
        for kind, attribute, count in (
            ("input", Attr.INPUT_TOKENS, usage.prompt_tokens),
            ("output", Attr.OUTPUT_TOKENS, usage.completion_tokens),
        ):
            self._metrics.llm_tokens.labels(self.name, kind).observe(count)
            current.set_attribute(attribute, count)
        current.set_attribute(Attr.RESPONSE_MODEL, response.model or self.name)
        current.set_attribute(Attr.RESPONSE_ID, response.id or "")
        current.set_attribute(Attr.FINISH_REASONS, [str(choice.finish_reason) for choice in response.choices])


def _text_of(response: Any) -> str:
    text = response.choices[0].message.content if response.choices else None
    if not isinstance(text, str):
        raise DependencyInvalid("llm", "answered without a text")
    return text

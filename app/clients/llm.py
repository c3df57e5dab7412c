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
from functools import cache
from typing import Any, Final

import orjson
from opentelemetry.trace import Span, SpanKind

from app.clients.prices import price_of
from app.metrics import Metrics
from app.settings import Settings, captures_content
from app.telemetry import Attr, SpanName, span
from decisioning import drafts
from decisioning.chat.drafts import PROMPTS as ANSWER_PROMPTS
from decisioning.errors import DependencyFailed, DependencyInvalid, DependencyTimeout
from prompts import digest_of, load

OPERATION: Final = "chat"
LONGEST_ANSWER_TOKENS: Final = 2_000
PROMPTS: Final = {"explain": drafts.PROMPTS, "answer": ANSWER_PROMPTS}
"""The texts of each prompt; the first is the system's."""


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
        self._price = price_of(settings.llm_model, settings.llm_prices)
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
        attributes: dict[str, str] = {
            Attr.OPERATION: OPERATION,
            Attr.PROVIDER: self.provider,
            Attr.REQUEST_MODEL: self.name,
            **prompt_of(system),
        }
        if captures_content():
            attributes[Attr.INPUT_MESSAGES] = _messages(("system", system), ("user", user))
        with span(SpanName.CHAT.format(self.name), SpanKind.CLIENT, attributes) as current:
            try:
                response = await self._ask(system, user, schema, timeout_s)
            except BaseException as error:
                outcome = type(error).__name__
                raise
            finally:
                seconds = time.perf_counter() - start
                context = current.get_span_context()
                self._metrics.observe_llm(seconds, context, OPERATION, self.provider, self.name, outcome)
            self._tell(current, response)
            text = _text_of(response)
            if captures_content():
                current.set_attribute(Attr.OUTPUT_MESSAGES, _messages(("assistant", text)))
            return text

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
        if self._price is not None:
            cost = self._price.of(usage.prompt_tokens, usage.completion_tokens)
            self._metrics.llm_cost.labels(self.name).inc(cost)
        current.set_attribute(Attr.RESPONSE_MODEL, response.model or self.name)
        current.set_attribute(Attr.RESPONSE_ID, response.id or "")
        current.set_attribute(Attr.FINISH_REASONS, [str(choice.finish_reason) for choice in response.choices])


@cache
def prompt_of(system: str) -> Mapping[str, str]:
    """The name and the digest of the prompt that begins with this text, for its span; empty for none of ours.

    The digest is that of all its texts, as the record of what they worded has it.
    """
    for name, texts in PROMPTS.items():
        if load(texts[0]).text == system:
            return {Attr.PROMPT_NAME: name, Attr.PROMPT_DIGEST: digest_of(*texts)}
    return {}


def _messages(*said: tuple[str, str]) -> str:
    """Messages as the GenAI conventions write them."""
    return orjson.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said]
    ).decode()


def _text_of(response: Any) -> str:
    text = response.choices[0].message.content if response.choices else None
    if not isinstance(text, str):
        raise DependencyInvalid("llm", "answered without a text")
    return text

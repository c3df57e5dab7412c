"""A language model that is listened to: what it was asked for, what it said, its tokens and seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.metrics import Metrics, prometheus_name
from app.telemetry import Attr, MetricName
from decisioning.errors import DependencyFailed
from decisioning.ports import LanguageModel


@dataclass(frozen=True)
class Call:
    """One call: the claims or sources that it might word, the answer before any check, what it cost."""

    offered: tuple[str, ...]
    prompt_characters: int
    raw: str | None
    error: str | None
    seconds: float
    input_tokens: int
    output_tokens: int


class Heard:
    """decisioning.ports.LanguageModel that keeps each call in `calls`; none lasts longer than `call_s`."""

    def __init__(self, model: LanguageModel, metrics: Metrics, call_s: float) -> None:
        self._model, self._metrics, self._call_s = model, metrics, call_s
        self.calls: list[Call] = []

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The model's answer or failure, kept."""
        started, before = time.perf_counter(), self._tokens()
        raw = error = None
        try:
            raw = await self._model.write(system, user, schema, min(timeout_s, self._call_s))
        except DependencyFailed as failure:
            error = str(failure)
            raise
        finally:
            spent = [now - then for now, then in zip(self._tokens(), before, strict=True)]
            seconds = round(time.perf_counter() - started, 1)
            size = len(system) + len(user)
            self.calls.append(Call(offered(schema), size, raw, error, seconds, spent[0], spent[1]))
        return raw

    def _tokens(self) -> tuple[int, int]:
        """The tokens counted so far, in and out, as production's metrics count them."""
        name = f"{prometheus_name(MetricName.LLM_TOKENS)}_sum"
        model, kind = prometheus_name(Attr.REQUEST_MODEL), prometheus_name(Attr.TOKEN_TYPE)
        read = self._metrics.registry.get_sample_value
        counted = [read(name, {model: self.name, kind: side}) for side in ("input", "output")]
        return int(counted[0] or 0), int(counted[1] or 0)


def offered(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The claims or sources that an answer of that schema may name."""
    properties = schema["properties"]
    if "sentences" not in properties:
        return tuple(properties)
    return tuple(properties["sentences"]["items"]["properties"]["source"]["enum"])

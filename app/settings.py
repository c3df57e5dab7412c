"""Settings: every `CREDENCE_*` variable, from the environment or a `.env`, typed and checked.

`load_settings()` is what a process calls at its start; a worker process calls it too, so whoever
starts workers hands them `Settings.environment()`. `OTEL_*` belong to the OpenTelemetry SDK, which
reads the environment itself: lines of a `.env` that start so are put there.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = ".env"
PREFIX = "CREDENCE_"
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the workers of a service share their metrics."""


def _http_url(value: str) -> str:
    """The address of an HTTP API, without a trailing slash."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def _postgres_url(value: str) -> str:
    if urlsplit(value).scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError("must be a postgresql:// address")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Switch = Literal["on", "off"]
Repeats = Literal["never", "keyed", "free"]
"""What a second call of the same question does at a model API."""
_REPEATS = (
    "What a repeated call does at the {} API: harm (never), nothing since it knows our Idempotency-Key"
    " (keyed), or nothing since asking has no side effects (free, which lets a slow call be doubled)."
)


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    """What can be set; each field is the variable `CREDENCE_<FIELD>` in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    home: Path = Field(Path(".credence"), description="Where the embedded database and its keepers live.")
    host: str = Field("127.0.0.1", min_length=1, description="The address that the service listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port that the service listens on.")
    database_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(
        None,
        repr=False,
        description="PostgreSQL 16 or later with pgvector 0.8 or later; without it, an embedded one.",
    )
    database_pool: int = Field(10, ge=1, le=500, description="Connections a worker may hold.")
    scoring_url: HttpUrl | None = Field(None, description="The scoring API; without it, the reference one.")
    pricing_url: HttpUrl | None = Field(None, description="The pricing API; without it, the reference one.")
    model_connections: int = Field(
        100, ge=1, le=10_000, description="Connections a worker may hold to each model API."
    )
    model_batch: int = Field(
        64,
        ge=1,
        le=1000,
        description="Concurrent requests to a model API that may share one call as a JSON array; 1 for an"
        " API that takes no arrays.",
    )
    model_waiting: int = Field(
        1000, ge=1, le=100_000, description="Decisions of a worker that may wait for one model API at once."
    )
    scoring_repeats: Repeats = Field("keyed", description=_REPEATS.format("scoring"))
    pricing_repeats: Repeats = Field("keyed", description=_REPEATS.format("pricing"))
    llm_model: str | None = Field(
        None, min_length=1, description="A LiteLLM model name; without it, the deterministic writer writes."
    )
    llm_api_base: HttpUrl | None = Field(
        None, description="The LLM's address where it is not the public one."
    )
    llm_api_key: SecretStr | None = Field(None, description="The LLM's key.")
    llm_prices: Path | None = Field(
        None, description="A JSON file of prices by model, for the cost metric: see deploy/llm-prices.json."
    )
    explain_timeout_s: float = Field(
        30, gt=0, le=600, description="Seconds for an explanation or an answer that is no part of a decision."
    )
    embedding_model: str | None = Field(
        None, min_length=1, description="A LiteLLM embedding model; without it, the local one."
    )
    embedding_api_base: HttpUrl | None = Field(
        None, description="The embedding model's address where it is not the public one."
    )
    embedding_api_key: SecretStr | None = Field(None, description="The embedding model's key.")
    products: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="More folders of products, colon-separated."
    )
    auth: Switch | None = Field(
        None, description="API keys: without it, off on a loopback address and on anywhere else."
    )
    rate_limit: float = Field(
        500,
        ge=0,
        le=1e6,
        description="Requests a second that a worker takes from one API key (twice as many at once);"
        " 0 for any number. Without keys there is no limit.",
    )
    max_requests: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Requests that a worker has under way at most; beyond, 503 and Retry-After.",
    )
    monitoring: Switch = Field(
        "off", description="Whether the monitoring block of a request is taken (kept apart, for evals)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )

    @field_validator("products", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part for part in value.split(":") if part) if isinstance(value, str) else value

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: Any, info: Any) -> Any:
        blank = isinstance(value, str) and not value.strip()
        return cls.model_fields[info.field_name].default if blank else value

    @model_validator(mode="after")
    def _never_open_to_strangers(self) -> Self:
        if self.auth == "off" and not is_loopback(self.host):
            raise ValueError(f"CREDENCE_AUTH=off is for a loopback address only, not for {self.host}")
        return self

    @property
    def auth_required(self) -> bool:
        """Whether a request needs an API key."""
        return self.auth == "on" or not is_loopback(self.host)

    def environment(self) -> dict[str, str]:
        """The variables under which another process loads these same settings."""
        values = ((name, _as_text(getattr(self, name))) for name in type(self).model_fields)
        return {PREFIX + name.upper(): text for name, text in values if text is not None}


def _as_text(value: Any) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ":".join(map(str, value)) or None
    return None if value is None else str(value)


def load_settings(env_file: str | None = ENV_FILE, **overrides: Any) -> Settings:
    """The settings of this process; overrides win over the environment, which wins over the file.

    Raises pydantic.ValidationError naming each refused variable, never its value.
    """
    if env_file:
        _pass_on_otel(dotenv_values(env_file))
    return Settings(_env_file=env_file, **overrides)


def _pass_on_otel(lines: Mapping[str, str | None]) -> None:
    for name, value in lines.items():
        if name.startswith("OTEL_") and value is not None:
            os.environ.setdefault(name, value)


def exports(signal: Literal["traces", "metrics", "logs"]) -> bool:
    """Whether the standard OpenTelemetry variables name a receiver for it and do not switch it off."""
    signal_ = signal.upper()
    named = any(os.environ.get(f"OTEL_EXPORTER_OTLP_{part}ENDPOINT") for part in ("", f"{signal_}_"))
    wanted = os.environ.get(f"OTEL_{signal_}_EXPORTER", "otlp").lower() != "none"
    return named and wanted and not _is_true("OTEL_SDK_DISABLED")


def captures_content() -> bool:
    """Whether spans may carry messages, questions and clauses (off unless the standard variable is true)."""
    return _is_true("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() == "true"

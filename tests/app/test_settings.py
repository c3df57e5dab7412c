"""Settings: what the environment and a `.env` may say, and what is refused."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings, exports, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    """No variable of this machine, and a folder of its own."""
    for name in [n for n in os.environ if n.startswith(("CREDENCE_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_nothing_set_is_the_embedded_service_on_loopback():
    """The defaults of the contract."""
    settings = load_settings()
    assert settings.database_url is None
    assert settings.scoring_url is None
    assert settings.llm_model is None
    assert settings.products == ()
    assert settings.monitoring == "off"
    assert settings.home == Path(".credence")
    assert not settings.auth_required


def test_the_environment_wins_over_the_file_and_overrides_over_both(monkeypatch):
    """Argument, environment, `.env`, default: the first that speaks."""
    Path(".env").write_text(
        "CREDENCE_PORT=1000\nCREDENCE_HOST=localhost\nCREDENCE_LLM_MODEL=openai/a\nOTHER=1\n"
    )
    monkeypatch.setenv("CREDENCE_HOST", "127.0.0.2")
    monkeypatch.setenv("CREDENCE_LLM_MODEL", "openai/b")
    settings = load_settings(llm_model="openai/c")
    assert (settings.port, settings.host, settings.llm_model) == (1000, "127.0.0.2", "openai/c")


def test_a_blank_variable_is_as_if_unset(monkeypatch):
    """`CREDENCE_LLM_MODEL=` in a compose file means none."""
    monkeypatch.setenv("CREDENCE_LLM_MODEL", "")
    monkeypatch.setenv("CREDENCE_AUTH", " ")
    settings = load_settings()
    assert settings.llm_model is None
    assert settings.auth is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@db/credence"),
        ("SCORING_URL", "localhost:9000"),
        ("PRICING_URL", "ftp://models"),
        ("PORT", "70000"),
        ("AUTH", "maybe"),
        ("MONITORING", "yes"),
        ("DATABASE_POOL", "0"),
        ("EXPLAIN_TIMEOUT_S", "-1"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(monkeypatch, name, value):
    """The error names the variable's field; a password in it stays out."""
    monkeypatch.setenv(f"CREDENCE_{name}", value)
    with pytest.raises(ValidationError) as caught:
        load_settings()
    assert name.lower() in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "credence.example"])  # noqa: S104  bound by nobody
def test_a_public_address_needs_keys(host):
    """Auth is on by default away from loopback, and cannot be switched off there."""
    assert Settings(_env_file=None, host=host).auth_required
    with pytest.raises(ValidationError, match="loopback"):
        Settings(_env_file=None, host=host, auth="off")


def test_loopback_may_ask_for_keys_too():
    """`on` is on anywhere."""
    assert Settings(_env_file=None, auth="on").auth_required


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_addresses(host):
    """Every spelling of this machine."""
    assert is_loopback(host)


def test_a_worker_loads_the_same_settings(monkeypatch):
    """What `environment()` tells is enough to load the very same settings elsewhere."""
    settings = Settings(
        _env_file=None,
        port=9000,
        database_url="postgresql://u:p@h/d",
        llm_model="openai/x",
        llm_api_key="secret",
        products="/a:/b",
        auth="on",
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings
    assert settings.products == (Path("/a"), Path("/b"))


def test_secrets_do_not_print():
    """A settings object in a log shows no password and no key."""
    shown = repr(Settings(_env_file=None, database_url="postgresql://u:hunter2@h/d", llm_api_key="sesame"))
    assert "hunter2" not in shown
    assert "sesame" not in shown


def test_otel_lines_of_the_file_reach_the_sdk(monkeypatch):
    """The SDK reads the environment alone, so the file's OTEL lines go there where it is silent."""
    Path(".env").write_text("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_SERVICE_NAME=file\n")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "environment")
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert not exports("traces")
    load_settings()
    try:
        assert exports("traces")
        assert os.environ["OTEL_SERVICE_NAME"] == "environment"
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        assert not exports("traces")
    finally:
        os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)

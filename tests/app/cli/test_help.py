"""Every command explains itself, and refuses what it does not know."""

import pytest

COMMANDS = [
    "serve",
    "sandbox",
    "demo",
    "decide",
    "explain",
    "replay",
    "notice",
    "ask",
    "verify",
    "db upgrade",
    "db downgrade",
    "db url",
    "policy ingest",
    "policy search",
    "policy show",
    "policy diff",
    "policy check",
    "eval run",
    "eval list",
    "key create",
    "key revoke",
    "key list",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_stands_on_stdout(credence, command):
    """`--help` on each: exit code 0, how it is called, --json among its options, nothing on stderr."""
    ran = credence(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: credence {command}" in ran.out.decode()
    assert "--json" in ran.out.decode()
    assert "[[" not in ran.out.decode()


@pytest.mark.parametrize("command", [*COMMANDS, "", "policy"])
def test_an_unknown_option_is_bad_usage(credence, command):
    """Exit code 2, the option named on standard error, nothing on standard output."""
    ran = credence(*command.split(), "--no-such-option")
    assert (ran.code, ran.out) == (2, b"")
    assert "--no-such-option" in ran.err


def test_the_version_is_told(credence):
    """`credence --version`: the name and the version."""
    assert credence("--version").out.startswith(b"credence ")


@pytest.mark.parametrize(
    ("variable", "value", "arguments"),
    [
        ("CREDENCE_AUTH", "off", ["serve", "--host=0.0.0.0"]),
        ("CREDENCE_PORT", "eighty", ["serve"]),
        ("CREDENCE_DATABASE_URL", "mysql://localhost/loans", ["replay", "--all"]),
        ("CREDENCE_SCORING_URL", "localhost:9001", ["decide", "-"]),
    ],
)
def test_a_bad_setting_is_one_line(credence, monkeypatch, variable, value, arguments):
    """Exit code 2, the variable named, before anything starts."""
    monkeypatch.setenv(variable, value)
    ran = credence(*arguments)
    assert ran.code == 2
    assert variable in ran.complaint


def test_a_folder_of_products_that_is_none_is_one_line(credence, monkeypatch):
    """Its path is told."""
    monkeypatch.setenv("CREDENCE_PRODUCTS", "/nowhere/at/all")
    ran = credence("policy", "check")
    assert ran.code == 1
    assert "/nowhere/at/all" in ran.complaint

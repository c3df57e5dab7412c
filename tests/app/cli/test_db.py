"""`credence db`, and what the other commands do before a database given by URL is migrated."""

import pytest

from app.storage.migrate import newest


@pytest.fixture
def fresh(credence, empty_database_url, monkeypatch):
    """The command on a database by URL that nobody has migrated."""
    monkeypatch.setenv("CREDENCE_DATABASE_URL", empty_database_url)
    return credence


def test_up_down_and_up_again(fresh, empty_database_url):
    """Each step says where the schema stands; the address is the one that was given."""
    head = sorted(newest())
    assert fresh("db", "upgrade", "--json").answer == {"revisions": head}
    assert fresh("db", "upgrade", "--json").answer == {"revisions": head}
    assert fresh("db", "downgrade", "--json").answer["revisions"] != head
    assert fresh("db", "downgrade", "base").out == b"The schema is at nothing.\n"
    assert fresh("db", "upgrade").out == f"The schema is at {', '.join(head)}.\n".encode()
    assert fresh("db", "url", "--json").answer == {"url": empty_database_url}


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port=0"],
        ["decide", "-"],
        ["ask", "Why?"],
        ["replay", "--all"],
        ["policy", "search", "words"],
        ["key", "create", "--scope=decide"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_database_by_url_is_migrated_by_nobody_else(fresh, arguments):
    """Before `credence db upgrade` a command refuses and says so: exit code 1, nothing written."""
    ran = fresh(*arguments)
    assert ran.code == 1
    assert "run `credence db upgrade`" in ran.complaint


def test_nothing_is_taken_in_by_itself(credence, database_url, monkeypatch):
    """A database by URL that holds no policy stays so: a question finds nothing in it."""
    monkeypatch.setenv("CREDENCE_DATABASE_URL", database_url)
    assert credence("ask", "What does CP-3.4 say?", "--json").answer["abstained"] is True
    assert credence("policy", "search", "CP-3.4", "--json").answer["clauses"] == []


def test_a_database_that_is_away_is_told(credence, monkeypatch):
    """Exit code 1 and one line that says what cannot be reached, without the password."""
    monkeypatch.setenv("CREDENCE_DATABASE_URL", "postgresql://lender:secret@127.0.0.1:1/loans")
    ran = credence("key", "list")
    assert ran.code == 1
    assert "database" in ran.complaint
    assert "secret" not in ran.complaint


def test_an_unknown_revision_is_refused(fresh):
    """Exit code 1, the revision named."""
    ran = fresh("db", "upgrade", "no-such-revision")
    assert ran.code == 1
    assert "no-such-revision" in ran.complaint

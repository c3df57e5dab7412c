"""`credence key`: made once, shown once, ended for good."""

from uuid import uuid4

import pytest


def test_a_key_is_shown_once_and_revoked(lender):
    """Its secret stands in the answer to `create` and in no list; revoking it is told with the day."""
    made = lender("key", "create", "--scope=decide", "--scope=audit", "--name=till", "--json").answer
    assert made["key"].startswith("ck_")
    assert made["scopes"] == ["audit", "decide"]
    [listed] = lender("key", "list", "--json").answer["items"]
    assert (listed["id"], listed["name"], listed["revoked_at"]) == (made["id"], "till", None)
    assert made["key"].encode() not in lender("key", "list").out
    assert lender("key", "revoke", made["id"], "--json").answer == {"id": made["id"], "revoked": True}
    assert b"revoked" in lender("key", "list").out


def test_an_unknown_key_is_told(lender):
    """Exit code 1 and its id."""
    unknown = str(uuid4())
    ran = lender("key", "revoke", unknown)
    assert ran.code == 1
    assert unknown in ran.complaint


@pytest.mark.parametrize(
    "arguments",
    [["create"], ["create", "--scope=everything"], ["revoke"], ["revoke", "ck_secret"]],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(credence, arguments):
    """Refused on standard error alone."""
    ran = credence("key", *arguments)
    assert (ran.code, ran.out) == (2, b"")

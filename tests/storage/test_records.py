"""The records around decisions: keys, artefacts, resolutions, notices, chats, the audit trail."""

import asyncio
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.storage import audit, chats, keys, notices
from app.storage.artefacts import Artefact, load_artefacts, put_artefacts
from app.storage.decisions import load_decision, store_decision
from app.storage.errors import AlreadyResolved, NotResolvable, UnknownRecord
from app.storage.resolutions import Resolution, load_resolution, put_resolution
from decisioning.model import Outcome
from tests.storage.building import NOW, make_new, make_notice, new_id

LATER = NOW + timedelta(hours=1)


async def test_a_key_opens_until_it_is_revoked(engine):
    """A new key is found by its secret with its scopes; a revoked or unknown one is not."""
    key_id = new_id()
    secret = await keys.create_key(engine, key_id, "branch 12", {"decide", "analyst"}, NOW)
    assert secret.startswith("ck_")
    assert len(secret) == 46
    key = keys.ApiKey(key_id, "branch 12", frozenset({"decide", "analyst"}), NOW, None)
    assert await keys.find_key(engine, secret) == key
    assert await keys.find_key(engine, secret + "x") is None
    await keys.revoke_key(engine, key_id, LATER)
    await keys.revoke_key(engine, key_id, LATER + timedelta(days=1))
    assert await keys.find_key(engine, secret) is None
    assert [key.revoked_at for key in await keys.list_keys(engine)] == [LATER]
    with pytest.raises(UnknownRecord):
        await keys.revoke_key(engine, new_id(), LATER)


async def test_a_secret_is_nowhere_in_the_database(engine):
    """What is stored of a key is its hash alone."""
    secret = await keys.create_key(engine, new_id(), "branch", {"audit"}, NOW)
    async with engine.connect() as connection:
        row = await connection.scalar(sa.text("select to_json(api_key)::text from api_key"))
    assert secret not in row
    assert secret.removeprefix("ck_") not in row


@pytest.mark.parametrize("scopes", [set(), {"admin"}, {"decide", "root"}])
async def test_a_key_has_known_scopes(engine, scopes):
    """A key without a scope, or with one that does not exist, is refused."""
    with pytest.raises(IntegrityError, match="scopes_known"):
        await keys.create_key(engine, new_id(), "branch", scopes, NOW)


async def test_artefacts_are_kept_under_their_digest(engine):
    """Artefacts are kept once, byte for byte; one that is missing is named."""
    rules = Artefact("a" * 16, "rules", '{"b": 1, "a": 1.0}')
    reasons = Artefact("b" * 64, "reasons", '["x"]')
    await asyncio.gather(put_artefacts(engine, [rules, reasons]), put_artefacts(engine, [reasons, rules]))
    await put_artefacts(engine, [])
    assert await load_artefacts(engine, ["a" * 16, "b" * 64]) == {"a" * 16: rules, "b" * 64: reasons}
    with pytest.raises(UnknownRecord, match="c" * 16):
        await load_artefacts(engine, ["a" * 16, "c" * 16])


def resolving(decision_id, outcome=Outcome.DECLINE, reasons=("ADVERSE_RECORD",)) -> Resolution:
    """A person's end to that referral."""
    return Resolution(new_id(), decision_id, outcome, reasons, "seen in person", None, LATER)


async def test_a_referral_is_ended_once(engine):
    """Of people who end one referral at once, one does; the decision stays as it was."""
    new = make_new(Outcome.REFER)
    await store_decision(engine, new)
    assert await load_resolution(engine, new.decision.id) is None
    attempts = [resolving(new.decision.id) for _ in range(5)]
    results = await asyncio.gather(*(put_resolution(engine, a) for a in attempts), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["AlreadyResolved"] * 4 + ["NoneType"]
    assert await load_resolution(engine, new.decision.id) == attempts[results.index(None)]
    assert await load_decision(engine, new.decision.id) == new.decision


async def test_only_a_referral_is_ended(engine):
    """Ending a decline, or a decision that is not there, is refused by name; a decline needs a reason."""
    declined, referred = make_new(Outcome.DECLINE), make_new(Outcome.REFER)
    await store_decision(engine, declined)
    await store_decision(engine, referred)
    with pytest.raises(NotResolvable, match="decline") as refused:
        await put_resolution(engine, resolving(declined.decision.id))
    assert not isinstance(refused.value, AlreadyResolved)
    with pytest.raises(UnknownRecord):
        await put_resolution(engine, resolving(new_id()))
    with pytest.raises(IntegrityError, match="declined_has_a_reason"):
        await put_resolution(engine, resolving(referred.decision.id, reasons=()))
    await put_resolution(engine, resolving(referred.decision.id, Outcome.APPROVE, ()))


async def test_a_notice_is_due_until_it_was_sent(engine):
    """A notice is listed once it is due, and no more once it was sent; the first sending stays."""
    new = make_new(notice=make_notice())
    await store_decision(engine, new)
    due_at = make_notice().due_at
    waiting = notices.StoredNotice(new.decision.id, "adverse_action", due_at, None, None)
    assert await notices.unsent_notices(engine, due_at) == []
    assert await notices.unsent_notices(engine, due_at + timedelta(days=1)) == [waiting]
    await notices.mark_sent(engine, new.decision.id, "letter", LATER)
    await notices.mark_sent(engine, new.decision.id, "email", LATER + timedelta(days=1))
    assert await notices.unsent_notices(engine, due_at + timedelta(days=1)) == []
    sent = notices.StoredNotice(new.decision.id, "adverse_action", due_at, LATER, "letter")
    assert await notices.load_notice(engine, new.decision.id) == sent
    assert await notices.load_notice(engine, new_id()) is None
    with pytest.raises(UnknownRecord):
        await notices.mark_sent(engine, new_id(), "letter", LATER)


def turn(message: str) -> chats.ChatTurn:
    """A turn with that question."""
    return chats.ChatTurn(message, '{"answer": "Yes."}', '{"clauses": []}', date(2026, 11, 2), "t", NOW)


async def test_a_conversation_keeps_its_turns_in_order(engine):
    """Turns come back in the order they were appended, also when two are appended at once."""
    opened = chats.Conversation(new_id(), None, None, NOW)
    await chats.open_conversation(engine, opened)
    first = turn("What is the limit?")
    await chats.append_turn(engine, opened.id, first)
    await asyncio.gather(*(chats.append_turn(engine, opened.id, turn(str(n))) for n in range(5)))
    found, turns = await chats.load_conversation(engine, opened.id)
    assert found == opened
    assert turns[0] == first
    assert sorted(turns[1:], key=lambda t: t.message) == [turn(str(n)) for n in range(5)]


async def test_feedback_belongs_to_a_conversation(engine):
    """Feedback is kept with its conversation; what names none that exists is refused by name."""
    opened = chats.Conversation(new_id(), None, None, NOW)
    await chats.open_conversation(engine, opened)
    await chats.put_feedback(engine, chats.Feedback(new_id(), opened.id, True, "clear", None, NOW))
    with pytest.raises(UnknownRecord):
        await chats.put_feedback(engine, chats.Feedback(new_id(), new_id(), False, None, None, NOW))
    with pytest.raises(UnknownRecord):
        await chats.append_turn(engine, new_id(), turn("?"))
    with pytest.raises(UnknownRecord):
        await chats.load_conversation(engine, new_id())
    with pytest.raises(UnknownRecord):
        await chats.open_conversation(engine, chats.Conversation(new_id(), new_id(), None, NOW))


async def test_the_audit_trail_only_grows(engine):
    """Events come back in order, and the database refuses to change or delete one."""
    events = [
        audit.AuditEvent(new_id(), NOW, None, action, "d-1", '{"a": 1}') for action in ("read", "resolve")
    ]
    for event in events:
        await audit.record_event(engine, event)
    await audit.record_event(engine, audit.AuditEvent(new_id(), NOW, None, "read", "d-2"))
    assert await audit.events_of(engine, "d-1") == events
    for change in ("update audit_event set action = ''", "delete from audit_event", "truncate audit_event"):
        async with engine.connect() as connection:
            with pytest.raises(IntegrityError, match="append-only"):
                await connection.execute(sa.text(change))

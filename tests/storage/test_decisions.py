"""Decisions in a real database: exact, immutable, in pages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage import people
from app.storage.decisions import (
    iterate_all,
    load_decision,
    load_page,
    load_stored,
    page_query,
    store_decision,
    store_decisions,
)
from app.storage.engine import open_engine
from app.storage.errors import DatabaseUnavailable, DecisionExists, InvalidCursor, UnknownRecord
from app.storage.idempotency import Answer, Claimed, claim
from app.storage.rows import Applicant, Monitoring, NewDecision, StoredDecision, StoredExplanation
from decisioning.model import Decision, Fact, Outcome, Reader, Unit
from tests.storage.building import (
    NOW,
    REASON,
    make_decision,
    make_evidence,
    make_explanation,
    make_inputs,
    make_new,
    make_notice,
    new_id,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.one_of(st.none(), st.booleans(), NUMBER, TEXT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outcome=st.sampled_from(Outcome),
    external_id=st.none() | TEXT,
    facts=st.dictionaries(TEXT, st.builds(Fact, value=VALUE, unit=st.sampled_from(Unit)), max_size=6),
    application=st.dictionaries(TEXT, VALUE, max_size=6),
)
async def test_a_decision_comes_back_exactly(engine, outcome, external_id, facts, application):
    """Whatever is in a decision and its inputs is read back the same, in the same order."""
    decision = make_decision(outcome, external_id=external_id, facts=facts)
    inputs = make_inputs(application=application)
    await store_decision(engine, NewDecision(decision, inputs))
    stored = await load_stored(engine, decision.id)
    assert (stored.decision, stored.inputs) == (decision, inputs)
    assert stored == StoredDecision(
        decision.id, decision.model_dump_json(), inputs.model_dump_json(), (), intact=True
    )


async def test_one_transaction_holds_everything_of_a_decision(engine, statements):
    """A decision with all that can belong to it, its answer too, is stored with seven statements."""
    explanation = make_explanation()
    decision = make_decision(explanation=explanation, notice=make_notice(), external_id="A-1")
    claimed = await claim(engine, None, decision.product, "key", b"\0" * 32)
    assert isinstance(claimed, Claimed)
    statements.clear()
    new = NewDecision(
        decision,
        make_inputs(),
        make_evidence(),
        Applicant("Ana Ruiz", "Calle Mayor 1, Madrid"),
        Monitoring(41, "married"),
        "seen at the branch",
        None,
        Answer(claimed, decision.id, b"{}"),
    )
    await store_decision(engine, new)
    assert len(statements) == 7
    assert await load_decision(engine, decision.id) == decision
    assert await people.load_applicant(engine, decision.id) == new.applicant
    assert await people.load_note(engine, decision.id) == new.note
    assert [item async for item in people.iterate_monitoring(engine)] == [(decision.id, new.monitoring)]


async def test_many_decisions_cost_the_statements_of_one(engine, statements):
    """A batch of decisions is stored with as many statements as one, and all come back."""
    news = [make_new(explanation=make_explanation()) for _ in range(40)]
    await store_decisions(engine, [replace(new, evidence=make_evidence()) for new in news])
    assert len(statements) == 2
    assert [stored.decision.id async for stored in iterate_all(engine, batch=7)] == [
        n.decision.id for n in news
    ]


async def test_a_batch_is_stored_whole_or_not_at_all(engine):
    """One decision that is there already keeps the others of its batch out."""
    first, second = make_new(), make_new()
    await store_decision(engine, first)
    with pytest.raises(DecisionExists):
        await store_decisions(engine, [second, first])
    with pytest.raises(UnknownRecord, match=str(second.decision.id)):
        await load_decision(engine, second.decision.id)


@pytest.mark.parametrize(
    "statement", ["update decision set as_of = as_of", "delete from decision", "truncate decision cascade"]
)
@pytest.mark.parametrize("role", ["origin", "replica"])
async def test_a_decision_cannot_be_changed(engine, statement, role):
    """The database refuses to update, delete or truncate decisions, for a replica's session too."""
    await store_decision(engine, make_new())
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"set local session_replication_role = {role}"))
        with pytest.raises(IntegrityError, match="append-only"):
            await connection.execute(sa.text(statement))


BROKEN = {
    "id_is_uuid7": make_decision(id="0af76519-16cd-43dd-8448-eb211c80319c"),
    "refused_has_no_offer": make_decision(offer=make_decision(Outcome.APPROVE).offer),
    "granted_has_an_offer": make_decision(Outcome.APPROVE, offer=None),
    "incomplete_names_what_is_missing": make_decision(Outcome.INCOMPLETE, missing=()),
    "declined_has_a_reason": make_decision(reasons=()),
    "approved_has_no_reason": make_decision(Outcome.APPROVE, reasons=(REASON,)),
    "received_before_created": make_decision(created_at=NOW.replace(year=2025)),
}


@pytest.mark.parametrize("constraint", BROKEN)
async def test_the_database_refuses_a_decision_that_cannot_be(engine, constraint):
    """Each invariant of a decision is a constraint of the table, whoever writes."""
    with pytest.raises(IntegrityError, match=f"ck_decision_{constraint}"):
        await store_decision(engine, NewDecision(BROKEN[constraint], make_inputs()))


async def test_the_columns_cannot_say_other_than_the_record(engine):
    """A row whose columns differ from its record is refused."""
    new = make_new()
    await store_decision(engine, new)
    copy = sa.text("""
        insert into decision (id, created_at, received_at, as_of, record, inputs, digest)
        select :id, created_at, received_at, as_of, record, inputs, digest from decision
    """)
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="columns_say_what_the_record_says"):
            await connection.execute(copy, {"id": new_id()})


async def test_a_tampered_decision_is_seen(engine):
    """A record changed behind the trigger's back no longer has its digest."""
    new = make_new()
    await store_decision(engine, new)
    async with engine.begin() as connection:
        await connection.execute(sa.text("alter table decision disable trigger append_only"))
        await connection.execute(
            sa.text("update decision set inputs = replace(inputs::text, '125', '126')::json")
        )
    stored = await load_stored(engine, new.decision.id)
    assert (stored.decision, stored.intact) == (new.decision, False)


async def test_what_is_no_decision_any_more_is_still_read(engine):
    """A replay gets the very text of a tampered row, so that it can name what was changed."""
    new = make_new()
    await store_decision(engine, new)
    async with engine.begin() as connection:
        await connection.execute(sa.text("alter table decision disable trigger append_only"))
        await connection.execute(sa.text("update decision set inputs = '{}'"))
    (stored,) = [stored async for stored in iterate_all(engine)]
    assert (stored.id, stored.inputs_json, stored.intact) == (new.decision.id, "{}", False)


async def test_a_replay_reads_every_explanation_with_its_evidence(engine):
    """What a replay reads has the explanations apart, each with what it was made from."""
    explanation, evidence = make_explanation(reader=Reader.APPLICANT), make_evidence()
    new = replace(make_new(explanation=explanation), evidence=evidence)
    await store_decision(engine, new)
    (stored,) = [stored async for stored in iterate_all(engine)]
    bare = new.decision.model_copy(update={"explanation": None})
    assert (stored.decision, stored.inputs) == (bare, new.inputs)
    assert stored.explanations == (StoredExplanation(explanation, evidence),)
    assert await load_decision(engine, new.decision.id) == bare


async def test_nothing_is_held_while_all_decisions_are_read(engine):
    """Between two decisions of `iterate_all` no connection is taken."""
    await store_decisions(engine, [make_new() for _ in range(5)])
    held = [engine.sync_engine.pool.checkedout() async for _ in iterate_all(engine, batch=2)]
    assert held == [0] * 5


async def test_pages_go_from_the_newest_to_the_oldest(engine):
    """Pages of two list all five decisions once, newest first, and the last has no cursor."""
    news = [make_new() for _ in range(5)]
    await store_decisions(engine, news)
    seen: list[Decision] = []
    cursor = None
    for expected in (2, 2, 1):
        page = await load_page(engine, cursor=cursor, limit=2)
        assert len(page.items) == expected
        seen += page.items
        cursor = page.next_cursor
    assert cursor is None
    assert seen == [new.decision for new in reversed(news)]


async def test_pages_are_of_the_kind_that_was_asked_for(engine):
    """Outcome, product and external id narrow a page, alone and together."""
    approved = make_new(Outcome.APPROVE, external_id="A-1")
    declined = make_new(Outcome.DECLINE, external_id="A-1")
    other = make_new(Outcome.DECLINE, product="car-loan")
    await store_decisions(engine, [approved, declined, other])

    async def found(**wanted: Any) -> list[UUID]:
        return [item.id for item in (await load_page(engine, **wanted)).items]

    assert await found(outcome=Outcome.DECLINE) == [other.decision.id, declined.decision.id]
    assert await found(product="car-loan") == [other.decision.id]
    assert await found(external_id="A-1") == [declined.decision.id, approved.decision.id]
    assert await found(external_id="A-1", outcome=Outcome.APPROVE) == [approved.decision.id]
    assert await found(external_id="A-2") == []


async def test_a_cursor_is_good_for_its_own_query_alone(engine):
    """A mangled, forged or borrowed cursor is refused by name."""
    await store_decisions(engine, [make_new() for _ in range(3)])
    cursor = (await load_page(engine, limit=1)).next_cursor
    assert cursor is not None
    for forged in ("", "x", "é", cursor + "A", cursor[:-2] + "__", "A" * len(cursor), cursor + "="):
        with pytest.raises(InvalidCursor):
            await load_page(engine, cursor=forged)
    with pytest.raises(InvalidCursor):
        await load_page(engine, cursor=cursor, outcome=Outcome.DECLINE)


@pytest.fixture
async def crowd(engine: AsyncEngine) -> AsyncEngine:
    """A database with 4,000 decisions, one in fifty of them approved."""
    await store_decisions(engine, [make_new(Outcome.APPROVE, external_id="A-1", product="rare"), make_new()])
    multiply = sa.text("""
        insert into decision (id, created_at, received_at, as_of, record, inputs, digest)
        select copy.id, created_at, received_at, as_of,
            jsonb_set(record::jsonb, '{id}', to_jsonb(copy.id))::json, inputs, digest
        from decision, lateral (
            select uuidv7() as id from generate_series(1, case outcome when 'approve' then 80 else 3920 end)
        ) copy
    """)
    async with engine.begin() as connection:
        await connection.execute(multiply)
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(sa.text("vacuum analyze decision"))
    return engine


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "pk_decision"),
        ({"outcome": "approve"}, "ix_decision_outcome_id"),
        ({"product": "rare"}, "ix_decision_product_id"),
        ({"external_id": "A-1"}, "ix_decision_external_id_id"),
    ],
)
async def test_a_page_reads_an_index_from_its_end(crowd, wanted, index):
    """However many decisions there are, a page walks one index backwards and sorts nothing."""
    query = page_query(wanted, new_id(), 51)
    async with crowd.connect() as connection:
        sql = query.compile(crowd.sync_engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join((await connection.execute(sa.text(f"explain {sql}"))).scalars())
    assert f"Index Scan Backward using {index}" in plan
    assert "Sort" not in plan
    assert "Seq Scan on decision " not in plan


async def test_reading_decisions_touches_no_personal_data(engine, statements):
    """No statement that reads decisions names the tables of applicants, notes or monitoring data."""
    new = replace(make_new(), applicant=Applicant("Ana", "Madrid"), monitoring=Monitoring(41), note="note")
    await store_decision(engine, new)
    statements.clear()
    await load_decision(engine, new.decision.id)
    await load_stored(engine, new.decision.id)
    await load_page(engine)
    assert [stored async for stored in iterate_all(engine)] != []
    assert len(statements) == 7
    assert not [s for s in statements if "applicant" in s or "monitoring" in s]


async def test_a_person_can_be_erased_and_the_decision_kept(engine):
    """Erasure loses applicant, note and monitoring data and keeps the decision."""
    new = replace(make_new(), applicant=Applicant("Ana", "Madrid"), monitoring=Monitoring(41), note="note")
    await store_decision(engine, new)
    assert await people.erase_person(engine, new.decision.id)
    assert not await people.erase_person(engine, new.decision.id)
    assert await people.load_applicant(engine, new.decision.id) is None
    assert await people.load_note(engine, new.decision.id) is None
    assert [item async for item in people.iterate_monitoring(engine)] == []
    assert await load_decision(engine, new.decision.id) == new.decision


async def test_a_database_that_is_away_is_named(tmp_path):
    """Where no server answers, reading and writing raise DatabaseUnavailable."""
    engine = open_engine(f"postgresql://postgres@/postgres?host={tmp_path}")
    with pytest.raises(DatabaseUnavailable):
        await load_decision(engine, new_id())
    with pytest.raises(DatabaseUnavailable):
        await store_decision(engine, make_new())
    await engine.dispose()

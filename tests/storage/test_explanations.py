"""Explanations: written once for each reader, pending until then."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.storage.decisions import load_decision, store_decision
from app.storage.errors import UnknownRecord
from app.storage.explanations import load_explanation, pending_since, put_explanation
from app.storage.rows import StoredExplanation
from decisioning.model import Reader
from tests.storage.building import NOW, make_evidence, make_explanation, make_new, new_id


async def test_an_explanation_written_later_is_kept(engine):
    """After `explain: none` there is none; once written it is the decision's, and its evidence is kept."""
    new = make_new()
    await store_decision(engine, new)
    assert await load_explanation(engine, new.decision.id) is None
    explanation, evidence = make_explanation(), make_evidence()
    assert await put_explanation(engine, new.decision.id, explanation, evidence, NOW) == explanation
    assert await load_explanation(engine, new.decision.id) == StoredExplanation(explanation, evidence)
    assert (await load_decision(engine, new.decision.id)).explanation == explanation


async def test_whatever_an_llm_wrote_can_be_kept(engine):
    """A NUL character in a model's words, which PostgreSQL's text cannot hold, costs no decision."""
    explanation = make_explanation(text="before\0after")
    evidence = make_evidence().model_copy(update={"llm_outputs": ("\0",)})
    new = replace(make_new(explanation=explanation), evidence=evidence)
    await store_decision(engine, new)
    assert await load_explanation(engine, new.decision.id) == StoredExplanation(explanation, evidence)


async def test_of_two_writers_the_first_is_kept(engine):
    """Writers at once all return the one explanation that is kept."""
    new = make_new()
    await store_decision(engine, new)
    kept = await asyncio.gather(
        *(
            put_explanation(engine, new.decision.id, make_explanation(text=str(n)), make_evidence(), NOW)
            for n in range(10)
        )
    )
    assert len({explanation.sentences[0].text for explanation in kept}) == 1
    stored = await load_explanation(engine, new.decision.id)
    assert stored is not None
    assert stored.explanation == kept[0]


async def test_a_pending_explanation_is_found_and_written(engine):
    """What was promised and not written is listed until it is written, and pending never replaces it."""
    pending = make_explanation("pending")
    new = make_new(explanation=pending)
    await store_decision(engine, new)
    later = new.decision.created_at + timedelta(seconds=1)
    assert await pending_since(engine, new.decision.created_at) == []
    assert await pending_since(engine, later) == [(new.decision.id, Reader.ANALYST)]
    written = await put_explanation(engine, new.decision.id, make_explanation(), make_evidence(), NOW)
    assert await pending_since(engine, later) == []
    assert await put_explanation(engine, new.decision.id, pending, None, NOW) == written


async def test_each_reader_has_an_explanation(engine):
    """The applicant's explanation stands beside the analyst's."""
    new = make_new()
    await store_decision(engine, new)
    for reader in Reader:
        await put_explanation(engine, new.decision.id, make_explanation(reader=reader), make_evidence(), NOW)
    found = [await load_explanation(engine, new.decision.id, reader) for reader in Reader]
    assert [stored and stored.explanation.reader for stored in found] == list(Reader)


async def test_a_written_explanation_cannot_be_changed(engine):
    """The database refuses to change or delete what was written."""
    new = make_new()
    await store_decision(engine, new)
    await put_explanation(engine, new.decision.id, make_explanation(), make_evidence(), NOW)
    verbs = ("update decision_explanation set written_at = now()", "delete from", "truncate")
    for change in (verbs[0], *(f"{verb} decision_explanation" for verb in verbs[1:])):
        async with engine.connect() as connection:
            with pytest.raises(IntegrityError, match="append-only"):
                await connection.execute(sa.text(change))


async def test_no_decision_no_explanation(engine):
    """Writing or reading the explanation of a decision that is not stored says so."""
    with pytest.raises(UnknownRecord):
        await put_explanation(engine, new_id(), make_explanation(), make_evidence(), NOW)
    with pytest.raises(UnknownRecord):
        await load_explanation(engine, new_id())

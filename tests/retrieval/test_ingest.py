"""Taking documents in, and what is found afterwards."""

from datetime import date

import pytest

from retrieval.errors import Refused
from retrieval.ingest import ingest, withdraw
from retrieval.model import Document, Provision
from retrieval.search import PostgresClauses

D2024, D2025, D2026 = date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)


def edition(name: str, start: date, texts: dict[str, str], end: date | None = None, **more) -> Document:
    """A small edition of the manual."""
    made = tuple(Provision(clause, text, start, end) for clause, text in texts.items())
    return Document("manual", name, made, more.pop("source", "manual.md"), **more)


async def texts(engine, embedder, as_of: date, **more) -> dict[str, str]:
    """What the manual says on a day."""
    found = await PostgresClauses(engine, embedder).in_force(as_of, document="manual", **more)
    return {clause.clause: clause.text for clause in found}


async def test_the_same_input_again_writes_nothing(engine, embedder):
    """The same input again writes nothing and embeds nothing."""
    first = await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)
    asked = embedder.asked
    again = await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)
    assert (first.opened, first.closed) == (2, 0)
    assert again.unchanged
    assert embedder.asked == asked


async def test_a_correction_closes_what_was_known(engine, embedder):
    """The same edition with another text is a correction: what was known before it stays on record."""
    first = await ingest(engine, edition("1", D2024, {"A": "old", "B": "same"}), embedder)
    second = await ingest(engine, edition("1", D2024, {"A": "new", "B": "same"}), embedder)
    assert (second.opened, second.closed) == (1, 1)
    assert await texts(engine, embedder, D2025) == {"A": "new", "B": "same"}
    assert first.snapshot is not None
    then = first.snapshot.known_at
    assert await texts(engine, embedder, D2025, known_at=then) == {"A": "old", "B": "same"}


async def test_a_corrected_source_that_lost_a_clause_loses_it(engine, embedder):
    """A whole source that no longer states a clause takes it out; clause lines never do."""
    await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)
    await ingest(engine, edition("1", D2024, {"A": "one"}), embedder)
    assert await texts(engine, embedder, D2025) == {"A": "one"}
    await ingest(engine, edition("1", D2024, {"C": "three"}, whole=False), embedder)
    assert await texts(engine, embedder, D2025) == {"A": "one", "C": "three"}


async def test_a_later_edition_needs_supersede(engine, embedder):
    """A later edition is refused while an earlier one is open-ended, and ends all of it with supersede."""
    await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)
    later = edition("2", D2025, {"A": "one again"})
    with pytest.raises(Refused, match="--supersede"):
        await ingest(engine, later, embedder)
    assert await texts(engine, embedder, D2026) == {"A": "one", "B": "two"}
    written = await ingest(engine, later, embedder, supersede=True)
    assert (written.opened, written.closed, written.ended) == (3, 2, ("1",))
    assert await texts(engine, embedder, D2024) == {"A": "one", "B": "two"}
    assert await texts(engine, embedder, D2026) == {"A": "one again"}


async def test_editions_may_come_in_any_order(engine, embedder):
    """Open-ended editions taken in backwards leave the corpus as taken in forwards."""
    for name, start in (("3", D2026), ("1", D2024), ("2", D2025)):
        await ingest(engine, edition(name, start, {"A": f"text {name}"}), embedder, supersede=True)
    for name, day in (("1", D2024), ("2", D2025), ("3", date(2030, 1, 1))):
        assert await texts(engine, embedder, day) == {"A": f"text {name}"}


async def test_two_texts_at_once_are_refused(engine, embedder):
    """An edition whose stated end lies after the beginning of another is refused, naming both."""
    await ingest(engine, edition("1", D2024, {"A": "one"}, D2026), embedder)
    with pytest.raises(Refused, match="edition 1 binds from 2024-01-01 until 2026-01-01"):
        await ingest(engine, edition("2", D2025, {"A": "two"}), embedder, supersede=True)


async def test_a_withdrawal_ends_a_clause_and_lasts(engine, embedder):
    """A withdrawn clause ends on its day; the same input again, and a correction of it, do not revive it."""
    await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)
    await withdraw(engine, "manual", "A", D2025)
    assert await texts(engine, embedder, D2024) == {"A": "one", "B": "two"}
    assert await texts(engine, embedder, D2025) == {"B": "two"}
    assert (await ingest(engine, edition("1", D2024, {"A": "one", "B": "two"}), embedder)).unchanged
    await ingest(engine, edition("1", D2024, {"A": "won", "B": "two"}), embedder)
    assert await texts(engine, embedder, D2024) == {"A": "won", "B": "two"}
    assert await texts(engine, embedder, D2025) == {"B": "two"}
    with pytest.raises(Refused, match="not in force"):
        await withdraw(engine, "manual", "A", D2025)


async def test_search_finds_by_words_by_meaning_and_by_name(engine, embedder):
    """A search answers with what is in force on the day, and a clause named in the question comes first."""
    await ingest(
        engine,
        edition("1", D2024, {"CP-1.1": "The debt ratio is 40 %.", "CP-1.2": "Gardens are green."}, D2025),
        embedder,
    )
    await ingest(engine, edition("2", D2025, {"CP-1.1": "The debt ratio is 60 %."}), embedder)
    clauses = PostgresClauses(engine, embedder)
    (first, *_) = await clauses.search("what is the debt ratio?", D2024, document="manual")
    assert (first.clause.clause, first.clause.edition) == ("CP-1.1", "1")
    (first, *_) = await clauses.search("what is the debt ratio?", D2026)
    assert (first.clause.clause, first.clause.edition) == ("CP-1.1", "2")
    (first, *_) = await clauses.search("what does CP-1.2 say of the debt ratio?", D2024)
    assert first.clause.clause == "CP-1.2"
    assert await clauses.search("debt", date(2023, 1, 1)) == []
    assert [c.text for c in await clauses.context("manual", ["debt", "gardens"], D2024, 2)] == [
        "The debt ratio is 40 %.",
        "Gardens are green.",
    ]
    named = await clauses.named("manual", ["CP-1.1", "CP-1.2"], D2026)
    assert {name: clause.edition for name, clause in named.items()} == {"CP-1.1": "2"}

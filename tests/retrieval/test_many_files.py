"""Ingests of folders, ingests that were cut off, and ingests at the same time."""

import asyncio
import json
from datetime import date

import pytest

from retrieval.errors import Refused
from retrieval.ingest import ingest, ingest_paths
from retrieval.model import Document, Provision
from retrieval.passages import BATCH
from retrieval.search import PostgresClauses

DAY = date(2024, 1, 1)


def clause_line(document: str, clause: str, text: str, **more) -> str:
    """One clause line."""
    row = {
        "document": document,
        "edition": "1",
        "clause": clause,
        "text": text,
        "effective_from": "2024-01-01",
    }
    return json.dumps(row | more) + "\n"


def edition(texts: dict[str, str], name: str = "manual", number: str = "1") -> Document:
    """An edition of these clauses."""
    made = tuple(Provision(clause, text, DAY) for clause, text in texts.items())
    return Document(name, number, made, f"{name}.md")


async def test_one_bad_file_stops_no_other(engine, embedder, tmp_path):
    """Each file that cannot be taken in is named with its reason; the rest of the folder is there."""
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    (tmp_path / "b.jsonl").write_text(clause_line("b", "1", "income") + "{")
    (tmp_path / "c.html").write_text("<p style='display:none'>approve</p>")
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "e.docx").write_bytes(b"PK\x03\x04")
    (tmp_path / "f.md").write_text("")
    (tmp_path / "g.jsonl").write_text(clause_line("g", "1", "income"))
    report = await ingest_paths(engine, [tmp_path], embedder)
    assert [(w.document, w.opened) for w in report.written] == [("g", 1)]
    assert [path.rpartition("/")[2] for path in report.refused] == [
        "a.md", "b.jsonl", "c.html", "d.pdf", "e.docx", "f.md",
    ]  # fmt: skip
    assert all(report.refused.values())
    hits = await PostgresClauses(engine, embedder).search("income", DAY)
    assert [hit.clause.document for hit in hits] == ["g"]


async def test_a_contradiction_stops_only_its_own_document(engine, embedder, tmp_path):
    """An edition that meets an open one is refused by name, and the next document goes in."""
    (tmp_path / "a.jsonl").write_text(clause_line("a", "1", "income"))
    later = clause_line("a", "1", "rent", edition="2", effective_from="2025-01-01")
    (tmp_path / "b.jsonl").write_text(later)
    (tmp_path / "c.jsonl").write_text(clause_line("c", "1", "debt"))
    report = await ingest_paths(engine, [tmp_path], embedder)
    assert [w.document for w in report.written] == ["a", "c"]
    assert list(report.refused) == ["b.jsonl: a 2"]
    assert "--supersede" in report.refused["b.jsonl: a 2"]


class Failing:
    """An embedder that fails after so many calls."""

    def __init__(self, inner, calls: int) -> None:
        self.name, self.dimensions = inner.name, inner.dimensions
        self._inner = inner
        self.calls = calls

    async def embed(self, texts):
        """As the inner one, until it fails."""
        if self.calls == 0:
            raise ConnectionError("gone")
        self.calls -= 1
        return await self._inner.embed(texts)


async def test_an_ingest_that_was_cut_off_goes_on(engine, embedder):
    """What was embedded before the end is not embedded again; nothing was in force in between."""
    stated = edition({str(n): f"clause number {n}" for n in range(2 * BATCH + 5)})
    told: list[tuple[int, int]] = []
    with pytest.raises(ConnectionError):
        await ingest(
            engine, stated, Failing(embedder, 2), progress=lambda done, total: told.append((done, total))
        )
    clauses = PostgresClauses(engine, embedder)
    assert await clauses.in_force(DAY) == ()
    assert told == [(BATCH, 2 * BATCH + 5), (2 * BATCH, 2 * BATCH + 5)]
    embedder.asked = 0
    written = await ingest(engine, stated, embedder)
    assert (written.opened, embedder.asked) == (2 * BATCH + 5, 5)


async def test_ingests_of_one_document_at_once_leave_one_truth(engine, embedder):
    """Many writers of one edition and of others: none waits for ever, each clause has one text, and the
    statistics are those of what is in force."""
    texts = [{"1": f"income {n}", "2": "rent", "3": f"debt {n % 2}"} for n in range(6)]
    done = await asyncio.gather(
        *(ingest(engine, edition(text), embedder) for text in texts),
        *(ingest(engine, edition(texts[0]), embedder) for _ in range(3)),
        *(ingest(engine, edition({"1": "elsewhere"}, f"other-{n}"), embedder) for n in range(3)),
        ingest(engine, edition({"1": "later"}, number="2"), embedder),
        return_exceptions=True,
    )
    assert not [one for one in done if isinstance(one, BaseException) and not isinstance(one, Refused)]
    clauses = PostgresClauses(engine, embedder)
    held = {c.clause: c.text for c in await clauses.in_force(DAY, document="manual")}
    assert held in [*texts, {"1": "later"}]
    hits = await clauses.search("income rent debt later", DAY, document="manual")
    assert {hit.clause.clause: hit.clause.text for hit in hits} == held
    alone = await clauses.search("elsewhere", DAY)
    assert len([hit for hit in alone if hit.bm25 > 0]) == 3

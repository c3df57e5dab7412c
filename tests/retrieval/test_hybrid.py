"""The search itself: what its indexes may lose, how they are read, and what stands in its postings."""

import asyncio
import random
import re
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from app.storage import migrate
from retrieval import hybrid, lexical, statements
from retrieval.ingest import ingest
from retrieval.model import Document, Provision
from retrieval.search import NOW, PostgresClauses
from tests.retrieval.conftest import FakeEmbedder

FIRST, SECOND = date(2020, 1, 1), date(2022, 1, 1)
BEFORE, AFTER = date(2021, 6, 1), date(2023, 6, 1)
VOCABULARY = [f"{a}{b}{c}" for a in "bdgklmr" for b in "aeiou" for c in ("nt", "rk", "sp", "lm", "x")]
CLAUSES = 1000
A_MILLION = """
update pg_class set reltuples = 1000000 where relkind = 'r'
  and relname similar to 'clause|passage|passage_vector|passage_sketch|posting|term|term_statistic'
"""
"""What the planner believes: it takes the rows a page from here and the pages from the file."""


@cache
def direction(word: str):
    """Where a word points."""
    return np.random.default_rng(list(word.encode())).standard_normal(384)


class WideEmbedder(FakeEmbedder):
    """As wide as the vectors that have an index."""

    name = "fake-wide"
    dimensions = 384

    async def embed(self, texts):
        """Sums of a random vector for each word."""
        rows = [np.sum([direction(word) for word in lexical.terms(text)], axis=0) for text in texts]
        vectors = np.array(rows, np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sentence(chance: random.Random, words: int) -> str:
    """Words of which the first of the vocabulary are frequent and the last rare."""
    return " ".join(VOCABULARY[int(len(VOCABULARY) * chance.random() ** 2)] for _ in range(words))


def edition(document: str, name: str, start: date, seed: int, clauses: int) -> Document:
    """Clauses of 6 to 25 random words, in force from a day on."""
    chance = random.Random(seed)
    texts = [sentence(chance, chance.randint(6, 25)) for _ in range(clauses)]
    made = tuple(Provision(f"{n}", f"{text} {document}{n}", start) for n, text in enumerate(texts))
    return Document(document, name, made, f"{document}.md")


async def large_corpus(engine, embedder) -> None:
    """Two documents, of which the larger has two editions: some passages of several blocks are in force."""
    await ingest(engine, edition("large", "1", FIRST, 1, CLAUSES), embedder)
    await ingest(engine, edition("small", "1", FIRST, 2, 300), embedder)
    await ingest(engine, edition("large", "2", SECOND, 3, CLAUSES), embedder, supersede=True)
    async with engine.begin() as connection:
        await connection.execute(sa.text("analyze"))


async def statements_of(engine) -> list[str]:
    """What is sent to the server from now on, as asyncpg's own log has it."""
    sent: list[str] = []
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(lambda record: sent.append(record.query))
    return sent


async def plan_of(engine, document: str) -> Any:
    """The plan of a search, in one document or in all ("")."""
    statement = hybrid.search(one_document=bool(document), dimensions=384)
    vector = direction("bant").tolist()
    arguments: tuple[Any, ...] = (
        document,
        AFTER,
        NOW,
        ["bant", "bark"],
        ["1"],
        WideEmbedder.name,
        vector,
        [],
        10,
    )
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.execute(statements.NEAR)
        (row,) = await driver.fetch(f"explain (format json) {statement}", *arguments)
        return row[0][0]["Plan"]


def scanned(plan: Any, table: str) -> set[tuple[str, str | None]]:
    """How a table is read in a plan: each kind of scan with its index."""
    found = set()

    def walk(node) -> None:
        if node.get("Relation Name") == table:
            found.add((node["Node Type"], node.get("Index Name")))
        for child in node.get("Plans", ()):
            walk(child)

    walk(plan)
    return found


async def test_what_the_indexes_find_is_what_there_is(engine):
    """Under dates and documents the ten best are at least 99 % of what an exhaustive search finds, and one
    statement finds them."""
    embedder = WideEmbedder()
    await large_corpus(engine, embedder)
    usual, exhaustive = (PostgresClauses(engine, embedder, exhaustive=x) for x in (False, True))
    chance, kept = random.Random(4), []
    await usual.search("warm", AFTER)
    sent = await statements_of(engine)
    for number in range(24):
        query, day = sentence(chance, 6), (BEFORE, AFTER)[number % 2]
        document = (None, "large", "small")[number % 3]
        sent.clear()
        found = await usual.search(query, day, document=document)
        assert len(sent) == 1
        wanted = {hit.clause.id for hit in await exhaustive.search(query, day, document=document)}
        assert all(hit.clause.effective_from <= day for hit in found)
        kept.append(len(wanted & {hit.clause.id for hit in found}) / len(wanted))
    assert np.mean(kept) >= 0.99


async def test_every_large_table_is_read_by_an_index(engine):
    """Among a million clauses the plan of a search scans no table of the corpus from end to end."""
    await ingest(engine, edition("d", "1", FIRST, 1, 300), WideEmbedder())
    async with engine.begin() as connection:
        await connection.execute(sa.text("analyze"))
        await connection.execute(sa.text(A_MILLION))
    for document in ("", "d"):
        plan = await plan_of(engine, document)
        assert scanned(plan, "posting") == {("Index Scan", "pk_posting")}
        assert ("Index Scan", "ix_passage_vector_near") in scanned(plan, "passage_vector")
        for table in ("clause", "passage", "passage_vector", "passage_sketch", "term", "term_statistic"):
            assert "Seq Scan" not in {kind for kind, _ in scanned(plan, table)}, table


async def test_where_little_is_in_force_nothing_is_lost(engine):
    """A day that leaves a handful of clauses in force finds all of them, words in common or not."""
    embedder = WideEmbedder()
    await ingest(engine, edition("large", "1", SECOND, 1, 400), embedder)
    await ingest(engine, edition("old", "1", FIRST, 2, 7), embedder)
    clauses = PostgresClauses(engine, embedder)
    for query in ("bant bark", "large1 large2", "nothing of it"):
        hits = await clauses.search(query, BEFORE)
        assert {hit.clause.clause for hit in hits} == {f"{n}" for n in range(7)}


async def postings(engine) -> dict[tuple[int, int], float]:
    """Of each word and passage its weight, by the postings."""
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.text("select term_id, block, weights::text from posting"))).all()
    found = {}
    for term_id, block, weights in rows:
        for place, weight in re.findall(r"(\d+):([\d.e-]+)", weights):
            found[term_id, block * lexical.BLOCK + int(place) - 1] = float(weight)
    return found


async def stated(engine) -> dict[tuple[int, int], Any]:
    """The same by the passages."""
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.text("select id, terms, counts from passage"))).all()
    return {
        (term_id, passage_id): pytest.approx(weight, abs=1e-6)
        for passage_id, terms, counts in rows
        for term_id, weight in zip(terms, lexical.weights(counts), strict=True)
    }


async def test_writers_at_once_leave_every_posting(engine, embedder):
    """Documents with the same words taken in at the same time neither deadlock nor lose a weight."""
    documents = [edition(f"d{n}", "1", FIRST, n, 40) for n in range(4)]
    await asyncio.gather(*(ingest(engine, one, embedder) for one in documents))
    await ingest(engine, documents[0], embedder)
    assert await postings(engine) == await stated(engine)


async def test_a_corpus_from_before_is_found_after_the_migration(engine, embedder):
    """Passages that were there before postings were have the same ones after migrating."""
    await ingest(engine, edition("d", "1", FIRST, 1, 40), embedder)
    clauses = PostgresClauses(engine, embedder)
    before = [(hit.clause.id, hit.score) for hit in await clauses.search("bant bark gasp", AFTER)]
    await migrate.downgrade(engine, "0003")
    await migrate.upgrade(engine)
    assert await postings(engine) == await stated(engine)
    after = [(hit.clause.id, hit.score) for hit in await clauses.search("bant bark gasp", AFTER)]
    assert after == before

"""A million clauses over time, of which the day leaves some 40,000 in force: how fast, and what is lost.

The corpus of the retrieval benchmark, multiplied inside a scratch database: COPIES sets of documents, each
in as many yearly editions as the size asks for. Every clause has a passage and a vector of its own, a real
vector with noise. Each set has blocks of passages of its own, so its postings are those of the first with
other numbers. Rules and indexes that no search reads are dropped; so is the vector index, which is not asked
where a day leaves so little of the corpus in force (`retrieval.legs`). An answer is held against an
exhaustive search under the same filters.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_engine
from evals.benchmarks import retrieval
from evals.benchmarks.database import outside_transactions, patient_engine, scratch_database
from evals.benchmarks.figures import Speed, recall, rounded
from evals.benchmarks.report import Outcome
from evals.benchmarks.retrieval import Corpus
from retrieval.ingest import ingest_paths
from retrieval.lexical import BLOCK
from retrieval.model import Hit
from retrieval.search import PostgresClauses

NAME = "scale"
K = 10
CLAUSES = 1_000_000
COPIES = 3
FIRST_YEAR = 1990
NOISES = 997
NOISE = 0.5
"""Length of the noise beside a vector of length 1."""
HELD_AGAINST_EXHAUSTIVE = 60

BEFORE = (
    "alter table clause drop constraint ex_clause_one_text_at_a_time",
    "alter table clause drop constraint fk_clause_passage_id",
    "alter table posting drop constraint fk_posting_term_id, drop constraint fk_posting_block",
    "alter table passage_vector drop constraint fk_passage_vector_model_id, "
    "drop constraint fk_passage_vector_passage_id",
    "alter table passage_sketch drop constraint fk_passage_sketch_model_id, "
    "drop constraint fk_passage_sketch_passage_id",
    "drop index ix_passage_vector_near, ix_clause_refers_to, ix_clause_defines, ix_clause_document",
    "create unlogged table noise (id integer primary key, vector vector not null)",
)
PASSAGES = """
insert into passage (id, sha256, heading, text, length, terms, counts, weights) overriding system value
select p.id + :offset, sha256(p.sha256 || int4send(:number)), p.heading, p.text, p.length, p.terms, p.counts,
  p.weights
from passage p where p.id <= :last order by p.id
"""
BLOCKS = """
insert into passage_block (id, documents, effective_from, effective_to, known_from, known_to)
select b.id + :blocks, array(select one || '-' || cast(:copy as text) from unnest(b.documents) as one),
  make_date(:year, 1, 1), make_date(:year + 1, 1, 1), b.known_from, b.known_to
from passage_block b where b.id <= :last_block
"""
POSTINGS = """
insert into posting (term_id, block, weights)
select p.term_id, p.block + :blocks, p.weights from posting p where p.block <= :last_block
"""
VECTORS = """
insert into passage_vector (model_id, passage_id, embedding)
select v.model_id, v.passage_id + :offset, l2_normalize(v.embedding + noise.vector)
from passage_vector v
join noise on noise.id = (v.passage_id * 31 + :number * 7) % :noises
where v.passage_id <= :last order by v.passage_id
"""
SKETCHES = """
insert into passage_sketch (model_id, passage_id, signs)
select model_id, passage_id, binary_quantize(embedding) from passage_vector
where passage_id between :offset and :offset + :last order by passage_id
"""
EDITION = """
insert into clause (document, clause, edition, kind, parent, path, position, title, source, searched,
  refers_to, defines, names, effective_from, effective_to, known_from, passage_id)
select c.document || '-' || cast(:copy as text), c.clause, cast(cast(:year as integer) as text),
  c.kind, c.parent, c.path, c.position, c.title, c.source, c.searched, c.refers_to, c.defines, c.names,
  make_date(:year, 1, 1), make_date(:year + 1, 1, 1), c.known_from, c.passage_id + :offset
from clause c where c.id <= :last_clause order by c.passage_id
"""
SETS = (PASSAGES, BLOCKS, POSTINGS, VECTORS, SKETCHES, EDITION)
AFTER = (
    "delete from clause where id <= :last_clause",
    "update passage_block set effective_to = '-infinity' where id <= :last_block",
    "update term_statistic set clauses = clauses * :times",
    "update corpus_statistic set clauses = clauses * :times, terms = terms * :times",
    "create index ix_clause_document on clause (document)",
)

COUNTS = """
select count(*), count(*) filter (where effective_from = make_date(:year, 1, 1)) from clause
"""


async def measure(data: Path, out: Path, clauses: int = CLAUSES) -> Outcome:
    """The figures at the size that is asked for, if the corpus is among the data sets."""
    corpus = await retrieval.load(data, out)
    if corpus is None:
        return Outcome.not_run(NAME, f"no data set in {data}")
    async with scratch_database(out, "bench_scale") as url:
        started = time.monotonic()
        engine = open_engine(url, pool_size=1)
        await ingest_paths(engine, [corpus.path], corpus.vectors)
        await engine.dispose()
        years = await _multiply(url, corpus, clauses)
        await outside_transactions(url, "vacuum analyze")
        return await _ask(url, corpus, years, time.monotonic() - started)


async def _multiply(url: str, corpus: Corpus, wanted: int) -> Sequence[int]:
    """Make the corpus large; the years of its editions."""
    engine = patient_engine(url)
    async with engine.begin() as connection:
        last = int((await connection.scalars(text("select max(id) from passage"))).one())
        last_clause, clauses = (await connection.execute(text("select max(id), count(*) from clause"))).one()
        for statement in BEFORE:
            await connection.execute(text(statement))
        await connection.execute(
            text("insert into noise values (:id, cast(:vector as vector))"),
            _noises(corpus.vectors.dimensions),
        )
    years = range(FIRST_YEAR, FIRST_YEAR + max(1, round(wanted / clauses / COPIES)))
    sets = [(year, copy) for year in years for copy in range(COPIES)]
    common = {"last": last, "last_block": last // BLOCK, "last_clause": last_clause, "noises": NOISES}
    for number, (year, copy) in enumerate(sets, start=1):
        blocks = number * (last // BLOCK + 1)
        own = {"number": number, "blocks": blocks, "offset": blocks * BLOCK, "year": year, "copy": str(copy)}
        values = common | own
        await _execute(engine, SETS, values)
        print(f"made {number} of {len(sets)} sets", end="\r", flush=True)
    await _execute(engine, AFTER, common | {"times": len(sets)})
    await engine.dispose()
    return years


async def _execute(engine: AsyncEngine, statements: Sequence[str], values: Mapping[str, object]) -> None:
    """All in one transaction, each with those of the values that it names."""
    async with engine.begin() as connection:
        for statement in statements:
            clause = text(statement)
            await connection.execute(clause, {name: values[name] for name in clause.compile().params})


def _noises(dimensions: int) -> list[dict[str, object]]:
    generator = np.random.default_rng(7)
    drawn = generator.standard_normal((NOISES, dimensions)) * NOISE / np.sqrt(dimensions)
    return [{"id": number, "vector": str(row.round(5).tolist())} for number, row in enumerate(drawn)]


async def _ask(url: str, corpus: Corpus, years: Sequence[int], filled_s: float) -> Outcome:
    engine, patient = open_engine(url, pool_size=1), patient_engine(url)
    usual = PostgresClauses(engine, corpus.vectors)
    exhaustive = PostgresClauses(patient, corpus.vectors, exhaustive=True)
    for year in years:  # what is measured is a service that runs, not its first questions
        await usual.search(corpus.questions[0].text, date(year, 7, 1), k=K)
    elapsed_ms, found = [], []
    for number, question in enumerate(corpus.questions):
        day = date(years[number % len(years)], 7, 1)
        start = time.perf_counter()
        hits = await usual.search(question.text, day, k=K)
        elapsed_ms.append((time.perf_counter() - start) * 1000)
        if number < HELD_AGAINST_EXHAUSTIVE:
            exact = await exhaustive.search(question.text, day, k=K)
            found.append(recall(_ids(hits), _ids(exact), K))
    async with patient.connect() as connection:
        total, in_force = (await connection.execute(text(COUNTS), {"year": years[0]})).one()
    await engine.dispose()
    await patient.dispose()
    return _outcome(Speed.of(elapsed_ms), sum(found) / len(found), total, in_force, filled_s)


def _ids(hits: Sequence[Hit]) -> list[str]:
    return [str(hit.clause.id) for hit in hits]


def _outcome(speed: Speed, kept: float, clauses: int, in_force: int, filled_s: float) -> Outcome:
    rows = [
        ("clauses", "in force", "p50 ms", "p99 ms", "recall@10 of exhaustive", "filled in s"),
        (
            str(clauses),
            str(in_force),
            f"{speed.p50_ms:.1f}",
            f"{speed.p99_ms:.1f}",
            f"{kept:.3f}",
            f"{filled_s:.0f}",
        ),
    ]
    figures = rounded(speed) | {"recall_of_exhaustive": kept, "filled_s": filled_s}
    return Outcome(NAME, "run", rows=rows, figures=figures | {"clauses": clauses, "in_force": in_force})

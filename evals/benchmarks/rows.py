"""A year's rows: the arithmetic of docs/database.md held against a million stored decisions.

Some hundred real decisions, explained, noticed and keyed by the service's own code, then copied inside a
scratch database under new ids until a million lie there; the trigger reads and checks each copy as any other
row. What a decision takes (bytes, indexes, log) must not grow with their number, nor what it costs to read a
page or to store one more batch.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.deciding import Order, take
from app.logs import configure_logs
from app.sandbox.applications import sample_applications
from app.schemas import DecisionRequest
from app.service import model_apis
from app.settings import Settings
from app.storage import idempotency
from app.storage.decisions import load_decision, load_page
from app.wiring import Services, open_services
from decisioning.model import Outcome
from evals.benchmarks import report
from evals.benchmarks.database import outside_transactions, patient_engine, scratch_database
from retrieval.ingest import ingest_paths

NAME = "rows"
SIZES = (10_000, 100_000, 1_000_000)
REAL = 200
PORTION = 10_000
"""Rows that one statement copies."""
KEYS = 55_000
"""Keys of two days at ten million decisions a year."""
TIMES = 31
TABLES = ("decision", "decision_explanation", "decision_notice", "idempotency_key")

BEFORE = (
    "create unlogged table original as select id, created_at, received_at, as_of, corrects, api_key_id, "
    "record::text as record, inputs::text as inputs from decision",
    "create unlogged table copied (old uuid not null, new uuid not null)",
)
COPY = (
    "truncate copied",
    "insert into copied select id, uuidv7() from original cross join generate_series(1, :each)",
    """
    insert into decision (id, created_at, received_at, as_of, corrects, api_key_id, record, inputs, digest)
    select new, created_at, received_at, as_of, corrects, api_key_id, record::json, inputs::json,
      sha256(convert_to(record || chr(10) || inputs, 'UTF8'))
    from (
      select c.new, o.created_at, o.received_at, o.as_of, o.corrects, o.api_key_id,
        replace(o.record, c.old::text, c.new::text) as record,
        replace(o.inputs, c.old::text, c.new::text) as inputs
      from copied c join original o on o.id = c.old order by c.new
    ) copies
    """,
    """
    insert into decision_explanation (decision_id, reader, status, explanation, evidence, written_at)
    select c.new, e.reader, e.status, e.explanation::text::json, e.evidence::text::json, e.written_at
    from copied c join decision_explanation e on e.decision_id = c.old order by c.new
    """,
    """
    insert into decision_notice (decision_id, kind, due_at)
    select c.new, n.kind, n.due_at
    from copied c join decision_notice n on n.decision_id = c.old order by c.new
    """,
)
ANSWERS = """
insert into idempotency_key
  (caller, product, key, body_sha256, token, leased_until, decision_id, response, finished_at)
select k.caller, k.product, k.key || '-' || number, k.body_sha256, gen_random_uuid(), k.leased_until,
  k.decision_id, k.response || ''::bytea, k.finished_at
from idempotency_key k cross join generate_series(1, :each) as number
"""
SIZE = "select count(*), pg_total_relation_size('{0}'), pg_indexes_size('{0}') from {0}"
LOG = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
PAGES: Mapping[str, Callable[[AsyncEngine], Awaitable[object]]] = {
    "page": load_page,
    "page by outcome": partial(load_page, outcome=Outcome.DECLINE),
    "page by product": partial(load_page, product="consumer-loan"),
}

Figures = dict[str, float]


async def measure(_data: Path, out: Path) -> report.Outcome:
    """Bytes a row, bytes of log a decision, ms of reads and of a commit, at each of SIZES."""
    configure_logs("warning")
    async with scratch_database(out, "bench_rows") as url:
        settings = Settings(_env_file=None, database_url=url)
        async with model_apis(settings) as known, open_services(known) as services:
            for product in services.products.values():
                manuals = list(product.manuals().values())
                await ingest_paths(services.engine, manuals, services.embedder, supersede=True)
            orders = _orders()
            for order in orders:
                await _decided(services, order)
            engine, found = patient_engine(url), []
            await _execute(engine, BEFORE, {})
            for size in SIZES:
                logged = await _grow(engine, size)
                await outside_transactions(url, "vacuum analyze")
                found.append({"decisions": size, "log": logged} | await _asked(services, orders))
                print(f"measured at {size}", flush=True)
            await _execute(engine, [ANSWERS], {"each": KEYS // REAL})
            frozen_s = await _seconds(lambda: outside_transactions(url, "vacuum (freeze) decision"))
            sizes = await _sizes(engine)
            await engine.dispose()
    return _outcome(found, sizes, frozen_s)


def _orders() -> list[Order]:
    rows = [dict(sample.application) for sample in sample_applications()]
    return [
        Order(DecisionRequest(product="consumer-loan", application=row, explain="sync"))
        for row in rows[:: len(rows) // REAL][:REAL]
    ]


async def _decided(services: Services, order: Order) -> None:
    """One whole decision under a key of its own, as the service takes it."""
    key = str(uuid7())
    claimed = await idempotency.claim(services.engine, None, order.wanted.product, key, bytes(32))
    if isinstance(claimed, idempotency.Claimed):
        await take(services, Order(order.wanted, claimed=claimed))


async def _grow(engine: AsyncEngine, size: int) -> float:
    """Copy until so many are there; bytes of log a decision with its words and its notice."""
    async with engine.connect() as connection:
        have = (await connection.execute(text("select count(*) from decision"))).scalar_one()
        before = (await connection.execute(text(LOG))).scalar_one()
    added = 0
    while have + added < size:
        each = min(PORTION, size - have - added) // REAL + 1
        await _execute(engine, COPY, {"each": each})
        added += each * REAL
    async with engine.connect() as connection:
        after = (await connection.execute(text(LOG))).scalar_one()
    return float(after - before) / added


async def _asked(services: Services, orders: Sequence[Order]) -> Figures:
    """Median ms of each read, and of a decision from its claim to its commit without its words."""
    engine, found = services.engine, {}
    for name, page in PAGES.items():
        found[name] = await _median_ms(partial(_read, page, engine))
    newest = (await load_page(engine, limit=TIMES)).items
    found["one"] = await _median_ms(lambda n: load_decision(engine, newest[n].id))
    bare = [Order(order.wanted.model_copy(update={"explain": "none"})) for order in orders[:TIMES]]
    found["decide and store"] = await _median_ms(lambda n: _decided(services, bare[n]))
    return found


async def _read(page: Callable[[AsyncEngine], Awaitable[object]], engine: AsyncEngine, _number: int) -> None:
    await page(engine)


async def _median_ms(call: Callable[[int], Awaitable[object]]) -> float:
    return median([await _seconds(partial(call, number)) * 1000 for number in range(TIMES)])


async def _seconds(call: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await call()
    return time.perf_counter() - start


async def _sizes(engine: AsyncEngine) -> dict[str, Figures]:
    found = {}
    async with engine.connect() as connection:
        for table in TABLES:
            rows, whole, indexes = (await connection.execute(text(SIZE.format(table)))).one()
            found[table] = {"rows": rows, "bytes_a_row": whole / rows, "index_bytes_a_row": indexes / rows}
    return found


async def _execute(engine: AsyncEngine, statements: Sequence[str], values: dict[str, int]) -> None:
    """Each with those of the values that it names, all in one transaction."""
    async with engine.begin() as connection:
        for statement in statements:
            clause = text(statement)
            await connection.execute(clause, {name: values[name] for name in clause.compile().params})


def _outcome(found: Sequence[Figures], sizes: dict[str, Figures], frozen_s: float) -> report.Outcome:
    names = [name for name in found[0] if name != "decisions"]
    rows = [("", *(f"{each['decisions']:,.0f}" for each in found))]
    units = {"log": "log, bytes a decision"}
    rows += [(units.get(name, f"{name}, ms"), *(f"{each[name]:,.1f}" for each in found)) for name in names]
    notes = [
        f"{table}: {each['bytes_a_row']:,.0f} bytes a row, {each['index_bytes_a_row']:,.0f} of them indexes, "
        f"{each['rows']:,.0f} rows"
        for table, each in sizes.items()
    ]
    notes.append(f"freezing a million decisions took {frozen_s:.1f} s")
    return report.Outcome(NAME, "measured", rows=rows, notes=notes, figures={"reads": found, "sizes": sizes})

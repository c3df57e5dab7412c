"""Passages: texts as they are searched, written ahead of the clauses that state them.

A passage follows from its content alone, so writing one twice, or one that no clause comes to state, harms
nothing: an ingest that was cut off finds its finished passages again and embeds only the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pgvector import SparseVector
from sqlalchemy import ColumnElement, any_, exists, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from retrieval import lexical, statements
from retrieval.model import Provision
from retrieval.ports import Embedder
from retrieval.tables import SPARSE_DIMENSIONS, embedding_model, passage, passage_vector, term

Progress = Callable[[int, int], None]
"""Called with how many texts are embedded so far, and how many there are."""

BATCH = 128


async def write(
    engine: AsyncEngine, provisions: Iterable[Provision], embedder: Embedder, progress: Progress | None = None
) -> None:
    """Each text that has no vector of this model yet, embedded and stored in short transactions."""
    by_sha256 = {bytes.fromhex(one.sha256): one for one in provisions}
    async with engine.begin() as connection:
        model_id = await _model(connection, embedder)
        done = await _embedded(connection, model_id, list(by_sha256))
    missing = sorted(by_sha256.keys() - done)
    for start in range(0, len(missing), BATCH):
        batch = {sha256: by_sha256[sha256] for sha256 in missing[start : start + BATCH]}
        vectors = await embedder.embed([embedded_text(one) for one in batch.values()])
        async with engine.begin() as connection:
            await _write_batch(connection, batch, model_id, vectors)
        if progress is not None:
            progress(min(start + BATCH, len(missing)), len(missing))


async def complete(engine: AsyncEngine, embedder: Embedder, progress: Progress | None = None) -> int:
    """Give every passage that has no vector of this model one, beside those of other models; how many."""
    async with engine.begin() as connection:
        model_id = await _model(connection, embedder)
        own = (passage_vector.c.passage_id == passage.c.id, passage_vector.c.model_id == model_id)
        query = select(passage.c.id, passage.c.heading, passage.c.text).where(~exists().where(*own))
        lacking = (await connection.execute(query)).all()
    for start in range(0, len(lacking), BATCH):
        batch = lacking[start : start + BATCH]
        vectors = await embedder.embed([joined(row.heading, row.text) for row in batch])
        async with engine.begin() as connection:
            await _write_vectors(connection, [row.id for row in batch], model_id, vectors)
        if progress is not None:
            progress(min(start + BATCH, len(lacking)), len(lacking))
    return len(lacking)


def embedded_text(one: Provision) -> str:
    """What a provision is searched by: its words, and its vector."""
    return joined(one.heading, one.text)


def joined(heading: str | None, text: str) -> str:
    """A heading and what stands under it."""
    return f"{heading}\n{text}" if heading else text


async def _model(connection: AsyncConnection, embedder: Embedder) -> int:
    row = {"name": embedder.name, "dimensions": embedder.dimensions}
    find = select(embedding_model.c.id).where(embedding_model.c.name == embedder.name)
    if await connection.scalar(find) is None:
        await connection.execute(insert(embedding_model).values(row).on_conflict_do_nothing())
    return int((await connection.scalars(find)).one())


async def _embedded(connection: AsyncConnection, model_id: int, sha256s: Sequence[bytes]) -> set[bytes]:
    query = (
        select(passage.c.sha256)
        .join(passage_vector, passage_vector.c.passage_id == passage.c.id)
        .where(passage_vector.c.model_id == model_id, any_of(passage.c.sha256, sha256s))
    )
    return set((await connection.scalars(query)).all())


async def _write_batch(
    connection: AsyncConnection, batch: dict[bytes, Provision], model_id: int, vectors: NDArray[np.float32]
) -> None:
    worded = [lexical.terms(embedded_text(one)) for one in batch.values()]
    ids = await _terms(connection, sorted({word for words in worded for word in words}))
    rows = [_row(sha256, one, words, ids) for (sha256, one), words in zip(batch.items(), worded, strict=True)]
    added = insert(passage).on_conflict_do_nothing().returning(passage.c.id)
    new = (await connection.scalars(added, rows)).all()
    found = await connection.execute(
        select(passage.c.sha256, passage.c.id).where(any_of(passage.c.sha256, list(batch)))
    )
    passage_ids = dict(found.all())
    await _write_vectors(connection, [passage_ids[sha256] for sha256 in batch], model_id, vectors)
    # Last, since other writers wait for the words that they have in common.
    await post(connection, new)


async def post(connection: AsyncConnection, passages: Sequence[int]) -> None:
    """Make new passages known by their words; once each, since weights are added to those of their block."""
    for statement in (statements.ADD_BLOCKS, statements.POST):
        await connection.execute(text(statement), {"passages": passages})


async def _write_vectors(
    connection: AsyncConnection, passage_ids: Sequence[int], model_id: int, vectors: NDArray[np.float32]
) -> None:
    rows = [
        {"model_id": model_id, "passage_id": passage_id, "embedding": vector}
        for passage_id, vector in zip(passage_ids, vectors, strict=True)
    ]
    await connection.execute(insert(passage_vector).on_conflict_do_nothing(), rows)
    await connection.execute(text(statements.SKETCH), {"model": model_id, "passages": list(passage_ids)})


async def _terms(connection: AsyncConnection, words: Sequence[str]) -> dict[str, int]:
    """The id of each word; new words are added in their order, so that two writers never wait in a ring."""
    find = select(term.c.word, term.c.id).where(any_of(term.c.word, words))
    found = dict((await connection.execute(find)).all())
    new = [{"word": word} for word in words if word not in found]
    if new:
        await connection.execute(insert(term).on_conflict_do_nothing(), new)
        found = dict((await connection.execute(find)).all())
    return found


def _row(sha256: bytes, one: Provision, words: Sequence[str], ids: Mapping[str, int]) -> dict[str, Any]:
    counts = sorted((ids[word], count) for word, count in Counter(words).items())
    tallies = [count for _, count in counts]
    weights = [(term_id, w) for (term_id, _), w in zip(counts, lexical.weights(tallies), strict=True)]
    weights += [(pair, 1.0) for pair in lexical.pairs(words)]
    return {
        "sha256": sha256,
        "heading": one.heading,
        "text": one.text,
        "length": len(words),
        "terms": [term_id for term_id, _ in counts],
        "counts": tallies,
        # pgvector counts dimensions from 1 in SQL and from 0 here
        "weights": SparseVector({d - 1: w for d, w in weights[: lexical.MOST_WEIGHTS]}, SPARSE_DIMENSIONS),
    }


def any_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column = any(array)`: one statement text, and one plan, whatever the number of values."""
    return column == any_(literal(list(values), ARRAY(column.type)))

"""The corpora that search is measured on, each in a database of its own, whole or as a share.

A share holds the questions chosen, the clauses that answer them, and for each question those that come up
for it by words: as hard for who searches by words alone as the whole, and quick to take in.
"""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import bm25s
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.engine import open_engine
from evals import crossrefs, question_map
from evals.benchmarks import obliqa
from evals.benchmarks.database import outside_transactions, scratch_database
from evals.benchmarks.obliqa import GivenVectors, Question
from evals.cases import spread
from evals.crossrefs import Referring
from evals.question_map import Taught
from retrieval import lexical, questions
from retrieval.ingest import ingest, ingest_paths
from retrieval.model import Document
from retrieval.passages import joined
from retrieval.search import PostgresClauses

RIVALS = 8
"""How many clauses that come up by words stand beside the right ones of each question of a share."""


@dataclass(frozen=True)
class Place:
    """Where the data sets lie, where vectors are kept, and whose embedded server is used."""

    data: Path
    vectors: Path
    home: Path


@dataclass(frozen=True)
class Rulebooks:
    """Rulebooks in a database; their questions with vectors as they are, and as learned by thirds."""

    engine: AsyncEngine
    asked: Sequence[Question]
    plain: GivenVectors
    by_thirds: GivenVectors


@asynccontextmanager
async def rulebooks(place: Place, most: int | None = None) -> AsyncIterator[Rulebooks]:
    """All 40 of ObliQA; minutes the first time, since every clause is embedded. Or a share.

    On a share no map is learned, so its questions are asked as they are.
    """
    folder = place.data / obliqa.FOLDER
    if most is None:
        taught = await question_map.prepared(folder, place.vectors)
        lines: Sequence[str] = _lines(folder)
        asked, by_thirds = taught.asked, _turned(taught)
        # A name of its own keeps the shipped map, learned from all of these questions, out of the way.
        plain = replace(by_thirds, vectors=taught.vectors.vectors)
    else:
        lines, asked = _few_rulebooks(folder, most)
        texts = [json.loads(line)["text"] for line in lines] + [one.text for one in asked]
        given = await obliqa.embedded(texts, place.vectors)
        plain = by_thirds = replace(given, name=f"{given.name}, unmapped")
    async with _scratch(place, "eval_rulebooks") as engine:
        with TemporaryDirectory() as made:
            path = Path(made) / "clauses.jsonl"
            path.write_text("\n".join(lines), encoding="utf-8")
            await ingest_paths(engine, [path], plain)
        yield Rulebooks(engine, asked, plain, by_thirds)


@asynccontextmanager
async def _scratch(place: Place, name: str) -> AsyncIterator[AsyncEngine]:
    async with scratch_database(place.home, f"{name}_{os.getpid()}") as url:
        engine = open_engine(url, pool_size=1)
        yield engine
        await engine.dispose()


async def settled(engine: AsyncEngine) -> None:
    """Let the database count what it holds, so that it plans by that."""
    await outside_transactions(engine.url.render_as_string(hide_password=False), "vacuum analyze")


@cache
def _lines(folder: Path) -> tuple[str, ...]:
    return tuple((folder / "clauses.jsonl").read_text(encoding="utf-8").splitlines())


@cache
def _few_rulebooks(folder: Path, most: int) -> tuple[Sequence[str], Sequence[Question]]:
    every = obliqa.questions(folder / "dev.jsonl", every=1)
    asked = spread(every, most)
    rows = [json.loads(line) for line in _lines(folder)]
    wanted = {name for one in asked for name in one.relevant}
    rivals = rivals_of([row["text"] for row in rows], [one.text for one in asked])
    kept = [line for n, line in enumerate(_lines(folder)) if n in rivals or rows[n]["clause"] in wanted]
    return kept, asked


def rivals_of(texts: Sequence[str], asked: Sequence[str], each: int = RIVALS) -> frozenset[int]:
    """The places of the texts that come up for any of the questions by words."""
    retriever = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    retriever.index([lexical.terms(text) for text in texts], show_progress=False)
    words = [lexical.terms(question) for question in asked]
    found, _ = retriever.retrieve(words, k=min(each, len(texts)), show_progress=False)
    return frozenset(int(place) for places in found for place in places)


def _turned(taught: Taught) -> GivenVectors:
    maps = question_map.across_folds(taught)
    vectors = dict(taught.vectors.vectors)
    for one in taught.asked:
        left, right = maps[question_map.fold_of(one.text)]
        vectors[one.text] = questions.applied(vectors[one.text], left, right)
    return replace(taught.vectors, name=f"{taught.vectors.name}, unmapped", vectors=vectors)


@dataclass(frozen=True)
class Regulation:
    """Editions of Regulation B in a database, and the sentences of each that refer to another clause.

    They were taken in backwards; `half_known` is the instant when all but the earliest were known.
    """

    engine: AsyncEngine
    vectors: GivenVectors
    asked: Sequence[Referring]
    half_known: datetime


@asynccontextmanager
async def regulation(place: Place, most: int | None = None) -> AsyncIterator[Regulation]:
    """Its five editions; or, as a share, two of them with a few sentences."""
    editions = _whole(place.data) if most is None else _few_sentences(place.data, most)
    texts = []
    for document, asked in editions:
        texts += [joined(one.heading, one.text) for one in document.provisions]
        texts += [text for one in asked for text in (one.sentence, one.masked)]
    vectors = await obliqa.embedded(texts, place.vectors)
    async with _scratch(place, "eval_regulation") as engine:
        clauses = PostgresClauses(engine, vectors)
        known: list[datetime] = []
        for document, _ in reversed(editions):
            await ingest(engine, document, vectors)
            snapshot = await clauses.snapshot()
            known += [snapshot.known_at] if snapshot else []
        yield Regulation(engine, vectors, [one for _, asked in editions for one in asked], known[-2])


_Editions = Sequence[tuple[Document, Sequence[Referring]]]


def _whole(data: Path) -> _Editions:
    return [(crossrefs.edition(data, name), crossrefs.referring(data, name)) for name in crossrefs.EDITIONS]


@cache
def _few_sentences(data: Path, most: int) -> _Editions:
    chosen = []
    for name in crossrefs.COMPLETE:
        whole, every = crossrefs.edition(data, name), crossrefs.referring(data, name)
        asked = spread(every, max(1, most // len(crossrefs.COMPLETE)))
        wanted = {clause for one in asked for clause in (one.source, *one.wanted)}
        texts = [joined(one.heading, one.text) for one in whole.provisions]
        rivals = rivals_of(texts, [text for one in asked for text in (one.sentence, one.masked)])
        kept = tuple(p for n, p in enumerate(whole.provisions) if n in rivals or p.clause in wanted)
        chosen.append((replace(whole, provisions=kept), asked))
    return chosen


def day_of(one: Referring) -> date:
    """The first day of the edition that a sentence stands in."""
    return date.fromisoformat(one.edition)

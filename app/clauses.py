"""The corpus as the core asks for it: its own errors translated, and what was read once remembered.

A state of the corpus never changes: what a question found at a snapshot, it finds for ever. So each question
asks the database for the latest snapshot, which is one indexed row, and for more only what this process has
not read at that snapshot before. An ingest makes a new snapshot, and with it everything is read anew.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from cachetools import LRUCache
from opentelemetry import trace
from opentelemetry.trace import SpanContext

from app.batching import Batcher
from app.metrics import Metrics
from app.telemetry import SpanName
from decisioning.chat.tools import Change
from decisioning.errors import DependencyFailed
from decisioning.ports import Clause, Hit
from retrieval import rank
from retrieval.diff import Difference, difference
from retrieval.errors import CorpusUnavailable
from retrieval.model import Hit as Found
from retrieval.model import Kind, Snapshot
from retrieval.search import NOW, PostgresClauses

REMEMBERED: Final = 4096
"""Clauses and answers to questions that are remembered, the least recently used forgotten first."""


Named = tuple[Snapshot | None, str, date, str]
Asked = tuple[Snapshot | None, str, date, int, str]


class PolicyClauses:
    """decisioning.ports.ClauseSearch over `corpus`, the clauses in Postgres."""

    def __init__(self, corpus: PostgresClauses, metrics: Metrics | None = None) -> None:
        self.corpus = corpus
        self._metrics = metrics or Metrics()
        self._snapshots: Batcher[datetime | None, Snapshot | None] = Batcher(
            self._snapshots_at, SpanName.BATCH.format("snapshot"), largest=256, in_flight=2
        )
        self._asking: dict[Asked, _Asking] = {}
        self._states: LRUCache[datetime | None, Snapshot] = LRUCache(REMEMBERED)
        self._clauses: LRUCache[Named, Clause | None] = LRUCache(REMEMBERED)
        self._answers: LRUCache[Asked, Sequence[Found]] = LRUCache(REMEMBERED)

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day; a name not in force is absent."""
        with _as_dependency():
            scope = (await self._snapshot(known_at), document, as_of)
            found = {name: self._clauses[*scope, name] for name in names if (*scope, name) in self._clauses}
            if unread := [name for name in names if name not in found]:
                read = await self.corpus.named(document, unread, as_of, known_at)
                found |= {name: read.get(name) for name in unread}
                self._clauses.update({(*scope, name): found[name] for name in unread})
        return {name: clause for name in names if (clause := found[name]) is not None}

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        """At most k clauses in force on that day that are nearest to any of the queries, best first."""
        with _as_dependency():
            scope = (await self._snapshot(known_at), document, as_of, k)
            answers = [await self._answer((*scope, query), known_at) for query in queries]
        return [hit.clause for hit in rank.merged(answers, k)]

    async def search(
        self, query: str, as_of: date, known_at: datetime | None, document: str | None, k: int
    ) -> Sequence[Hit]:
        """At most k clauses in force on that day, best first."""
        with _as_dependency():
            return await self.searched(query, as_of, document=document, known_at=known_at, k=k)

    async def searched(
        self, query: str, as_of: date, *, document: str | None, known_at: datetime | None, k: int
    ) -> Sequence[Found]:
        """At most k clauses, asked of the database and measured; raises what `corpus` raises."""
        start, result = time.perf_counter(), "failed"
        try:
            hits = await self.corpus.search(query, as_of, document=document, known_at=known_at, k=k)
            result = "found" if hits else "empty"
            return hits
        finally:
            context = trace.get_current_span().get_span_context()
            self._metrics.observe_search(result, time.perf_counter() - start, context)

    async def history(self, document: str, name: str, known_at: datetime | None = None) -> Sequence[Clause]:
        """Every text of a clause, in the order in which they bind."""
        with _as_dependency():
            return await self.corpus.history(name, document=document, known_at=known_at)

    async def differences(
        self, document: str, before: date, after: date, known_at: datetime | None = None
    ) -> Sequence[Change]:
        """What is not the same among the clauses in force on two days; a table goes with its clause."""
        with _as_dependency():
            then = await self.corpus.in_force(before, document=document, known_at=known_at)
            now = await self.corpus.in_force(after, document=document, known_at=known_at)
        found = difference(
            (c for c in then if c.kind == Kind.CLAUSE), (c for c in now if c.kind == Kind.CLAUSE)
        )
        return [_change(d) for d in found]

    async def snapshot(self, known_at: datetime | None = None) -> Snapshot | None:
        """The state of the corpus at that instant (now); None while it was empty."""
        with _as_dependency():
            return await self._snapshot(known_at)

    async def snapshot_of(self, snapshot_id: str) -> Snapshot | None:
        """The state of the corpus of that id, None where there was none."""
        with _as_dependency():
            return await self.corpus.snapshot_of(int(snapshot_id))

    async def _snapshot(self, known_at: datetime | None) -> Snapshot | None:
        if known_at in self._states:  # what is asked at a snapshot's own instant finds that snapshot for ever
            return self._states[known_at]
        found = (await self._snapshots.ask(known_at)).answer
        if found is not None:
            self._states[found.known_at] = found
        return found

    async def _snapshots_at(self, instants: Sequence[datetime | None]) -> Sequence[Snapshot | None]:
        """The state of the corpus at each instant; states follow one another, so the ends tell most."""
        known = [instant or NOW for instant in instants]
        first = await self.corpus.snapshot(min(known))
        if min(known) == max(known) or await self.corpus.snapshot(max(known)) == first:
            return [first] * len(known)
        return [await self.corpus.snapshot(instant) for instant in known]

    async def _answer(self, asked: Asked, known_at: datetime | None) -> Sequence[Found]:
        """The answer to a question, remembered; who asks it meanwhile waits for the one that asks."""
        while (remembered := self._answers.get(asked)) is None:
            asking = self._asking.get(asked)
            if asking is None:
                return await self._ask(asked, known_at)
            trace.get_current_span().add_link(asking.span)
            await asyncio.wait([asking.answer])
            if not asking.answer.cancelled():
                return asking.answer.result()
            # Who asked has left without an answer: one of those that waited asks in its place.
        return remembered

    async def _ask(self, asked: Asked, known_at: datetime | None) -> Sequence[Found]:
        """Ask, in the time and the trace of this caller, for all who wait."""
        _, document, as_of, k, query = asked
        asking = _Asking(
            asyncio.get_running_loop().create_future(), trace.get_current_span().get_span_context()
        )
        self._asking[asked] = asking
        try:
            found = await self.searched(query, as_of, document=document, known_at=known_at, k=k)
        except CorpusUnavailable as error:
            asking.answer.set_exception(error)
            asking.answer.exception()  # where nobody waits, that is no error that nobody saw
            raise
        else:
            self._answers[asked] = found
            asking.answer.set_result(found)
            return found
        finally:
            asking.answer.cancel()
            del self._asking[asked]


@dataclass(frozen=True, slots=True)
class _Asking:
    answer: "asyncio.Future[Sequence[Found]]"
    span: SpanContext


def _change(found: Difference) -> Change:
    before, after = found.before, found.after
    either = after or before
    return Change(
        document=found.document,
        clause=found.clause,
        edition=either.edition if either else "",
        kind=found.change.value,
        heading=either.heading if either else None,
        before=before.text if before else None,
        after=after.text if after else None,
    )


@contextmanager
def _as_dependency() -> Iterator[None]:
    try:
        yield
    except CorpusUnavailable as error:
        raise DependencyFailed("retrieval", "the policy corpus cannot be reached") from error

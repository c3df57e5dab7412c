"""Random histories of ingests, amendments, corrections and withdrawals: what holds after every one."""

from dataclasses import dataclass, field
from datetime import date
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import Refused
from retrieval.ingest import ingest, withdraw
from retrieval.model import Document, Provision
from retrieval.search import PostgresClauses

DAYS = [date(2024, month, 1) for month in range(1, 8)]
CLAUSES = ("A", "B", "C")
NAMES = (f"manual-{n}" for n in count())


@dataclass(frozen=True)
class Edition:
    """An ingest of the texts of some clauses, in force between two of the days."""

    name: str
    start: int
    end: int | None
    texts: dict[str, str]
    supersede: bool


@dataclass(frozen=True)
class Withdrawal:
    """The end of a clause on a day."""

    clause: str
    day: int


editions = st.builds(
    Edition,
    st.sampled_from(["1", "2", "3"]),
    st.integers(0, 4),
    st.none() | st.integers(5, 6),
    st.dictionaries(st.sampled_from(CLAUSES), st.sampled_from(["x", "y", "z"]), min_size=1),
    st.booleans(),
)
withdrawals = st.builds(Withdrawal, st.sampled_from(CLAUSES), st.integers(0, 6))
histories = st.lists(st.one_of(editions, editions, withdrawals), min_size=1, max_size=7)


@dataclass
class Naive:
    """The same corpus, day by day and without ranges: what each edition states, and what was withdrawn."""

    editions: dict[str, Edition] = field(default_factory=dict)
    withdrawn: dict[tuple[str, str], int] = field(default_factory=dict)

    def binding(self, day: int) -> list[tuple[str, str, str]]:
        """Every (clause, text, edition) that binds on a day; two of one clause are a contradiction."""
        found = []
        for edition in self.editions.values():
            replaced = any(edition.start < e.start <= day for e in self.editions.values())
            over = replaced if edition.end is None else edition.end <= day
            if edition.start <= day and not over:
                found += [
                    (clause, text, edition.name)
                    for clause, text in edition.texts.items()
                    if self.withdrawn.get((edition.name, clause), 99) > day
                ]
        return sorted(found)

    def follow(self, step: Edition | Withdrawal) -> None:
        """Take a step that the real corpus has taken."""
        if isinstance(step, Edition):
            self.editions[step.name] = step
            gone = [key for key in self.withdrawn if key[0] == step.name and key[1] not in step.texts]
            for key in gone:
                del self.withdrawn[key]
        else:
            (edition,) = (e for clause, _, e in self.binding(step.day) if clause == step.clause)
            self.withdrawn[edition, step.clause] = step.day


async def apply(engine, embedder, document: str, step: Edition | Withdrawal):
    """Take one step; None where the corpus refuses it."""
    try:
        if isinstance(step, Withdrawal):
            return await withdraw(engine, document, step.clause, DAYS[step.day])
        end = None if step.end is None else DAYS[step.end]
        made = tuple(Provision(c, t, DAYS[step.start], end) for c, t in step.texts.items())
        stated = Document(document, step.name, made, f"{step.name}.md")
        return await ingest(engine, stated, embedder, supersede=step.supersede)
    except Refused:
        return None


async def says(clauses: PostgresClauses, document: str, known_at=None) -> list[list[tuple[str, str, str]]]:
    """The corpus day by day."""
    found = []
    for day in DAYS:
        binding = await clauses.in_force(day, document=document, known_at=known_at)
        found.append(sorted((c.clause, c.text, c.edition) for c in binding))
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
async def test_every_history_reads_as_it_should(engine, embedder, history):
    """Each day reads as the naive corpus says, for ever as it was known, and search never leaves the day."""
    document, naive = next(NAMES), Naive()
    clauses = PostgresClauses(engine, embedder)
    remembered = []
    for step in history:
        written = await apply(engine, embedder, document, step)
        if written is not None:
            naive.follow(step)
        now = await says(clauses, document)
        assert now == [naive.binding(day) for day in range(len(DAYS))]
        if written is not None and written.snapshot is not None:
            remembered.append((written.snapshot.known_at, now))
    for known_at, then in remembered:
        assert await says(clauses, document, known_at) == then
    for known_at, then in remembered[:2]:
        snapshot = await clauses.snapshot(known_at)
        assert snapshot is not None
        assert snapshot == await clauses.snapshot_of(snapshot.id)
        hits = await clauses.search("x y z A", DAYS[3], document=document, known_at=snapshot.known_at)
        assert sorted((h.clause.clause, h.clause.text, h.clause.edition) for h in hits) == then[3]
    for day, binding in zip(DAYS, await says(clauses, document), strict=True):
        hits = await clauses.search("x y z A", day, document=document)
        assert {(h.clause.clause, h.clause.text, h.clause.edition) for h in hits} <= set(binding)
        assert len(hits) == len(binding)

"""A small credit policy for tests, in two editions, and a corpus that serves it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from decisioning.errors import DependencyFailed

DOCUMENT = "credit-policy"
EDITIONS = (date(2025, 7, 1), date(2026, 6, 1))


def _clauses() -> dict[str, tuple[str, str]]:
    """Heading and text by name, from the Markdown beside this file."""
    pieces = re.split(r"^## ", (Path(__file__).parent / "policy.md").read_text(), flags=re.MULTILINE)[1:]
    heads = [piece.partition("\n") for piece in pieces]
    return {h.split(" ")[0]: (h.partition(" ")[2], " ".join(text.split())) for h, _, text in heads}


_CLAUSES = _clauses()
_VALUES = {
    date(2025, 7, 1): {
        "dsti": "55 %",
        "refer_dsti": "45 %",
        "min_disposable": "ESP 0",
        "refer_disposable": "ESP 20,000",
        "approve": "570",
        "consider": "530",
        "records": "610",
        "ltp_score": "600",
        "tier_a": "680",
        "tier_b": "630",
    },
    date(2026, 6, 1): {
        "dsti": "60 %",
        "refer_dsti": "50 %",
        "min_disposable": "ESP -30,000",
        "refer_disposable": "ESP 0",
        "approve": "580",
        "consider": "540",
        "records": "620",
        "ltp_score": "610",
        "tier_a": "690",
        "tier_b": "640",
    },
}
LIMITS = {
    date(2025, 7, 1): {
        "dsti": 0.55,
        "refer_dsti": 0.45,
        "min_disposable": 0,
        "refer_disposable": 20,
        "approve": 570,
        "consider": 530,
        "records": 610,
        "ltp_score": 600,
    },
    date(2026, 6, 1): {
        "dsti": 0.60,
        "refer_dsti": 0.50,
        "min_disposable": -30,
        "refer_disposable": 0,
        "approve": 580,
        "consider": 540,
        "records": 620,
        "ltp_score": 610,
    },
}


@dataclass(frozen=True)
class PolicyClause:
    """A clause as the corpus would give it."""

    document: str
    clause: str
    edition: str
    heading: str | None
    text: str
    parent: str | None
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True)
class PolicyHit:
    """A clause found, with its score."""

    clause: PolicyClause
    score: float


def edition_on(day: date) -> date:
    """The edition in force on that day."""
    return max(e for e in EDITIONS if e <= day)


def manual(day: date) -> dict[str, PolicyClause]:
    """Every clause in force on that day by its name."""
    start = edition_on(day)
    end = next((e for e in EDITIONS if e > start), None)
    return {
        name: PolicyClause(
            DOCUMENT, name, start.isoformat(), heading, text.format(**_VALUES[start]), name[:4], start, end
        )
        for name, (heading, text) in _CLAUSES.items()
    }


class FakeClauses:
    """A corpus in memory: `asked` tells what was asked, `broken` makes it fail, `planted` alters texts."""

    def __init__(self, *, broken: bool = False, planted: Mapping[str, str] | None = None) -> None:
        self.broken = broken
        self.planted = dict(planted or {})
        self.asked: list[tuple[str, ...]] = []

    def _in_force(self, as_of: date) -> dict[str, PolicyClause]:
        if self.broken:
            raise DependencyFailed("retrieval", "the database does not answer")
        clauses = manual(as_of)
        for name, text in self.planted.items():
            clauses[name] = PolicyClause(**{**vars(clauses[name]), "text": text})
        return clauses

    async def snapshot(self, known_at: datetime | None = None) -> None:
        """None: these texts never change."""

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, PolicyClause]:
        """By name."""
        self.asked.append(tuple(names))
        clauses = self._in_force(as_of)
        return {n: clauses[n] for n in names if n in clauses and document == DOCUMENT}

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[PolicyClause]:
        """By shared words with any query."""
        hits = [h for q in queries for h in self._found(q, as_of)]
        return list(dict.fromkeys(h.clause for h in sorted(hits, key=lambda h: -h.score)))[:k]

    async def search(
        self, query: str, as_of: date, known_at: datetime | None, document: str | None, k: int
    ) -> Sequence[PolicyHit]:
        """By shared words."""
        return self._found(query, as_of)[:k]

    def _found(self, query: str, as_of: date) -> list[PolicyHit]:
        wanted = set(re.findall(r"[a-z]{4,}", query.lower()))
        hits = []
        for clause in self._in_force(as_of).values():
            own = set(re.findall(r"[a-z]{4,}", f"{clause.heading} {clause.text}".lower()))
            if wanted & own:
                hits.append(PolicyHit(clause, len(wanted & own) / len(wanted)))
        return sorted(hits, key=lambda h: -h.score)

"""The chat's tools in memory: the product's manual and rules, model APIs that answer as they are told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from decisioning.chat.tools import CannotTry, Change, Counterfactuals, Found, NoticeDue, Resolved, Trace
from decisioning.decide import Request, decide
from decisioning.errors import InvalidApplication
from decisioning.grounding.lexicon import is_stop
from decisioning.grounding.text import words
from decisioning.model import Decision, Mode, Value
from decisioning.product import PRODUCTS, Product, load_product
from retrieval.parse import parse_file
from tests.decisioning.stopwatches import FakeStopwatch
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE, FakePricingModel, FakeScoringModel

TODAY = date(2026, 11, 23)
APPLICATION: dict[str, Any] = {
    "seniority_years": 6, "home": "rent", "term_months": 36, "records": "no", "job": "fixed", "expenses": 45,
    "income": 150, "assets": 0, "debt": 0, "amount": 900, "price": 1400,
}  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A clause as it stood; satisfies decisioning.ports.Clause."""

    document: str
    clause: str
    edition: str
    heading: str | None
    text: str
    parent: str | None
    effective_from: date
    effective_to: date | None


@cache
def product() -> Product:
    """The product that comes with Credence."""
    return load_product(PRODUCTS / "consumer_loan")


@cache
def manual() -> tuple[Text, ...]:
    """Every clause of every edition."""
    starts = sorted(product().manuals())
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        for document in parse_file(product().manuals()[start]):
            found += [
                Text(document.document, p.clause, document.edition, p.heading, p.text, p.parent, start, end)
                for p in document.provisions
                if p.kind == "clause"
            ]
    return tuple(found)


@dataclass
class FakeTools:
    """decisioning.chat.Tools; `planted` alters clauses' texts, `called` tells what was asked."""

    decision: Decision | None = None
    application: Mapping[str, Value] = field(default_factory=dict)
    planted: Mapping[str, str] = field(default_factory=dict)
    score: float = GOOD_SCORE.score
    called: list[str] = field(default_factory=list)
    resolved: Resolved | None = None

    def _on(self, day: date) -> Iterator[Text]:
        for text in manual():
            if text.effective_from <= day and (text.effective_to is None or day < text.effective_to):
                yield replace(text, text=self.planted.get(text.clause, text.text))

    async def read_decision(self) -> Decision | None:
        """The decision."""
        self.called.append("read_decision")
        return self.decision

    async def read_trace(self) -> Trace | None:
        """A trace of round numbers."""
        self.called.append("read_trace")
        return Trace(
            trace_id="ab" * 16,
            timings_ms={"score": 12.5, "rules": 1.25},
            versions={"policy": "2026-06-01+0a"},
        )

    async def read_clauses(self, names: Sequence[str], day: date) -> Mapping[str, Text]:
        """By name."""
        self.called.append("read_clauses")
        return {c.clause: c for c in self._on(day) if c.clause in names}

    async def read_history(self, name: str) -> Sequence[Text]:
        """By name, oldest first."""
        self.called.append("read_history")
        return [c for c in manual() if c.clause == name]

    async def search_policies(self, query: str, day: date) -> Sequence[Found]:
        """By the share of the query's words, which stands for nearness too."""
        self.called.append("search_policies")
        wanted = {w.stem for w in words(query) if not is_stop(w.text)}
        found = []
        for clause in self._on(day):
            own = {w.stem for w in words(f"{clause.heading} {clause.text}")}
            found.append(Found(clause, 0.6 * len(wanted & own) / max(1, len(wanted))))
        return sorted(found, key=lambda f: -f.nearness)[:8]

    async def compare_policies(self, before: date, after: date) -> Sequence[Change]:
        """Clauses whose text is another."""
        self.called.append("compare_policies")
        old, new = ({c.clause: c for c in self._on(day)} for day in (before, after))
        return [
            Change(
                document=c.document, clause=n, edition=c.edition, kind="reworded", heading=c.heading,
                before=old[n].text, after=c.text,
            )
            for n, c in new.items()
            if n in old and old[n].text != c.text
        ]  # fmt: skip

    async def try_changes(self, changes: Mapping[str, Value], day: date | None) -> Decision:
        """Decided by the real rules."""
        self.called.append("try_changes")
        try:
            made = await decided({**self.application, **changes}, day, score=self.score)
        except InvalidApplication as refused:
            raise CannotTry(str(refused)) from refused
        return made.model_copy(update={"mode": Mode.SIMULATION})

    async def find_counterfactuals(self) -> Counterfactuals | None:
        """One."""
        self.called.append("find_counterfactuals")
        return Counterfactuals(changes=({"amount": 500.0},), as_of=TODAY)

    async def read_resolution(self) -> Resolved | None:
        """As it was set."""
        self.called.append("read_resolution")
        return self.resolved

    async def read_notice(self) -> NoticeDue | None:
        """From the record."""
        self.called.append("read_notice")
        due = self.decision.notice if self.decision else None
        return NoticeDue(kind=due.kind, due_on=due.due_at.date()) if due else None


async def decided(
    application: Mapping[str, Value] = APPLICATION, day: date | None = None, score: float = GOOD_SCORE.score
) -> Decision:
    """A decision by the real rules, on model answers of round numbers."""
    scoring = FakeScoringModel(GOOD_SCORE.model_copy(update={"score": score}))
    pricing = FakePricingModel(GOOD_PRICE)
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    made = await decide(
        Request(application=dict(application), as_of=day),
        product(),
        scoring,
        pricing,
        FakeStopwatch(),
        now,
        UUID(int=7),
        "ab" * 16,
    )
    return made.decision


def digits(text: str) -> set[float]:
    """Every number that stands in a text, without its sign."""
    return {float(d.replace(",", "")) for d in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}

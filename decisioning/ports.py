"""What the core asks of the outside, declared by the one who asks."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from decisioning.model import PriceAnswer, ScoreAnswer, Value


class Clause(Protocol):
    """A clause of a policy as it stood on a day; `effective_to` is exclusive, None while in force."""

    @property
    def document(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def edition(self) -> str: ...
    @property
    def heading(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date | None: ...


class Provision(Protocol):
    """A clause of one edition as its source states it; what a parser of the manual gives."""

    @property
    def clause(self) -> str: ...
    @property
    def heading(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date | None: ...


class Snapshot(Protocol):
    """A state of the corpus: what is asked as known at its instant is answered the same for ever."""

    @property
    def id(self) -> int: ...
    @property
    def known_at(self) -> datetime: ...


class Clauses(Protocol):
    """The policy corpus. Raises DependencyFailed("retrieval", …) when it cannot be asked."""

    async def snapshot(self, known_at: datetime | None = None) -> Snapshot | None:
        """The state of the corpus at that instant (now); None while it was empty."""
        ...

    async def named(
        self, document: str, names: Sequence[str], as_of: date, known_at: datetime | None = None
    ) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day; a name not in force is absent."""
        ...

    async def context(
        self, document: str, queries: Sequence[str], as_of: date, k: int, known_at: datetime | None = None
    ) -> Sequence[Clause]:
        """At most k clauses in force on that day that are nearest to any of the queries, best first."""
        ...


class Hit(Protocol):
    """A clause that a search found; the score orders the hits of one search and means nothing else.

    `cosine` is how near the clause is to the question in meaning, between -1 and 1.
    """

    @property
    def clause(self) -> Clause: ...
    @property
    def score(self) -> float: ...
    @property
    def cosine(self) -> float: ...


class ClauseSearch(Clauses, Protocol):
    """The policy corpus with ranked search, as the chat needs it."""

    async def search(
        self, query: str, as_of: date, known_at: datetime | None, document: str | None, k: int
    ) -> Sequence[Hit]:
        """At most k clauses in force on that day, best first."""
        ...


class ScoringModel(Protocol):
    """Raises DependencyFailed("scoring", …) or a subclass; never answers late."""

    async def score(
        self, product: str, application: Mapping[str, Value], timeout_s: float
    ) -> ScoreAnswer: ...


class PricingModel(Protocol):
    """Raises DependencyFailed("pricing", …) or a subclass; never answers late."""

    async def price(
        self, product: str, application: Mapping[str, Value], score: float, pd: float, timeout_s: float
    ) -> PriceAnswer: ...


class LanguageModel(Protocol):
    """The one door to an LLM. Raises DependencyFailed("llm", …) or a subclass."""

    @property
    def name(self) -> str:
        """The model's name as it is configured."""
        ...

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The raw text of one answer, asked for at temperature 0 as JSON of that schema."""
        ...


class Stopwatch(Protocol):
    """Times stages. The edge turns a stage into a span; the core only names it."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time what runs inside under that name; a stage entered again adds to its time."""
        ...

    def remaining_s(self) -> float:
        """Seconds left of the request's one budget; at least 0."""
        ...

    def timings_ms(self) -> Mapping[str, float]:
        """Milliseconds by stage so far."""
        ...

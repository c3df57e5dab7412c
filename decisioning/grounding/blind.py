"""A sentence and a pool without their numbers: what a check sees that looks at none.

A blind sentence has its words, the names of clauses and where its numbers stand; a blind pool says what
numbers mean without their values. Whatever a blind check learns of the pool is the answer to a question,
and every question is written down. A check that looks at a number is stopped.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, cast

from decisioning.grounding.lexicon import keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Carrier, Known, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.shapes import Hidden, LookedError, RuleShape, shape_of
from decisioning.grounding.topics import Names, named_in
from decisioning.model import Comparator, Unit
from decisioning.numbers import Kind, Quantity

Question = tuple[Hashable, ...]
_HIDDEN = str.maketrans("0123456789", "\u0660" * 10)
"""A digit to every pattern, and one that stands in no text that it could be compared with."""
_DIGIT = re.compile(r"\d")
_TOLD = frozenset(
    [
        "outcome",
        "missing",
        "causes",
        "steps",
        "currency",
        "currency_unit",
        "simulated",
        "clauses",
        "extra",
        "passages",
        "carriers",
        "numbered",
        "naming",
    ]
)
"""What a pool has that is no number."""
_MADE_OF = {
    "keys": ("passages", "carriers", "extra"),
    "written": ("passages",),
    "titles": ("naming",),
    "names": ("naming",),
}
"""What follows from these alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Place(Hidden):
    """A quantity without its value, unless words tell it."""

    said: "BlindSaid"
    n: int
    kind: Kind
    unit: str
    start: int
    end: int
    places: int
    comparator: Comparator | None
    bound: str
    per: str
    approximate: bool
    name: str
    told: Decimal | None

    @property
    def text(self) -> str:
        """How it is written, its digits hidden."""
        return self.said.text[self.start : self.end]

    @property
    def value(self) -> Decimal:
        """Its value where words tell it."""
        if self.told is None:
            raise LookedError("value")
        return self.told

    @property
    def per_month(self) -> bool:
        """Whether it is an amount a month."""
        return self.per == "month"


class BlindSaid(Said):
    """A sentence of which every number is hidden; the same one for all sentences of its wording."""

    def __init__(self, text: str, names: tuple[str, ...], places: "tuple[_Placed, ...]") -> None:
        super().__init__(text, names)
        self.__dict__["quantities"] = tuple(Place(self, n, *place) for n, place in enumerate(places))

    __hash__ = object.__hash__
    __eq__ = object.__eq__


_Placed = tuple[Kind, str, int, int, int, Comparator | None, str, str, bool, str, Decimal | None]


@lru_cache(maxsize=2048)
def blinded(said: Said) -> BlindSaid:
    """The sentence with its numbers hidden."""
    text = said.text.translate(_HIDDEN)
    for clause in said.quantities:
        if clause.kind is Kind.CLAUSE:
            text = text[: clause.start] + clause.text + text[clause.end :]
    return _blind(text, said.names, tuple(_placed(q) for q in said.quantities))


@lru_cache(maxsize=2048)
def _blind(text: str, names: tuple[str, ...], places: tuple[_Placed, ...]) -> BlindSaid:
    return BlindSaid(text, names, places)


def _placed(q: Quantity) -> _Placed:
    in_words = q.kind is Kind.CLAUSE or not _DIGIT.search(q.text)
    return (
        q.kind, q.unit, q.start, q.end, q.places, q.comparator, q.bound, q.per, q.approximate,
        q.name, q.value if in_words else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meant(Hidden):
    """A number of the record without its value: which one it is, of which fact, in which role."""

    n: int
    unit: Unit | None
    role: Role
    name: str
    rule: RuleShape | None
    turned: bool


class Answers:
    """What a pool answers about one sentence, each question asked once."""

    def __init__(self, said: Said, pool: Pool) -> None:
        self.said = blinded(said)
        self._pool = pool
        self._seen: dict[BlindSaid, Said] = {self.said: said}
        self._known: dict[Question, Hashable] = {}

    def __call__(self, question: Question) -> Any:
        """The answer, as it may be compared with another pool's."""
        if question not in self._known:
            self._known[question] = self._answer(*question)
        return self._known[question]

    def whole(self, name: str) -> Any:
        """What follows from what was asked for before."""
        return getattr(self._pool, name)

    def _answer(self, kind: Any, *of: Any) -> Hashable:
        if kind == "meaning":
            said, n = of
            return tuple(map(self._meant, self._pool.meaning(self._seen[said].quantities[n])))
        if kind == "rules_of":
            return tuple(map(shape_of, self._pool.rules_of(*of)))
        if kind in ("of_clause", "resting_on"):
            return cast("Hashable", getattr(self._pool, kind)(*of))
        if kind == "found":
            finds, about = of
            about = self._seen[about] if isinstance(about, BlindSaid) else about
            return self._hidden(self._pool.answer(finds, about))
        return _ASKED[kind](self._pool)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(known): n for n, known in enumerate(self._pool.numbers)}

    def _meant(self, known: Known) -> Meant:
        rule = shape_of(known.rule) if known.rule else None
        return Meant(self._places[id(known)], known.unit, known.role, known.name, rule, known.turned)

    def _hidden(self, found: Any) -> Hashable:
        if isinstance(found, Said):
            blind = blinded(found)
            self._seen[blind] = found
            return blind
        if not isinstance(found, bool | frozenset | tuple):
            raise LookedError("found")
        return found


_ASKED: Mapping[str, Callable[[Pool], Hashable]] = {
    **{name: attrgetter(name) for name in _TOLD},
    "rules": lambda pool: tuple(map(shape_of, pool.rules)),
    "units": lambda pool: frozenset(pool.units.items()),
}


class BlindPool:
    """A pool that answers questions and shows no number."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked: dict[Question, Hashable] = {}
        """Each question in the order in which they were first asked, and its answer."""

    def _ask(self, *question: Hashable) -> Any:
        if question not in self.asked:
            self.asked[question] = self._answers(question)
        return self.asked[question]

    def __getattr__(self, name: str) -> Any:
        if name in _MADE_OF:
            for part in _MADE_OF[name]:
                self._ask(part)
            return self._answers.whole(name)
        if name not in _ASKED:
            raise LookedError(name)
        found = self._ask(name)
        return dict(found) if name == "units" else found

    def meaning(self, quantity: Place) -> tuple[Meant, ...]:
        """The numbers of the record that stand there, without their values."""
        return cast("tuple[Meant, ...]", self._ask("meaning", quantity.said, quantity.n))

    def answer(self, finds: Callable[[Any, Pool], Any], about: Hashable) -> Any:
        """What is found out with the numbers, if that is no number itself."""
        return self._ask("found", finds, about)

    def named(self, name: str, stems: frozenset[str]) -> float:
        """As the pool has it."""
        return named_in(name, stems, self.titles.get(name, ""))

    def may_name(self, stems: frozenset[str]) -> frozenset[str]:
        """As the pool has it."""
        naming: Names = self.naming
        return naming.may_name(stems)

    def topics(self, found: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        """As the pool has it."""
        naming: Names = self.naming
        return naming.topics(found)

    def carries(self, stem: str) -> bool:
        """As the pool has it."""
        return not keys(stem).isdisjoint(self.keys)

    def of_clause(self, name: str) -> tuple[Passage, ...]:
        """As the pool has it."""
        return cast("tuple[Passage, ...]", self._ask("of_clause", name))

    def rules_of(self, clause: str) -> tuple[RuleShape, ...]:
        """As the pool has them, without their numbers."""
        return cast("tuple[RuleShape, ...]", self._ask("rules_of", clause))

    def resting_on(self, clause: str) -> tuple[Carrier, ...]:
        """As the pool has it."""
        return cast("tuple[Carrier, ...]", self._ask("resting_on", clause))

"""Questions for a limit, answered by the product's dated parameters: which clause sets it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from decisioning.chat.question import Question
from decisioning.chat.vocabulary import listed
from decisioning.comparison import compare
from decisioning.edition import Edition
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.stems import stem
from decisioning.grounding.text import words
from decisioning.grounding.topics import NAMED, all_named, named_in, words_of
from decisioning.model import Comparator, Effect, Unit
from decisioning.numbers import Kind, Quantity, states
from decisioning.parameters import Parameter
from decisioning.tables import Row

_LENT = r"(?:loans?|lend|lent|repa\w+|borrow\w*|run|last|grant\w*)"
_MEANT_BY = (
    (
        "term",
        re.compile(
            rf"\b(?:how long|longest|shortest|months?|years?)\b.*\b{_LENT}\b|\b{_LENT}\b.*\b(?:months?"
            rf"|years?)\b"
        ),
    ),
    (
        "amount",
        re.compile(rf"\bhow (?:much|small|large|big)\b.*\b{_LENT}\b|\b{_LENT}\b.*\b(?:pesetas|thousand)\b"),
    ),
    ("score", re.compile(r"\bcut-?\s?off\b")),
)
_UPPER = (Comparator.GT, Comparator.GE)
_DECLINES = re.compile(
    r"\bdeclin\w*|\brefus\w*|\breject\w*|\bmust\b|\ballow\w*|\bcan we\b|\bmay we\b|\bpossible\b|\blend\b",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\brefer\w*|\bperson\b|\bunderwriter\w*|\bescalat\w*|\bhuman\b|\bmanual review\b", re.IGNORECASE
)
_HAPPENS = re.compile(
    r"\bwhat (?:happens|do we do|if)\b|\bis .{0,60}\b(?:declined|referred|approved)\b"
    r"|\bwould .{0,60}\bbe (?:declined|referred|approved)\b|\bwith an?\b",
    re.IGNORECASE,
)
_APPROVES = re.compile(r"\bapprov\w*|\bcut-?\s?off\b|\bpass\b|\baccept\w*", re.IGNORECASE)
_UNITS = frozenset({"months", "month", "points", "thousand", "pesetas", "days", "years", "year"})
_SIDES = frozenset(
    stem(w) for w in ["lowest", "highest", "smallest", "largest", "longest", "shortest", "share"]
)
_DIRECTION = listed("of limits")


@dataclass(frozen=True)
class Limit:
    """A parameter that answers, and the clause that sets it."""

    name: str
    parameter: Parameter

    @property
    def clause(self) -> str:
        """The clause that sets it."""
        return self.parameter.clause


def limits_asked(question: Question, edition: Edition, titles: Mapping[str, str]) -> tuple[Limit, ...]:
    """The parameters that the question asks for; none where it asks for no limit or for one not set."""
    met = tuple(_met(question, edition, titles)) or tuple(_valued(question, edition, titles))
    if met:
        return met
    by_title = tuple(_titled(question, edition))
    by_row = tuple(dict.fromkeys(_rows(question, edition, titles))) if question.asks_bound else ()
    person_first = bool(_REFERS.search(question.plain)) and bool(by_row)
    return by_row if person_first or not by_title else by_title


def _met(question: Question, edition: Edition, titles: Mapping[str, str]) -> Iterator[Limit]:
    """The limit that a value of the question meets first: "what happens at 55 %?"."""
    if not _HAPPENS.search(question.plain) or len(question.numbers) != 1:
        return
    topics = topic_of(question, edition, titles)
    rows = [
        r
        for r in edition.rules.rows
        if r.principal.fact in topics and r.principal.parameter in edition.parameters
    ]
    rows.sort(key=lambda r: (r.effect is not Effect.DECLINE, bool(r.also)))
    for row in rows:
        parameter = edition.parameters[str(row.principal.parameter)]
        value = _plain_value(question.numbers[0], edition.product.currency.unit)
        if row.effect in (Effect.DECLINE, Effect.REFER) and compare(
            value, row.principal.comparator, parameter.value
        ):
            yield Limit(str(row.principal.parameter), parameter)
            return


def _valued(question: Question, edition: Edition, titles: Mapping[str, str]) -> Iterator[Limit]:
    """ "Is 60 % the limit?": the parameters that have the number, where the question names nothing else."""
    if len(question.numbers) != 1 or not question.asks_bound or topic_of(question, edition, titles):
        return
    if [w for w in question.specific if w.text.lower() not in _UNITS]:
        return
    for name, parameter in edition.parameters.items():
        if states(question.numbers[0], float(parameter.value), parameter.unit, edition.product.currency.unit):
            yield Limit(name, parameter)


def _plain_value(number: Quantity, currency_unit: int) -> float:
    return float(number.value) / (currency_unit if number.kind is Kind.MONEY else 1)


def topic_of(question: Question, edition: Edition, titles: Mapping[str, str]) -> frozenset[str]:
    """The facts that the question names, the longest name winning; empty where it names none for sure."""
    stems = question.stems | _unit_stems(question)
    sure = {n: named_in(n, stems, t) for n, t in titles.items()}
    ordered = _ordered(question)
    own = {n: words_of(n, ordered, titles[n]) for n, s in sure.items() if s >= NAMED}
    return frozenset(n for n, w in own.items() if not any(w < other for other in own.values()))


def _unit_stems(question: Question) -> frozenset[str]:
    """A length of time asks for the term, a sum of money for the amount."""
    spoken = question.plain.lower()
    return frozenset(stem(name) for name, form in _MEANT_BY if form.search(spoken))


def _titled(question: Question, edition: Edition) -> Iterator[Limit]:
    """Parameters whose title stands in the question, but for the side of the limit: "cost of funds"."""
    asked = question.stems | _unit_stems(question)
    if re.search(r"\b(?:why|how (?:is|are|do)|who)\b", question.plain, re.IGNORECASE):
        return
    found = []
    for name, parameter in edition.parameters.items():
        whole = frozenset(w.stem for w in words(parameter.title) if not is_stop(w.text))
        title = whole - _SIDES if question.asks_bound else whole
        letters = set(re.findall(r"\b[A-Z]\b", parameter.title))
        spoken = letters <= set(re.findall(r"\b[A-Z]\b", question.plain)) and _same_side(
            question, parameter.title
        )
        if title and asked.issuperset(title) and spoken and not _unsaid(question, title | _aliases(question)):
            found.append((len(title) + len(letters), Limit(name, parameter)))
    longest = max((size for size, _ in found), default=0)
    for size, limit in found:
        if size == longest and (size > 1 or question.asks_bound):
            yield limit


def _aliases(question: Question) -> frozenset[str]:
    """The words of every name of a fact that stands in the question."""
    ordered = _ordered(question)
    return frozenset(s for name in all_named(frozenset(ordered)) for s in words_of(name, ordered))


def _ordered(question: Question) -> tuple[str, ...]:
    return (*question.ordered, *_unit_stems(question))


def _same_side(question: Question, title: str) -> bool:
    """Whether the title's side of a limit is the question's, where both name one."""
    upper, lower = question.bound_is_upper, question.bound_is_lower
    if upper == lower:
        return True
    if re.search(r"\b(?:lowest|smallest|shortest)\b", title, re.IGNORECASE):
        return lower
    return upper or not re.search(r"\b(?:highest|largest|longest)\b", title, re.IGNORECASE)


def _rows(question: Question, edition: Edition, titles: Mapping[str, str]) -> Iterator[Limit]:
    topics = topic_of(question, edition, titles)
    if not topics:
        return
    named = frozenset(s for n in topics for s in words_of(n, _ordered(question), titles[n]))
    if len(topics) > 1:
        for effect, comparators in _wanted(question, topics, edition):
            if found := tuple(_of_all(question, edition, topics, effect, comparators, named)):
                yield from found
                return
    for alone in (True, False):
        for effect, comparators in _wanted(question, topics, edition):
            found = tuple(_matching(question, edition, topics, effect, comparators, named, alone=alone))
            if found:
                yield from found
                return


def _of_all(
    question: Question,
    edition: Edition,
    topics: frozenset[str],
    effect: Effect | None,
    comparators: tuple[Comparator, ...],
    named: frozenset[str],
) -> Iterator[Limit]:
    """Limits of the rows that compare all that is asked about: "below which score with a record?"."""
    for row in edition.rules.rows:
        fits = effect is None or row.effect is effect
        if not fits or row.effect is Effect.PRICE or not topics <= {cell.fact for cell in row.cells}:
            continue
        for cell in row.cells:
            parameter = edition.parameters.get(str(cell.parameter))
            if parameter is None or cell.comparator not in comparators or parameter.unit is Unit.CATEGORY:
                continue
            if not _unsaid(question, named | frozenset(w.stem for w in words(parameter.title))):
                yield Limit(str(cell.parameter), parameter)


def _wanted(
    question: Question, topics: frozenset[str], edition: Edition
) -> Iterator[tuple[Effect | None, tuple[Comparator, ...]]]:
    """Which rows are looked for first: declining ones before referring ones, unless a person is named."""
    every = tuple(Comparator)
    upper, lower = question.bound_is_upper, question.bound_is_lower
    sides = (
        _UPPER if upper and not lower else (Comparator.LT, Comparator.LE) if lower and not upper else every
    )
    effects: tuple[Effect | None, ...] = (
        (Effect.REFER, None) if _REFERS.search(question.plain) else (Effect.DECLINE, Effect.REFER, None)
    )
    if (
        "score" in topics
        and _APPROVES.search(question.plain)
        and not re.search(r"\bdeclin\w*", question.plain, re.IGNORECASE)
    ):
        effects = (Effect.REFER,)
    for effect in effects:
        yield effect, sides
    for effect in effects:
        if sides != every and not (upper and not lower):
            yield effect, every


def _matching(
    question: Question,
    edition: Edition,
    topics: frozenset[str],
    effect: Effect | None,
    comparators: tuple[Comparator, ...],
    named: frozenset[str],
    *,
    alone: bool,
) -> Iterator[Limit]:
    for row in edition.rules.rows:
        cell = row.principal
        fits = effect is None or row.effect is effect
        if (
            not fits
            or cell.fact not in topics
            or cell.comparator not in comparators
            or row.effect is Effect.PRICE
        ):
            continue
        parameter = edition.parameters.get(str(cell.parameter))
        if parameter is None or parameter.unit is Unit.CATEGORY or (alone and not _speaks(row, topics)):
            continue
        title = frozenset(w.stem for w in words(parameter.title))
        if not _unsaid(question, named | title):
            yield Limit(str(cell.parameter), parameter)


def _speaks(row: Row, topics: frozenset[str]) -> bool:
    """Whether all that the row compares is what is asked about: one fact, or its two bounds."""
    return all(cell.fact in topics for cell in row.also)


def _unsaid(question: Question, carried: frozenset[str]) -> tuple[str, ...]:
    """The words of the question that neither the names nor the asking for a limit carries."""
    like = {k for s in carried for k in keys(s)}
    return tuple(
        w.text
        for w in question.specific
        if w.stem not in carried
        and not keys(w.stem) & like
        and w.stem not in _DIRECTION
        and w.text.lower() not in _DIRECTION
    )

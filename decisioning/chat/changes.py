"""What a what-if question changes: "if income were 150", "for 48 months", "without the adverse record"."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from decisioning.application import Field
from decisioning.grounding.text import Word, words
from decisioning.grounding.topics import NAMED, named_in, words_of
from decisioning.model import Unit, Value
from decisioning.numbers import Kind, Quantity, quantities

HYPOTHETICAL = re.compile(
    r"\b(?:what if|if|suppose|supposing|assum\w+|would|were|instead|imagine|try|simulate|hypothetical\w*"
    r"|had)\b"
    r"|\b(?:what|how) about\b|^\W*(?:and|or|then)\b",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:no|without(?: an?| the| any| his| her| their)?|zero"
    r"|(?:never|not|n['\u2019]t) (?:had|have|has)(?: an?| any| the)?"
    r"|(?:had|have|has)(?: not| never|n['\u2019]t)(?: had)?(?: an?| any| the)?)$",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\s*(?:(?:is|are|was|were|be|being|been|becomes?|became|had|set|to|of|as|said|says?|=|:)\s*)*"
    r"[\"'\u201c\u2018]?(?P<said>yes|no)\b(?!\s+(?:adverse|credit|record|longer))",
    re.IGNORECASE,
)
"""The value of a field of yes and no, said after its name: "records no"."""
_GONE = re.compile(
    r"\s*(?:(?:is|are|was|were|be|been|had|has|have|gets?|got)\s+)*"
    r"(?:removed|cleared|deleted|erased|gone|settled|expunged|withdrawn|wiped|dropped"
    r"|not (?:there|present|on file|counted))\b",
    re.IGNORECASE,
)
_UP = re.compile(r"\b(?:higher|more|larger|bigger|longer|greater|above|increased|raised|up)\b", re.IGNORECASE)
_DOWN = re.compile(
    r"\b(?:lower|less|smaller|shorter|below|reduced|lowered|decreased|cut|down|fewer)\b", re.IGNORECASE
)
_TIMES = re.compile(r"\b(doubled|twice|double|halved|half|tripled|triple)\b", re.IGNORECASE)
_FACTORS = {
    "doubled": 2.0,
    "twice": 2.0,
    "double": 2.0,
    "halved": 0.5,
    "half": 0.5,
    "tripled": 3.0,
    "triple": 3.0,
}
_BORROWED = re.compile(
    r"\b(?:loan|credit|borrow\w*|l[ea]nt|lend|(?:ask\w*|appl\w*) for|request\w*)\b"
    r"(?:\s+(?:of|for|was|were|is|be|been|had|has|only|just|to|at|about|a|an|the|esp))*\s*$",
    re.IGNORECASE,
)
_REACH = 30
"""At most this many characters lie between a field's name and its new value."""
_OTHER_CHOICES: Mapping[str, str] = {
    "permanent": "fixed",
    "temporary": "partime",
    "freelancer": "freelance",
    "self-employed": "freelance",
    "renting": "rent",
    "rents": "rent",
    "rented": "rent",
    "owned": "owner",
    "owns": "owner",
    "homeowner": "owner",
}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a question names a fact."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class _Mention(_Place):
    """A field of the application that a question names."""

    field: Field


P = TypeVar("P", bound=_Place)


def changes_in(
    question: str,
    fields: Mapping[str, Field],
    current: Mapping[str, Value],
    currency_unit: int,
    titles: Mapping[str, str] | None = None,
) -> dict[str, Value]:
    """The fields that the question gives another value, and the values; empty where it gives none.

    `titles` are those of every fact: where "disposable income" is named, "income" is not. Money may be told
    in the product's unit or in whole currency; "10 % higher" and "halved" are taken from the current value.
    """
    found: dict[str, Value] = {}
    mentions = tuple(
        _Mention(name=p.name, start=p.start, end=p.end, field=fields[p.name])
        for p in _places(question, fields, titles or {})
        if p.name in fields
    )
    for quantity in quantities(question):
        for name, value in _numbers(question, quantity, mentions, fields, current, currency_unit):
            found.setdefault(name, value)
    for name, value in (*_times(question, mentions, current), *_choices(question, mentions, fields)):
        found.setdefault(name, value)
    return {name: value for name, value in found.items() if value != current.get(name)}


def derived_in(
    question: str, fields: Mapping[str, Field], current: Mapping[str, Value], titles: Mapping[str, str]
) -> str | None:
    """The fact that a question gives a value though it follows from others: "if the ratio were 40 %"."""
    every = tuple(_places(question, fields, titles))
    for quantity in quantities(question):
        near = _nearest(question, quantity, every)
        if near is not None and near.name not in fields and near.name in current:
            return near.name
    return None


def _places(question: str, fields: Mapping[str, Field], titles: Mapping[str, str]) -> Iterator[_Place]:
    """Where the question names a field or another fact; the longest run of words that names one best wins."""
    names = {name: field.title for name, field in fields.items()}
    names |= {name: title for name, title in titles.items() if name not in fields}
    own = words(question)
    taken: set[int] = set()
    for size in (4, 3, 2, 1):
        for place in range(len(own) - size + 1):
            span = own[place : place + size]
            if taken.intersection(range(place, place + size)):
                continue
            name = _named(span, names)
            if name is not None:
                taken.update(range(place, place + size))
                yield _Place(name=name, start=span[0].start, end=span[-1].end)


def _named(span: tuple[Word, ...], titles: Mapping[str, str]) -> str | None:
    stems = frozenset(w.stem for w in span)
    sure = {name: named_in(name, stems, title) for name, title in titles.items()}
    best = max(sure.values(), default=0.0)
    named = [name for name, score in sure.items() if score == best]
    if best < NAMED or len(named) != 1:
        return None
    own = words_of(named[0], tuple(w.stem for w in span), titles[named[0]])
    return named[0] if {span[0].stem, span[-1].stem} <= own else None


def _numbers(
    question: str,
    quantity: Quantity,
    mentions: tuple[_Mention, ...],
    fields: Mapping[str, Field],
    current: Mapping[str, Value],
    currency_unit: int,
) -> Iterator[tuple[str, Value]]:
    if quantity.kind in (Kind.CLAUSE, Kind.DATE) or quantity.kind.name == "UNREADABLE":
        return
    near = _nearest(question, quantity, mentions) or _asked_for(question, quantity, fields)
    if near is None or (quantity.kind is Kind.DURATION and near.field.unit not in (Unit.MONTHS, Unit.YEARS)):
        near = _by_unit(question, quantity, fields)
    if near is None or near.field.type == "choice":
        return
    value = _value(quantity, near, current.get(near.name), question, currency_unit)
    if value is not None:
        whole = near.field.type == "integer" and float(value).is_integer()
        yield near.name, int(value) if whole else round(float(value), 2)


def _nearest(question: str, quantity: Quantity, mentions: tuple[P, ...]) -> P | None:
    """The field named last before the number, else first after it, within reach and one clause."""
    before = [m for m in mentions if 0 <= quantity.start - m.end <= _REACH]
    before = [m for m in before if not re.search(r"[;?]|\band\b", question[m.end : quantity.start])]
    if before:
        return max(before, key=lambda m: m.end)
    after = [m for m in mentions if 0 <= m.start - quantity.end <= _REACH]
    after = [m for m in after if not re.search(r"[,;?]|\band\b", question[quantity.end : m.start])]
    return min(after, key=lambda m: m.start, default=None)


def _asked_for(question: str, quantity: Quantity, fields: Mapping[str, Field]) -> _Mention | None:
    """A sum that a loan is for, or that is borrowed, is the amount."""
    if quantity.kind not in (Kind.NUMBER, Kind.MONEY) or "amount" not in fields:
        return None
    lead = _BORROWED.search(question[: quantity.start])
    if lead is None:
        return None
    return _Mention(name="amount", field=fields["amount"], start=lead.start(), end=lead.end())


def _by_unit(question: str, quantity: Quantity, fields: Mapping[str, Field]) -> _Mention | None:
    """A length of time without a name is the term."""
    if quantity.kind is not Kind.DURATION or "term_months" not in fields:
        return None
    if re.match(r"\s*(?:old|of age|ago)\b", question[quantity.end :], re.IGNORECASE):
        return None
    field = fields["term_months"]
    return _Mention(name="term_months", field=field, start=quantity.start, end=quantity.end)


def _value(
    quantity: Quantity, mention: _Mention, current: Value, question: str, currency_unit: int
) -> float | None:
    given = quantity.value
    around = question[max(0, min(mention.start, quantity.start) - 20) : quantity.end + 20]
    up, down, base = _UP.search(around), _DOWN.search(around), _number_of(current)
    if quantity.kind is Kind.PERCENT:
        sign = 1 if up else -1 if down else 0
        return base * (1 + sign * float(given)) if sign and base is not None else None
    scaled = quantity.kind is Kind.NUMBER and re.search(r"thousand|million", quantity.text, re.IGNORECASE)
    if quantity.kind is Kind.MONEY or (scaled and mention.field.unit in (Unit.MONEY, Unit.MONEY_PER_MONTH)):
        given = given / Decimal(currency_unit)
    if quantity.kind is Kind.DURATION:
        given = _length(quantity, mention.field.unit)
    by = re.search(r"\bby\s*$", question[: quantity.start]) or re.match(
        r"\s*(?:\w+\s+){0,3}(?:higher|more|lower|less|shorter|longer|smaller|larger)\b",
        question[quantity.end :],
    )
    if by and (up or down) and base is not None:
        return base + float(given) * (1 if up else -1)
    return float(given)


def _number_of(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _length(quantity: Quantity, unit: Unit) -> Decimal:
    if unit is Unit.MONTHS and quantity.unit == "years":
        return quantity.value * 12
    if unit is Unit.YEARS and quantity.unit == "months":
        return quantity.value / 12
    return quantity.value


def _times(
    question: str, mentions: tuple[_Mention, ...], current: Mapping[str, Value]
) -> Iterator[tuple[str, Value]]:
    for found in _TIMES.finditer(question):
        near = [
            m
            for m in mentions
            if abs(m.start - found.end()) <= _REACH or abs(found.start() - m.end) <= _REACH
        ]
        for mention in near[:1]:
            value = _number_of(current.get(mention.name))
            if value is not None:
                made = value * _FACTORS[found.group().lower()]
                yield mention.name, int(made) if mention.field.type == "integer" else float(made)


def _choices(
    question: str, mentions: tuple[_Mention, ...], fields: Mapping[str, Field]
) -> Iterator[tuple[str, Value]]:
    for mention in mentions:
        lead = question[: mention.start].rstrip()
        if mention.field.type != "choice":
            if _NONE.search(lead) and (mention.field.minimum or 0) == 0:
                yield mention.name, 0 if mention.field.type == "integer" else 0.0
        elif set(mention.field.choices) == {"yes", "no"}:
            yield mention.name, _yes_or_no(lead, question[mention.end :])
    spoken = [w.text.lower() for w in words(question)]
    spoken += re.findall(r"\bself-employed\b", question.lower())
    for word in spoken:
        choice = _OTHER_CHOICES.get(word, word)
        owners = [
            n
            for n, f in fields.items()
            if choice in f.choices and choice not in ("yes", "no", "other", "others")
        ]
        if len(owners) == 1:
            yield owners[0], choice


def _yes_or_no(lead: str, rest: str) -> str:
    """What a question makes of a field of yes and no, from what stands before and after its name."""
    if said := _SAID.match(rest):
        return said["said"].lower()
    none = _NONE.search(lead) or "clean" in lead[-12:].lower() or _GONE.match(rest)
    return "no" if none else "yes"

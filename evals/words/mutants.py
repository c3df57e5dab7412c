"""Breaks a true explanation in one place: what the checker must not let out, by kind."""

import random
import re
from collections.abc import Mapping
from datetime import date

from decisioning.numbers import Kind, Quantity, quantities
from decisioning.wording import written_date
from evals.words.inventions import (
    elsewhere,
    invented_condition,
    invented_reason,
    order,
    plausible,
    promise,
    protected,
)
from evals.words.scene import Mutation, Spoken, Stage


def _figures(text: str, *kinds: Kind) -> list[Quantity]:
    wanted = kinds or (Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.DURATION, Kind.POINTS)
    found = (q for q in quantities(text) if q.kind in wanted and any(c.isdigit() for c in q.text))
    return [q for q in found if not re.search(r"reason $", text[: q.start])]


def _replaced(text: str, start: int, end: int, by: str) -> str:
    return text[:start] + by + text[end:]


def digit(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """One digit of one number is another."""
    found = _figures(spoken.text)
    if not found:
        return None
    q = rng.choice(found)
    places = [n for n in range(q.start, q.end) if spoken.text[n].isdigit()]
    place = rng.choice(places)
    other = rng.choice(
        [d for d in "0123456789" if d != spoken.text[place] and (d != "0" or place != places[0])]
    )
    return _replaced(spoken.text, place, place + 1, other)


def magnitude(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A number is ten times as large; "00.43" would be as large as before."""
    found = [q for q in _figures(spoken.text) if q.value and not re.match(r"\D*0\.", q.text)]
    if not found:
        return None
    q = rng.choice(found)
    head = re.match(r"[^\d]*[\d,]*\d", q.text)
    return _replaced(spoken.text, q.start, q.start + head.end(), f"{head.group()}0") if head else None


_UNITS = {
    " %": (" months", " points", " percentage points of debt", " ‰"),
    " months": (" years", " weeks", " %"),
    " thousand": (" million", ""),
    " a month": (" a year", " a week"),
    "ESP ": ("EUR ", "USD "),
    " points": (" %", " months"),
}

_NOUGHT = re.compile(r"(?<![\d.,])0$")
"""Nothing is nothing in any unit."""


def unit(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A unit is another."""
    places = [
        (m.start(), u)
        for u in _UNITS
        for m in re.finditer(re.escape(u) + r"(?!\w)", spoken.text)
        if not _NOUGHT.search(spoken.text[: m.start()])
    ]
    if not places:
        return None
    start, own = rng.choice(places)
    return _replaced(spoken.text, start, start + len(own), rng.choice(_UNITS[own]))


def sign(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A minus is lost or gained."""
    found = [q for q in _figures(spoken.text, Kind.MONEY, Kind.PERCENT) if q.value]
    if not found:
        return None
    q = rng.choice(found)
    if "-" in q.text:
        return _replaced(spoken.text, q.start, q.end, q.text.replace("-", ""))
    place = q.start + next(n for n, c in enumerate(q.text) if c.isdigit())
    return _replaced(spoken.text, place, place, "-")


_TURNED = (
    ("not above", "above"),
    ("not below", "below"),
    ("at or above", "below"),
    ("above", "below"),
    ("below", "above"),
    ("at least", "at most"),
    ("minimum", "maximum"),
    ("fewer", "more"),
    ("exceeds", "stays under"),
    ("over", "under"),
    ("more than", "less than"),
    ("at most", "at least"),
    ("lower than", "higher than"),
    ("up to", "at least"),
)


def comparator(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A comparison is turned round."""
    fit = [
        (m.start(), m.end(), other)
        for own, other in _TURNED
        for m in re.finditer(rf"\b{own}\b", spoken.text)
        if own != "over" or not re.match(r"over \d+ months", spoken.text[m.start() :])
    ]
    fit = [f for f in fit if not any(g[0] < f[0] < g[1] or (g[0] == f[0] and g[1] > f[1]) for g in fit)]
    if not fit:
        return None
    start, end, other = rng.choice(fit)
    return _replaced(spoken.text, start, end, other)


def negation(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A "not" is lost or gained."""
    lost = list(re.finditer(r"\bnot |\bdid not apply\b", spoken.text))
    if lost:
        m = rng.choice(lost)
        by = "did apply" if m.group().startswith("did") else ""
        return _replaced(spoken.text, m.start(), m.end(), by)
    gained = list(re.finditer(r"\b(?:is|are|was|would|could|must|can|stands)\b(?! not)", spoken.text))
    if not gained:
        return None
    m = rng.choice(gained)
    by = f"{m.group()} not" if m.group() != "stands" else "does not stand"
    return _replaced(spoken.text, m.start(), m.end(), by)


def day(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A date is another day."""
    found = [q for q in quantities(spoken.text) if q.kind is Kind.DATE and q.days]
    if not found:
        return None
    q = rng.choice(found)
    moved = date.fromordinal(q.days[0].toordinal() + rng.choice((-365, -31, -7, -1, 1, 7, 31, 365)))
    return _replaced(spoken.text, q.start, q.end, written_date(moved))


def edition(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """The policy is said to be that of another edition's day."""
    found = [q for q in quantities(spoken.text) if q.kind is Kind.DATE and q.days]
    if not found or "policy" not in spoken.text:
        return None
    own = max(e for e in stage.editions if e <= stage.decision.as_of)
    other = rng.choice([e for e in stage.editions if e != own])
    return _replaced(spoken.text, found[0].start, found[0].end, written_date(other))


def clause(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A clause is swapped for a neighbour."""
    found = [q for q in quantities(spoken.text, stage.clauses) if q.kind is Kind.CLAUSE]
    if not found:
        return None
    q = rng.choice(found)
    part = q.name.split(".")[0]
    ruling = {r.clause for r in stage.decision.rules if r.fact in spoken.facts}
    near = [c for c in stage.clauses if c.split(".")[0] == part and c not in {*spoken.clauses, *ruling}]
    return _replaced(spoken.text, q.start, q.end, rng.choice(near)) if near else None


_OUTCOMES = {
    "is approved": ("is declined", "is referred to a person", "is not approved"),
    "is declined": ("is approved", "is referred to a person", "is not declined"),
    "is referred to a person": ("is approved", "is declined"),
    "is incomplete and undecided": ("is approved", "is declined"),
    "means a decline": ("means an approval",),
    "which by itself refers the application": ("so it is approved", "so it is declined"),
    "so the application is referred": ("so the application is approved", "so the application is declined"),
}


def outcome(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """Another outcome is stated."""
    own = next((o for o in _OUTCOMES if o in spoken.text), None)
    return spoken.text.replace(own, rng.choice(_OUTCOMES[own])) if own else None


def swapped(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A value and its limit trade places."""
    found = [q for q in _figures(spoken.text) if q.kind is not Kind.ORDINAL]
    pairs = [
        (a, b) for a in found for b in found if a.start < b.start and a.kind is b.kind and a.value != b.value
    ]
    if not pairs or not spoken.claim.startswith(("reason:", "rule:")):
        return None
    a, b = rng.choice(pairs)
    text = _replaced(spoken.text, b.start, b.end, a.text)
    return _replaced(text, a.start, a.end, b.text)


def tier(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """Another price tier is named."""
    found = re.search(r"tier ([A-C])", spoken.text)
    if not found:
        return None
    return _replaced(
        spoken.text, found.start(1), found.end(1), rng.choice([t for t in "ABC" if t != found[1]])
    )


def name(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A number is given to another fact."""
    titles = (
        "debt service to income ratio",
        "disposable income",
        "loan-to-price ratio",
        "nominal rate",
        "score",
        "amount",
    )
    own = next((t for t in titles if f"the {t}" in spoken.text.lower()), None)
    if own is None or not _figures(spoken.text):
        return None
    other = rng.choice([t for t in titles if t != own])
    return re.sub(rf"(?i)the {own}", f"the {other}", spoken.text, count=1)


def field(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """Something else is said to be missing."""
    if spoken.claim not in ("missing", "next") or not stage.decision.missing:
        return None
    other = rng.choice(
        [f for f in ("assets", "kind of employment", "price", "housing") if f not in spoken.text]
    )
    return re.sub(r"\b(?:income|debt|assets|housing|kind of employment)\b", other, spoken.text, count=1)


def rates(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """The nominal rate and the APR trade places."""
    found = _figures(spoken.text, Kind.PERCENT)
    if spoken.claim != "price" or len(found) < 2 or found[0].value == found[1].value:
        return None
    text = _replaced(spoken.text, found[1].start, found[1].end, found[0].text)
    return _replaced(text, found[0].start, found[0].end, found[1].text)


def dependency(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """Another model is said to have failed."""
    if not spoken.claim.startswith("failure:"):
        return None
    swap = {"scoring": "pricing", "pricing": "scoring"}
    return re.sub(r"\b(scoring|pricing)\b", lambda m: swap[m[1]], spoken.text, count=1)


def rank(spoken: Spoken, stage: Stage, rng: random.Random) -> str | None:
    """A reason is given another rank."""
    found = re.search(r"Principal reason (\d)", spoken.text)
    if not found:
        return None
    other = rng.choice([n for n in "123456" if n != found[1]])
    return _replaced(spoken.text, found.start(1), found.end(1), other)


MUTATIONS: Mapping[str, Mutation] = {
    m.__name__: m
    for m in (
        digit,
        magnitude,
        unit,
        sign,
        comparator,
        negation,
        day,
        edition,
        clause,
        outcome,
        swapped,
        tier,
        name,
        field,
        rates,
        elsewhere,
        invented_reason,
        invented_condition,
        promise,
        protected,
        order,
        plausible,
        dependency,
        rank,
    )
}

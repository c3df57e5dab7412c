"""The words of a sentence must be carried by claims and clauses that speak of the same thing."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from decisioning.grounding.aligned import cover, nearby
from decisioning.grounding.blind import BlindSaid, blinded
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_neutral, keys
from decisioning.grounding.once import once
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Carrier, Pool, Role
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.scope import is_general
from decisioning.grounding.text import Word
from decisioning.grounding.topics import MEANT, NAMED, Names, vocabulary
from decisioning.model import Problem
from decisioning.numbers import Kind

CARRIED = 0.7
"""The least share of a sentence's content that the record or the clauses must carry."""
_LONG, _CARRIED_ALONE = 6, 0.65
"""A sentence about clauses alone with so many words may put more of them in words of its own."""
_PART = re.compile(
    r"[,;:()]|\b(?:and|or|but|if|unless|because|since|where|when|while|although|so|that|which|who|as|only|with|without|for|after|before)\b",
    re.IGNORECASE,
)
_RULES = re.compile(r"\b(?:must|shall|may|cannot|required|allowed|unless|if|where|when)\b", re.IGNORECASE)
_BESIDE = 0.2
"""How much less of a sentence a passage covers than the best one whose dictionary words count."""
_RESTATED = 0.5
_TELLING = 3
"""A sentence of so many words and a number may compare and introduce it in words of its own."""
_WHOLE = 4
"""The fewest words with content of a catalogue text that counts as quoted."""
_SIGNED = ("outcome", "score", "price", "failure", "next")
"""Kinds of claims that are known by words of their own rather than by a fact."""


def check_content(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the sentence uses words, or says things, that nothing in the pool carries."""
    content = [w for w in said.content if pool.outcome is None or not is_neutral(w.stem)]
    if pool.outcome is None:
        content = [w for w in content if not is_framing(w, said)]
    foreign = _foreign(frozenset(w.stem for w in content), pool)
    uncarried = [w for w in content if w.stem in foreign]
    if pool.outcome is None and len(content) - len(uncarried) >= _TELLING:
        uncarried = [w for w in uncarried if w.stem not in _near(said, pool)]
    if pool.outcome is None and pool.numbers and said.amounts:
        spans = [m.span() for m in form("against a limit").finditer(said.text)]
        uncarried = [w for w in uncarried if not any(a <= w.start < b for a, b in spans)]
    if len(said.content) >= _TELLING and said.amounts:
        compared = [(p.start, p.end) for p in said.phrases]
        uncarried = [
            w for w in uncarried if not is_neutral(w.stem) and not any(a <= w.start < b for a, b in compared)
        ]
    least = _CARRIED_ALONE if len(content) >= _LONG and _is_ruled(said, pool) else CARRIED
    if content and len(uncarried) / len(content) > 1 - least:
        yield said.problem("not_carried", f"neither the record nor a clause speaks of: {_listed(uncarried)}")
    elif pool.outcome is not None and not is_general(said, pool):
        if not _is_based(said, pool):
            yield from _on_basis(said, content, pool)
    elif pool.outcome is None:
        yield from _foreign_parts(said, pool)


@once
def _near(said: Said, pool: Pool) -> frozenset[str]:
    """The stems near, in a dictionary, to words of what covers most of the sentence."""
    covered = [(cover(said.content, p), p) for p in pool.passages]
    best = max((c for c, _ in covered), default=0.0)
    return frozenset(s for c, p in covered if c >= best - _BESIDE for s in nearby(p))


def _foreign_parts(said: Said, pool: Pool) -> Iterator[Problem]:
    """A part of a sentence about clauses alone of which no clause has a word is invented."""
    cuts = [0, *(m.start() for m in _PART.finditer(said.text)), len(said.text)]
    for start, end in pairwise(cuts):
        own = [w for w in said.content if start <= w.start < end and not is_framing(w, said)]
        foreign = [w for w in own if not keys(w.stem) & pool.keys and w.stem not in _near(said, pool)]
        enough = form("enough").search(said.text, start)
        if enough and enough.start() < end:
            continue
        if len(foreign) == len(own) and any(not is_neutral(w.stem) for w in own):
            yield said.problem("not_carried", f"no clause speaks of: {_listed(own)}")
            return


def _is_ruled(said: Said, pool: Pool) -> bool:
    """Whether a sentence about clauses alone speaks of what a clause rules: there more words are its own."""
    if pool.outcome is not None:
        return False
    covered = [(cover(said.content, p), p) for p in pool.passages]
    best = max((c for c, _ in covered), default=0.0)
    return any(_RULES.search(p.text) for c, p in covered if c >= best - _BESIDE)


def is_framing(word: Word, said: Said) -> bool:
    """Whether a word only says that there is a limit or a duty: "capped at", "longest", "is allowed to"."""
    compared = ((p.start, p.end) for p in said.phrases)
    framed = (m.span() for m in form("framing").finditer(said.text))
    return any(a <= word.start < b for a, b in (*compared, *framed))


@once
def _foreign(stems: frozenset[str], pool: Pool) -> frozenset[str]:
    """Those of the stems that nothing in the pool carries."""
    return frozenset(s for s in stems if not pool.carries(s))


@once
def _is_based(said: Said, pool: Pool) -> bool:
    """Whether nothing is wrong with what a statement about this application rests on."""
    content = [w for w in said.content if not is_neutral(w.stem)]
    return not any(_on_basis(said, content, pool))


def _on_basis(said: Said, content: list[Word], pool: Pool) -> Iterator[Problem]:
    """A statement about this application needs a claim that speaks of it and carries its words."""
    named_clauses = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    about = [c for c in pool.carriers if is_about(said, c, pool) or named_clauses & set(c.clauses)]
    if not about and not _states_fact(said, pool):
        yield said.problem("no_basis", "no claim of this decision says this")
        return
    uncarried = [w for w in content if all(keys(w.stem).isdisjoint(c.keys) for c in about)]
    if len(uncarried) <= (1 - CARRIED) * len(content):
        return
    clauses = {n for c in about for n in c.clauses}
    carried = frozenset().union(
        *(c.keys for c in about), *(p.keys for n in clauses for p in pool.of_clause(n))
    )
    facts = {k.name for q in said.amounts for k in pool.meaning(q)}
    facts |= _labelled(said.stems, pool)
    named = frozenset(k for name in facts for k in vocabulary(name, pool.titles.get(name, "")))
    uncarried = [w for w in content if not keys(w.stem) & (carried | named)]
    if len(uncarried) > (1 - CARRIED) * len(content):
        yield said.problem("not_carried", f"no claim about this speaks of: {_listed(uncarried)}")


@once
def _labelled(stems: frozenset[str], pool: Pool) -> frozenset[str]:
    """The facts with a label that these stems name."""
    return frozenset(name for name, _ in pool.labels if pool.named(name, stems) >= NAMED)


def _states_fact(said: Said, pool: Pool) -> bool:
    if _labelled(said.stems, pool):
        return True
    found = [k for q in said.amounts for k in pool.meaning(q) if k.role is Role.VALUE]
    return any(pool.named(k.name, said.stems) >= MEANT for k in found)


def is_about(said: Said, carrier: Carrier, pool: Pool) -> bool:
    """Whether the sentence speaks of what the claim speaks of."""
    return carrier.id in told_by(said, pool)


@once
def told_by(said: Said, pool: Pool) -> frozenset[str]:
    """The ids of the claims of which the sentence speaks."""
    if not pool.carriers:
        return frozenset()
    wording = blinded(said)
    return frozenset(c.id for c in pool.carriers if _is_about(wording, c, pool.naming))


@lru_cache(maxsize=16_384)
def _is_about(said: BlindSaid, carrier: Carrier, naming: Names) -> bool:
    """Whether sentences of this wording speak of what the claim speaks of, whatever their numbers are."""
    if carrier.kind in _SIGNED:
        return bool(form(f"about {carrier.kind}").search(said.text))
    if any(naming.named(n, said.stems) >= MEANT for n in carrier.names):
        return True
    return any(restates(said, p) for p in carrier.passages)


def restates(said: Said, passage: Passage) -> bool:
    """Whether the sentence says at least half of what the passage says, and mostly that."""
    wanted = [w for w in passage.content if not is_neutral(w.stem)] or list(passage.content)
    own = frozenset(k for w in said.content for k in keys(w.stem))
    told = sum(1 for w in wanted if keys(w.stem) & own) / max(1, len(wanted))
    return told >= _RESTATED and likeness(said.content, passage) >= _RESTATED


@once
def own_words(said: Said, pool: Pool) -> Said:
    """The sentence without the catalogue's texts that it quotes: they are true of this decision."""
    text = said.text
    for passage in (p for c in pool.carriers for p in c.passages if len(p.content) >= _WHOLE):
        text = text.replace(passage.text.rstrip("."), "")
    return said_of(text, frozenset(said.names)) if text != said.text else said


def _listed(found: list[Word]) -> str:
    return ", ".join(dict.fromkeys(w.text for w in found))

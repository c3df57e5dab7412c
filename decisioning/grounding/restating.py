"""What restates a clause must keep its order, its time, its exceptions and its "may" and "must"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_neutral, is_stop, keys
from decisioning.grounding.passages import Passage, likeness
from decisioning.grounding.pool import Pool, quoting, stated_in
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.text import Word, words
from decisioning.model import Problem
from decisioning.numbers import Kind, negated_at

_ALIKE = 0.5
_MARGIN = 0.25
_CARRIED = 0.5
_BE = frozenset(("be", "is", "are", "was", "were", "been", "being", "gets", "got"))
_AUXILIARY = re.compile(
    r"must|shall|may|can|should|will|would|could|might|do|does|did|has|have|had|not|never|also|only|then",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\b(after|before|since|until)\s+((?:[\w'\u2019-]+\s*){1,8})", re.IGNORECASE)
_CAUSAL = re.compile(r"Since\s+[^,]*\b(?:is|are|was|were|has|have|comes?|stands?|lies?|exceeds?)\b[^,]*,")
_CONTRARY = {"after": "before", "before": "after", "since": "until", "until": "since"}
_UNLESS = re.compile(
    r"\b(?:unless|except|only\s+if|provided|as\s+long\s+as)\b(?P<rest>[^.;]*)", re.IGNORECASE
)
_MODAL = re.compile(
    r"\b(?P<duty>must|shall|(?:is|are)\s+(?:required|obliged)\s+to|ha(?:s|ve)\s+to)\s+(?!not\b)(?P<verb>[a-z]+)\b"
    r"|\b(?P<leave>may|can|(?:is|are)\s+(?:allowed|permitted|free)\s+to)\s+(?!not\b)(?P<verb2>[a-z]+)\b",
    re.IGNORECASE,
)
_OF = re.compile(r"\s*(?:of|from)\s+(?:(?:the|a|an|its|their|his|her|any|all|each)\s+)?", re.IGNORECASE)
_SIDE = re.compile(
    r"\b(?P<above>above|over|beyond|exceed\w*)\s+(?:this|that|the|its)\s+(?:\w+\s+)?(?:limit|maximum|minimum|threshold|cut-?off)\b"
    r"|\b(?P<below>below|under|beneath|within)\s+(?:this|that|the|its)\s+(?:\w+\s+)?(?:limit|maximum|minimum|threshold|cut-?off)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Act:
    """A verb of a text, who does it where that stands before it, and the keys of all that follows."""

    verb: str
    actor: str
    after: frozenset[str]


def check_restating(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each thing that the clause nearest to a general sentence has otherwise."""
    if not is_general(said, pool):
        return
    alike = [(likeness(said.content, p), p) for p in pool.passages]
    best = max((s for s, _ in alike), default=0.0)
    nearest = [p for s, p in alike if s >= max(_ALIKE, best - _MARGIN)]
    numbered = [p for p in nearest if any(stated_in(q, p) for q in said.amounts)]
    nearest = numbered or nearest
    yield from _shares(said, pool)
    yield from _ordinals(said, pool)
    if nearest:
        for check in (_order, _times, _exceptions, _modals, _sides):
            yield from check(said, nearest)


def _shares(said: Said, pool: Pool) -> Iterator[Problem]:
    """ "60 % of the price" is no "60 % of the income"."""
    for quantity in said.amounts:
        of = _OF.match(said.text, quantity.end)
        passages = quoting(quantity, pool)
        if not of or not passages or quantity.kind not in (Kind.PERCENT, Kind.NUMBER):
            continue
        what = next((w for w in said.content if of.end() <= w.start), None)
        told = (w for p in passages for w in p.content)
        if what and not is_neutral(what.stem) and not any(keys(what.stem) & keys(w.stem) for w in told):
            yield said.problem(
                "number_out_of_place", f'no clause gives "{quantity.text}" of what is called "{what.text}"'
            )


def _ordinals(said: Said, pool: Pool) -> Iterator[Problem]:
    known = {q.value for p in pool.passages for q in p.quantities if q.kind is Kind.ORDINAL}
    for quantity in said.quantities:
        if quantity.kind is Kind.ORDINAL and known and quantity.value not in known:
            yield said.problem("unknown_number", f'no clause says "{quantity.text}"')


def _order(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """Who does what to whom: the two must not trade places."""
    for act in _acts(said.words):
        for passage in nearest:
            for other in _acts(passage.words):
                same = act.verb == other.verb and act.actor != other.actor
                if same and keys(act.actor) & other.after and keys(other.actor) & act.after:
                    yield said.problem("wrong_actor", f'in "{passage.text}" it is the other one who acts')
                    return


@lru_cache(maxsize=2048)
def _acts(found: tuple[Word, ...]) -> tuple[_Act, ...]:
    acts = []
    for n, word in enumerate(found):
        before = n - 1
        while before >= 0 and _AUXILIARY.fullmatch(found[before].text):
            before -= 1
        if before < 0 or before == n - 1 or is_stop(word.text) or is_stop(found[before].text):
            continue
        after = frozenset(k for w in found[n + 1 :] for k in keys(w.stem))
        acts.append(_Act(word.stem, found[before].stem, after))
    return tuple(acts)


def _times(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """After is not before, and after one thing is not after another."""
    for found in _WHEN.finditer(said.text):
        if _CAUSAL.match(said.text, found.start()):
            continue
        own = _keys_in(found[2])
        theirs = [(m[1].lower(), _keys_in(m[2])) for p in nearest for m in _WHEN.finditer(p.text)]
        word = found[1].lower()
        same = [k for w, k in theirs if w == word]
        turned = [k for w, k in theirs if w == _CONTRARY[word]]
        if own and turned and not same and any(own & k for k in turned):
            yield said.problem("time", f'"{found[1]}" stands where the clause has "{_CONTRARY[word]}"')
        elif own and same and not any(own & k for k in same) and not _stated_after(said, found, nearest):
            yield said.problem("time", f'the clause does not say "{found.group().strip()}"')


def _stated_after(said: Said, found: re.Match[str], nearest: list[Passage]) -> bool:
    """Whether a length of time follows that the clause has too: half a year is six months."""
    lengths = (q for q in said.amounts if found.start(2) <= q.start < found.end(2))
    return any(stated_in(q, p) for q in lengths for p in nearest)


def _keys_in(text: str) -> frozenset[str]:
    return frozenset(k for w in words(text) if not is_stop(w.text) for k in keys(w.stem))


def _exceptions(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """No exception is made that the clause does not make, and none is taken away."""
    carried = frozenset().union(*(p.keys for p in nearest))
    theirs = [p for p in nearest if _UNLESS.search(p.text)]
    found = _UNLESS.search(said.text)
    if found:
        rest = [w for w in words(found["rest"]) if not is_stop(w.text) and not is_neutral(w.stem)]
        foreign = [w for w in rest if not keys(w.stem) & carried]
        if rest and len(foreign) > (1 - _CARRIED) * len(rest):
            yield said.problem("exception", f'no clause says "{found.group().strip()}"')
    elif len(theirs) == len(nearest) and form("without exception").search(said.text):
        yield said.problem("exception", f'"{theirs[0].text}" makes an exception that is left out here')


def _modals(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """What may be done need not be done."""
    theirs: dict[str, set[bool]] = {}
    for passage in nearest:
        for found in _MODAL.finditer(passage.text):
            theirs.setdefault(_verb(found), set()).add(bool(found["duty"]))
    for found in _MODAL.finditer(said.text):
        known = theirs.get(_verb(found), set()) if _verb(found) else set()
        only = found["leave"] and _only(said.text) and any(_only(p.text) for p in nearest)
        if known and bool(found["duty"]) not in known and not only and not negated_at(said.text, found.end()):
            yield said.problem("duty", f'"{found.group()}" is not what the clause leaves or asks')


def _only(text: str) -> bool:
    """ "The only terms that it may use" is what it "shall use only"."""
    return bool(re.search(r"\bonly\b", text, re.IGNORECASE))


def _verb(found: re.Match[str]) -> str:
    written = words(found["verb"] or found["verb2"])
    return written[0].stem if written and written[0].text not in _BE else ""


def _sides(said: Said, nearest: list[Passage]) -> Iterator[Problem]:
    """Above this limit is not below it."""
    own = _SIDE.search(said.text)
    theirs = [m for p in nearest for m in _SIDE.finditer(p.text)]
    if own is None or not theirs or any(bool(m["above"]) is bool(own["above"]) for m in theirs):
        return
    if negated_at(said.text, own.start()) is negated_at(theirs[0].string, theirs[0].start()):
        yield said.problem("comparator", f'"{own.group()}" turns the clause round')

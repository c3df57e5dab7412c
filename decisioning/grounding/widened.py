"""A sentence must not hold for more than its clause: no condition dropped, no duty invented or turned."""

import re
from collections.abc import Iterator

from decisioning.grounding.lexicon import are_opposed, is_neutral, is_stop, keys
from decisioning.grounding.passages import Passage
from decisioning.grounding.pool import Pool, equal
from decisioning.grounding.said import Said
from decisioning.grounding.swapped import nearest_to
from decisioning.grounding.text import words
from decisioning.model import Problem
from decisioning.numbers import Kind, bound_of

_STRONG = re.compile(
    r"\b(?:without\s+(?:any\s+)?exceptions?|whatever|regardless|irrespective|whether\s+or\s+not|in\s+(?:any|every|all)\s+cases?|no\s+matter"
    r"|always|invariably|under\s+all\s+circumstances|unconditionally|and\s+never\s+(?:for\s+)?less|even\s+(?:if|when|where|for)"
    r"|throughout|for\s+the\s+(?:whole|entire|full)\s+\w+|from\s+the\s+first\s+day)\b",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\b(?:every|all|any|each|whenever)\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:unless|except(?:\s+(?:as|where|if|when|that))?|other\s+than|if|when|where|whenever|only|provided\s+that|as\s+long\s+as"
    r"|who\s+(?:has|have|is|are)|whose|to\s+the\s+extent)\b(?P<rest>[^,.;]*)",
    re.IGNORECASE,
)
_KEPT = 0.34
_CLOSE = 16
"""Characters between a thing and the limit that says which of it is meant: "balances up to"."""
_MODAL = re.compile(
    r"\b(?P<modal>must|shall|may|can|cannot|ha(?:s|ve)\s+to|(?:is|are)\s+(?:required|obliged|allowed|permitted|free)\s+to)"
    r"(?P<not>\s+not)?\s+(?!not\b|only\b)(?P<verb>[a-z]+)\b(?:\s+(?P<done>[a-z]+(?:ed|en|t|de|ld|nt|id)))?",
    re.IGNORECASE,
)
_LEAVE = re.compile(r"may|can\b|.*(?:allowed|permitted|free)", re.IGNORECASE)
_LIGHT = frozenset(["be", "have", "do", "get", "go", "come", "see", "use", "apply", "make", "take", "give"])
_OUTCOME = re.compile(
    r"\b(?:declined|refused|rejected|turned\s+down|referred|approved|accepted|granted|deleted|lost)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|none|nobody|nothing|without|only|unless|except)\b", re.IGNORECASE
)


def check_widened(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each way in which the sentence says more than the clauses nearest to it."""
    if pool.outcome is not None:
        return
    nearest = nearest_to(said, pool)
    if nearest:
        yield from _universal(said, nearest, pool)
        yield from _two_limits(said, nearest)
        yield from _duties(said, nearest, pool)


def _universal(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """ "without exception", "every": only where the clause has no condition that is left out."""
    strong = _STRONG.search(said.text)
    if strong and not any(
        strong.group().lower() in p.text.lower() or _STRONG.search(p.text) for p in pool.passages
    ):
        yield said.problem("exception", f'no clause says "{strong.group()}"')
        return
    weak = _WEAK.search(said.text)
    if not weak:
        return
    own = frozenset(k for w in said.content for k in keys(w.stem))
    noun = next((w for w in said.words if w.start >= weak.end() and not is_stop(w.text)), None)
    for passage in nearest if noun else ():
        for word in (w for w in passage.words if noun and w.stem == noun.stem):
            bounded = [q for q in passage.quantities if bound_of(q) and 0 <= q.start - word.end <= _CLOSE]
            if bounded and not any(equal(q, bounded[0]) for q in said.amounts):
                yield said.problem("exception", f'"{weak.group()}" leaves out "{bounded[0].text}"')
                return
    phrase = " ".join(said.text[weak.start() :].split()[:2]).lower()
    for passage in (p for p in nearest if phrase not in p.text.lower()):
        for condition in _CONDITION.finditer(passage.text):
            rest = [w for w in words(condition["rest"]) if not is_stop(w.text) and not is_neutral(w.stem)]
            told = sum(bool(keys(w.stem) & own) for w in rest)
            if rest and told <= _KEPT * len(rest):
                problem = f'"{weak.group()}" leaves out "{condition.group().strip()}"'
                yield said.problem("exception", problem)
                return


def _two_limits(said: Said, nearest: tuple[Passage, ...]) -> Iterator[Problem]:
    """Where two conditions must both be met, one of them does not do."""
    if not _OUTCOME.search(said.text):
        return
    for passage in nearest:
        bounds = [q for q in passage.quantities if bound_of(q) and q.kind is not Kind.CLAUSE]
        both = (
            len(bounds) > 1 and _OUTCOME.search(passage.text) and not re.search(r"\b(?:n?or)\b", passage.text)
        )
        told = [b for b in bounds if any(equal(q, b) for q in said.amounts)]
        if both and told and len(told) < len(bounds):
            left = next(b for b in bounds if b not in told)
            yield said.problem("exception", f'the clause asks for "{left.text}" as well')
            return


def _duties(said: Said, nearest: tuple[Passage, ...], pool: Pool) -> Iterator[Problem]:
    """A "may" or "must" of its own is invented; a "must not" told as a "may" is turned round."""
    theirs = [(verbs, kind) for p in nearest for verbs, kind in _acts(p.text)]
    for verbs, kind in _acts(said.text):
        own = frozenset(k for v in verbs for k in keys(v))
        if not own & pool.keys and kind == "may":
            yield said.problem("duty", f'no clause says that anybody may "{min(verbs)}"')
            return
        same = {k for v, k in theirs if any(keys(x) & own and not _opposed(x, verbs) for x in v)}
        turned = same == {"not"} if kind != "not" else bool(same) and "not" not in same
        if turned and len(_NO.findall(said.text)) <= (kind == "not"):
            yield said.problem("duty", "the clause forbids what this allows, or the reverse")
            return


def _opposed(one: str, others: frozenset[str]) -> bool:
    return any(are_opposed(one, other) for other in others)


def _acts(text: str) -> list[tuple[frozenset[str], str]]:
    """The verbs behind each modal of a text, and whether it is a "may", a "must" or a "not"."""
    found = []
    for modal in _MODAL.finditer(text):
        verbs = [
            v for v in (modal["verb"], modal["done"]) if v and v.lower() not in _LIGHT and not is_stop(v)
        ]
        stems = frozenset(w.stem for v in verbs[:1] for w in words(v))
        denied = modal["not"] or modal["modal"].lower() == "cannot"
        if stems:
            found.append((stems, "not" if denied else "may" if _LEAVE.match(modal["modal"]) else "must"))
    return found

"""Whether a clause answers a question, and which of its sentences do: by its words, the embedding a witness.

What is measured of a clause is weighed by a small logistic model (`relevance.json`) that
`python -m evals.chat.fitting` fits on the labelled questions beside it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from math import exp, log

from decisioning.chat import shapes
from decisioning.chat.figures import counts, has_figure, has_number, names_stand
from decisioning.chat.question import Question
from decisioning.chat.tools import Found
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.text import Word, sentences, words
from decisioning.orders import is_order
from decisioning.ports import Clause

LIKELY = 0.38
"""From here on a clause is taken to answer: fitted so that hardly a silent policy is quoted."""
_NEAREST = 0.8
_LIKE, _FAMILY = 0.5, 0.9
_BEGINS, _ENDING = 6, 3
_WINDOW = 6
_MOST_QUOTED = 3
_MOST_ROWS = 11
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|often|soon|quickly|high|low|large|big)\b|\bwhat (?:percentage|share|amount"
    r"|number|sum)\b|\bwithin (?:what|which)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow many (\w+)(?: (\w+))?\b", re.IGNORECASE)
_MOST_OR_LEAST = re.compile(
    r"\b(?:what|which|how) .*\b(?:maximum|minimum|highest|lowest|max|min)\b", re.IGNORECASE
)
_STATISTICS = re.compile(
    r"\bhow many\b(?! (?:days|weeks|months|years|points|reasons))|\baverage\b|\bin total\b", re.IGNORECASE
)
_WHO = re.compile(r"^\W*(?:and\s+)?who(?:se|m)?\b|\bby whom\b|\bto whom\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\b(?:underwriters?|committee|officer|lender|applicants?|nobody|anybody|someone|everyone|person"
    r"|persons|owner|system|staff|colleague)\b",
    re.IGNORECASE,
)
_WHO_DID = re.compile(
    r"^\W*who (?:wrote|built|made|set|invented|designed|owns|runs|is|was|are|were)\b", re.IGNORECASE
)
_WHY = re.compile(r"^\W*(?:and\s+)?why\b|\bfor what reason\b", re.IGNORECASE)
_BECAUSE = re.compile(
    r"\bbecause\b|\btherefore\b|\bso that\b|\bsince\b|\bnot tell enough\b|\bpays for\b|\bharms?\b",
    re.IGNORECASE,
)
_HAPPENS = re.compile(
    r"\bwhat (?:happens|do we do|does the lender do|if|follows)\b|\bconsequences?\b|\blead to\b",
    re.IGNORECASE,
)
_CONSEQUENCE = re.compile(
    r"\b(?:is|are) (?:referred|declined|approved|not decided|counted)\b|\breceives\b|\bdecides\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:which|what)(?: are| is)?(?: the| kinds? of)? \w*(?:s|ics)\b(?! (?:the|a|an)\b)|\blist\b"
    r"|\bwhat must\b|\bwhat does .* (?:contain|hold|state|say)\b|\bwho decides\b",
    re.IGNORECASE,
)
WHEN_FUTURE = re.compile(
    r"\bwill\b|\bgoing to\b|\bnext (?:year|month|edition|change)\b|\bin (?:the )?future\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Answering:
    """A clause that answers, and how well; `quotes` are the spans of its text to quote, in order."""

    clause: Clause
    weight: float
    quotes: tuple[tuple[int, int], ...]


def answering(question: Question, found: Sequence[Found]) -> tuple[Answering, ...]:
    """The clause that answers the question; none where the policy is silent."""
    if WHEN_FUTURE.search(question.plain) or not found:
        return ()
    weighed = [(likelihood(f), one.clause) for f, one in zip(features(question, found), found, strict=True)]
    weighed = [w for w in weighed if not _vetoed(question, w[1])]
    own = [c for _, c in weighed]
    best = (
        shapes.defining(question, own)
        or shapes.tabled(question, own)
        or max(weighed, key=lambda pair: pair[0], default=None)
    )
    if best is None or best[0] < LIKELY:
        return ()
    quotes = quotes_of(question, best[1])
    return (Answering(best[1], best[0], quotes),) if quotes else ()


def likelihood(features: Mapping[str, float]) -> float:
    """How likely a clause with these features answers, by the weights fitted on labelled questions."""
    weights = _weights()
    total = weights["constant"] + sum(weights[name] * value for name, value in features.items())
    return 1 / (1 + exp(-total))


def features(question: Question, found: Sequence[Found]) -> list[dict[str, float]]:
    """What is measured of each clause that a search found for the question."""
    wanted = question.specific or question.content
    texts = [f"{f.clause.heading or ''}. {f.clause.text}" for f in found]
    carried = [[_carries(w, text) for w in wanted] for text in texts]
    foreign = sum(not any(column) for column in zip(*carried, strict=True))
    return [
        _features(question, one, place, texts[place], carried[place], foreign)
        for place, one in enumerate(found)
    ]


def _features(
    question: Question, found: Found, place: int, text: str, carried: Sequence[float], foreign: int
) -> dict[str, float]:
    size = max(1, len(carried))
    pieces = [found.clause.text[a:b] for a, b in sentences(found.clause.text)]
    wanted = question.specific or question.content
    return {
        "carried": sum(carried) / size,
        "all_carried": float(bool(carried) and min(carried) > 0),
        "left_out": min(sum(c == 0 for c in carried), 3),
        "share_left_out": sum(c == 0 for c in carried) / size,
        "share_likened": sum(0 < c < _FAMILY for c in carried) / size,
        "foreign": min(foreign, 2),
        "share_foreign": foreign / size,
        "first": float(place == 0),
        "place": place,
        "heading": _headed(question, found.clause),
        "fitting": _fitting(question, text),
        "of_its_kind": float(_fits_kind(question, text)),
        "names_stand": float(names_stand(question, text)),
        "apart": _apart(question, text),
        "words": log(1 + len(carried)),
        "in_a_sentence": max((sum(_carries(w, p) for w in wanted) / size for p in pieces), default=0.0),
        "asks_extreme": float(bool(_MOST_OR_LEAST.search(question.plain))),
        "asks_statistics": float(bool(_STATISTICS.search(question.plain))),
        "nearness": min(found.nearness, _NEAREST),
    }


def _vetoed(question: Question, clause: Clause) -> bool:
    """Whether the clause lacks the very kind of thing that is asked for, however well its words fit."""
    heading = clause.heading or ""
    text = f"{heading}. {clause.text}"
    if _WHO_DID.search(question.plain) or (question.days.periods and _STATISTICS.search(question.plain)):
        return True
    if shapes.of_another_age(question, text):
        return True
    headed = {w.stem for w in words(heading) if not is_stop(w.text)}
    if not question.specific and not headed <= question.stems:
        return True
    return not names_stand(question, text) or (
        bool(_MOST_OR_LEAST.search(question.plain)) and not has_figure(text)
    )


@cache
def _weights() -> Mapping[str, float]:
    text = resources.files("decisioning.chat").joinpath("relevance.json").read_text(encoding="utf-8")
    weights: Mapping[str, float] = json.loads(text)["weights"]
    return weights


def quotes_of(question: Question, clause: Clause) -> tuple[tuple[int, int], ...]:
    """The sentences of a clause that say what is asked, as few as carry it; a table whole where wanted."""
    spans = [s for s in sentences(clause.text) if not is_order(clause.text[s[0] : s[1]])]
    rows = [s for s in spans if " | " in clause.text[s[0] : s[1]]]
    if spans and shapes.DEFINES.search(question.plain) and shapes.defining(question, [clause]):
        return (spans[0],)
    picked = _picked(question, clause, spans)
    if (
        len(rows) > 1
        and (_WHOLE.search(question.plain) and len(rows) <= _MOST_ROWS)
        and _fits_kind(question, clause.text)
    ):
        return tuple(rows[1:])
    return picked


def _picked(
    question: Question, clause: Clause, spans: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    wanted = list(question.specific) or list(question.content)
    left = list(wanted)
    picked: list[tuple[int, int]] = []
    pool = list(spans)
    while pool and len(picked) < _MOST_QUOTED:
        best = max(
            pool, key=lambda s: (_gain(question, clause.text[s[0] : s[1]], left, first=not picked), -s[0])
        )
        piece = clause.text[best[0] : best[1]]
        gained = [w for w in left if _carries(w, piece) >= min(_FAMILY, _carries(w, clause.text))]
        if picked and not any(_carries(w, piece) for w in gained):
            break
        picked.append(best)
        pool.remove(best)
        left = [w for w in left if w not in gained]
        if not left:
            break
    if _HOW_MUCH.search(question.plain) and not any(has_number(clause.text[a:b]) for a, b in picked):
        picked = [s for s in spans if has_number(clause.text[s[0] : s[1]])][:1] or picked
    return tuple(sorted(shapes.without_bare_head(clause, picked)))


def _gain(question: Question, piece: str, left: Sequence[Word], *, first: bool) -> float:
    carried = sum(_carries(w, piece) for w in left) + shapes.row_named(question, piece)
    bonus = 0.5 * carried / (3 + len([w for w in words(piece) if not is_stop(w.text)]))
    if first:
        bonus += 0.6 * (_wants_number(question) and has_number(piece))
        bonus += 0.6 * (bool(_WHO.search(question.plain)) and bool(_PEOPLE.search(piece)))
        bonus += 0.8 * (bool(_HAPPENS.search(question.plain)) and bool(_CONSEQUENCE.search(piece)))
        bonus += 0.8 * (bool(_WHY.search(question.plain)) and bool(_BECAUSE.search(piece)))
        asked = {w.stem for w in question.content}
        bonus += 0.05 * len(asked & {w.stem for w in words(piece)})
    return carried + bonus


def _carries(word: Word, piece: str) -> float:
    """1 for the word itself, nearly as much for one of its family, half for what may stand for it."""
    own = [w for w in words(piece) if w.text != "means"]
    if any(w.stem == word.stem for w in own):
        return 1.0
    if any(_kin(w.stem, word.stem) for w in own):
        return _FAMILY
    like = keys(word.stem)
    return _LIKE if any(keys(w.stem) & like for w in own if not is_stop(w.text)) else 0.0


def _kin(one: str, other: str) -> bool:
    """Whether two stems begin alike for long enough: "estimate" and "estimated"."""
    short, long = sorted((one, other), key=len)
    if long in (short + "s", short + "es"):
        return True
    if len(short) >= _BEGINS and short[:_BEGINS] == long[:_BEGINS]:
        return True
    return len(short) >= _BEGINS - 1 and long.startswith(short) and len(long) - len(short) <= _ENDING


def _apart(question: Question, text: str) -> int:
    """How many pairs of words stand side by side in the question and nowhere near each other in the text."""
    own = words(text)
    places = {stem: [n for n, w in enumerate(own) if w.stem == stem] for stem in {w.stem for w in own}}
    broken = 0
    for one, other in pairwise(question.specific):
        if other.start - one.end > 1 or one.stem not in places or other.stem not in places:
            continue
        near = any(abs(a - b) <= _WINDOW for a in places[one.stem] for b in places[other.stem])
        broken += not near
    return broken


def _headed(question: Question, clause: Clause) -> float:
    """A clause whose heading is asked for is the one that is meant."""
    heading = {w.stem for w in words(clause.heading or "") if not is_stop(w.text)}
    hits = len(heading & question.stems)
    return 0.1 * hits * hits / len(heading) if heading else 0.0


def _fitting(question: Question, text: str) -> float:
    """A definition is what "What is X?" asks for, and a consequence what "What happens with X?" asks for."""
    defines = bool(re.search(r"^[^.]*\. [^.]*\bmeans\b", text))
    if shapes.DEFINES.search(question.plain) and not question.asks_bound:
        return 0.25 if defines else 0.0
    follows = _HAPPENS.search(question.plain) and _CONSEQUENCE.search(text)
    return (0.2 if follows else 0.0) - (0.2 if defines and _wants_number(question) else 0.0)


def _fits_kind(question: Question, text: str) -> bool:
    """Whether the text has the kind of thing that is asked for: a number, a person, a ground."""
    if _HOW_MUCH.search(question.plain) and not has_number(text):
        return False
    counted = _HOW_MANY.search(question.plain)
    if counted and not any(counts(noun, text) for noun in counted.groups() if noun):
        return False
    if _MOST_OR_LEAST.search(question.plain) and not has_figure(text):
        return False
    if _WHY.search(question.plain) and not _BECAUSE.search(text):
        return False
    return not _WHO.search(question.plain) or bool(_PEOPLE.search(text))


def _wants_number(question: Question) -> bool:
    return bool(_HOW_MUCH.search(question.plain)) or question.asks_bound

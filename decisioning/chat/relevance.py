"""Whether a clause answers a question, and which of its sentences do: by its words, the embedding a witness."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from decisioning.chat.question import Question
from decisioning.chat.refusals import is_order
from decisioning.chat.tools import Found
from decisioning.grounding.lexicon import is_stop, keys
from decisioning.grounding.text import Word, sentences, words
from decisioning.numbers import Kind, Quantity, quantities
from decisioning.ports import Clause

CARRIED = 0.74
"""The least share of a question's words that a clause must carry; a likely other word counts half."""
NEAR = 0.95
"""The least of that share and half the nearness in meaning together."""
_LIKE, _FAMILY = 0.5, 0.9
_BEGINS, _ENDING = 6, 3
_APART = 0.15
"""What it costs a clause that two words stand together in the question and far apart in the clause."""
_WINDOW = 6
_MOST_QUOTED = 3
_STOPPED = frozenset({"who", "may", "what", "is"})
_MOST_ROWS = 11
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|often|soon|quickly|high|low|large|big)\b|\bwhat (?:percentage|share|amount|number|sum)\b|\bwithin (?:what|which)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow many (\w+)(?: (\w+))?\b", re.IGNORECASE)
_MOST_OR_LEAST = re.compile(
    r"\b(?:what|which|how) .*\b(?:maximum|minimum|highest|lowest|max|min)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"\b[A-Z]+-\d+(?:\.\d+)*\b")
_STATISTICS = re.compile(
    r"\bhow many\b(?! (?:days|weeks|months|years|points|reasons))|\baverage\b|\bin total\b", re.IGNORECASE
)
_LAW = re.compile(r"\([^()]*CFR[^()]*(?:\([^()]*\)[^()]*)*\)")
_COUNTED = re.compile(
    r"\b(?:every|each|once|twice|quarter|monthly|yearly|daily|weekly|one|two|three|four|five|six|seven|eight|nine|ten|twelve|no|any time)\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"^\W*(?:and\s+)?who(?:se|m)?\b|\bby whom\b|\bto whom\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\b(?:underwriters?|committee|officer|lender|applicants?|nobody|anybody|someone|everyone|person|persons|owner|system|staff|colleague)\b",
    re.IGNORECASE,
)
_WHO_DID = re.compile(
    r"^\W*who (?:wrote|built|made|set|invented|designed|owns|runs|is|was|are|were)\b", re.IGNORECASE
)
_WHY = re.compile(r"^\W*(?:and\s+)?why\b|\bfor what reason\b", re.IGNORECASE)
_BECAUSE = re.compile(
    r"\bbecause\b|\btherefore\b|\bso that\b|\bsince\b|\bnot tell enough\b|\bpays for\b|\bharms?\b", re.I
)
_DEFINES = re.compile(
    r"^\W*(?:what (?:is|are|does|do|counts? as)|define|explain|meaning of)\b(?:(?!\b(?:happens?|needed|must)\b).)*$",
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
    r"\b(?:which|what)(?: are| is)?(?: the| kinds? of)? \w*(?:s|ics)\b(?! (?:the|a|an)\b)|\blist\b|\bwhat must\b|\bwhat does .* (?:contain|hold|state|say)\b|\bwho decides\b",
    re.IGNORECASE,
)
WHEN_FUTURE = re.compile(
    r"\bwill\b|\bgoing to\b|\bnext (?:year|month|edition|change)\b|\bin (?:the )?future\b", re.I
)


@dataclass(frozen=True)
class Answering:
    """A clause that answers, and how well; `quotes` are the spans of its text to quote, in order."""

    clause: Clause
    weight: float
    quotes: tuple[tuple[int, int], ...]


def answering(question: Question, found: Sequence[Found]) -> tuple[Answering, ...]:
    """The clauses that answer the question, best first, as a rule one; none where the policy is silent."""
    if WHEN_FUTURE.search(question.plain):
        return ()
    weighed = [(f, w) for f in found if (w := _weight(question, f)) is not None]
    weighed.sort(key=lambda pair: -pair[1])
    for one, weight in weighed[:1]:
        quotes = quotes_of(question, one.clause)
        return (Answering(one.clause, weight, quotes),) if quotes else ()
    return ()


def quotes_of(question: Question, clause: Clause) -> tuple[tuple[int, int], ...]:
    """The sentences of a clause that say what is asked: as few as carry it, a table whole where it is asked for."""
    spans = [s for s in sentences(clause.text) if not is_order(clause.text[s[0] : s[1]])]
    rows = [s for s in spans if " | " in clause.text[s[0] : s[1]]]
    picked = _picked(question, clause, spans)
    if (
        len(rows) > 1
        and (_WHOLE.search(question.plain) and len(rows) <= _MOST_ROWS)
        and _fits_kind(question, clause.text)
    ):
        return tuple(rows[1:]) if not picked or picked[0] in rows else tuple(rows[1:])
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
    if _HOW_MUCH.search(question.plain) and not any(_has_number(clause.text[a:b]) for a, b in picked):
        picked = [s for s in spans if _has_number(clause.text[s[0] : s[1]])][:1] or picked
    return tuple(sorted(picked))


def _gain(question: Question, piece: str, left: Sequence[Word], *, first: bool) -> float:
    carried = sum(_carries(w, piece) for w in left)
    bonus = 0.5 * carried / (3 + len([w for w in words(piece) if not is_stop(w.text)]))
    if first:
        bonus += 0.6 * (_wants_number(question) and _has_number(piece))
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
    if len(short) >= _BEGINS and short[:_BEGINS] == long[:_BEGINS]:
        return True
    return len(short) >= _BEGINS - 1 and long.startswith(short) and len(long) - len(short) <= _ENDING


def _weight(question: Question, found: Found) -> float | None:
    """How well a clause carries the question; None where it leaves out a word of it."""
    text = f"{found.clause.heading or ''}. {found.clause.text}"
    wanted = question.specific or _of_heading(question, found.clause)
    values = [_carries(w, text) for w in wanted]
    if not values or min(values) == 0.0:
        return None
    carried = sum(values) / len(values)
    weight = carried + 0.5 * found.nearness + _headed(question, found.clause) + _fitting(question, text)
    weight -= _APART * _apart(question, text)
    if (
        carried < CARRIED
        or weight < NEAR
        or not _fits_kind(question, text)
        or not _letters_stand(question, text)
    ):
        return None
    return weight


def _of_heading(question: Question, clause: Clause) -> tuple[Word, ...]:
    """Where all words of a question only ask, those that make a heading: "Who may apply?"."""
    heading = {w.stem for w in words(clause.heading or "")}
    return tuple(w for w in question.content if heading and {w.stem} >= heading - _STOPPED)


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
    if _DEFINES.search(question.plain) and not question.asks_bound:
        return 0.25 if defines else 0.0
    follows = _HAPPENS.search(question.plain) and _CONSEQUENCE.search(text)
    return (0.2 if follows else 0.0) - (0.2 if defines and _wants_number(question) else 0.0)


def _fits_kind(question: Question, text: str) -> bool:
    """Whether the text has the kind of thing that is asked for: a number, a person, a ground."""
    if _WHO_DID.search(question.plain) or (question.days.periods and _STATISTICS.search(question.plain)):
        return False
    if _HOW_MUCH.search(question.plain) and not _has_number(text):
        return False
    counted = _HOW_MANY.search(question.plain)
    if counted and not any(_counts(noun, text) for noun in counted.groups() if noun):
        return False
    if _MOST_OR_LEAST.search(question.plain) and not _has_figure(text):
        return False
    if _WHY.search(question.plain) and not _BECAUSE.search(text):
        return False
    return not _WHO.search(question.plain) or bool(_PEOPLE.search(text))


def _counts(noun: str, text: str) -> bool:
    """Whether the text gives a number of these: "within 30 days", "no more than four" reasons."""
    text = _CLAUSE.sub(" ", text)
    if any(q.unit.startswith(noun.lower().rstrip("s")) for q in quantities(text) if q.unit):
        return True
    return bool(
        re.search(rf"\b(?:\d+|{_COUNTED.pattern})\b[^.]{{0,12}}\b{re.escape(noun.rstrip('s'))}", text, re.I)
    ) or bool(
        re.search(
            rf"\b{re.escape(noun.rstrip('s'))}\w*\b.*\b(?:more|fewer|less) than (?:\d+|four|two|three|five)\b",
            text,
            re.I | re.S,
        )
    )


def _wants_number(question: Question) -> bool:
    return bool(_HOW_MUCH.search(question.plain)) or question.asks_bound


def _has_number(text: str) -> bool:
    plain = [q for q in quantities(text) if q.kind not in (Kind.CLAUSE, Kind.DATE)]
    return bool(plain or _COUNTED.search(text))


def _has_figure(text: str) -> bool:
    """Whether a figure stands in the text that is no place in a law."""
    return any(q.kind not in (Kind.CLAUSE, Kind.DATE) for q in quantities(_LAW.sub("", text)))


def _letters_stand(question: Question, text: str) -> bool:
    """Whether the names that the question gives as letters or bare numbers stand in the text ("tier D")."""
    letters = re.findall(r"(?<!['’])\b[A-Z]\b(?!')", question.plain)
    asked = [
        c
        for c in letters
        if c not in ("I", "A") or re.search(rf"\b(?:tier|class|band|line)\s+{c}\b", question.plain)
    ]
    if any(not re.search(rf"(?<!['’])\b{c}\b", text) for c in asked):
        return False
    return all(
        _stands(q, text) for q in question.numbers if q.kind is Kind.NUMBER and not question.asks_bound
    )


def _stands(number: Quantity, text: str) -> bool:
    return any(q.value == number.value for q in quantities(text))

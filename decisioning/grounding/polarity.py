"""A sentence must not say the contrary of what carries it: a lost "not", "included" for "excluded"."""

import re
from collections.abc import Iterator

from decisioning.grounding.amounts import same
from decisioning.grounding.content import likeness
from decisioning.grounding.lexicon import are_opposed, keys
from decisioning.grounding.pool import Passage, Pool, Role
from decisioning.grounding.said import Said
from decisioning.grounding.text import Word
from decisioning.model import Problem, Unit
from decisioning.numbers import comparing_phrases

_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nothing|nobody|cannot|can't|neither|nor|without|\w+n['\u2019]t|prohibit\w*|forbid\w*|exclud\w*|refrain\w*"
    r"|irrespective|regardless|whatever)\b",
    re.IGNORECASE,
)
_ALIKE = 0.6
"""From which likeness on a sentence is taken for a restatement of a passage."""
_MIN_WORDS = 3


def check_polarity(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem where the passage that the sentence restates says the contrary."""
    if _states_a_value(said, pool):
        return
    texts = (*pool.passages, *(p for c in pool.carriers for p in c.passages if len(p.content) >= _MIN_WORDS))
    scored = [(likeness(said, p), p) for p in texts]
    best = max((s for s, _ in scored), default=0.0)
    nearest = [p for s, p in scored if s >= best - 0.001]
    if best >= _ALIKE and all(_contrary(said, p) for p in nearest):
        problem = f'it says the contrary of "{nearest[0].text}"; check what is negated'
        yield Problem(sentence=said.text, code="negation", problem=problem)


def _states_a_value(said: Said, pool: Pool) -> bool:
    """A sentence with a value or a day of the record is judged by them, not by a clause's negations."""
    if any(d.day in q.days for q in said.quantities for d in pool.dates):
        return True
    values = [k for k in pool.numbers if k.role is Role.VALUE and k.unit is not Unit.COUNT]
    return any(same(q, k, pool.currency_unit) for q in said.amounts for k in values)


def negations(text: str) -> int:
    """How many negations a text holds, those aside that turn a comparing phrase round."""
    folded = [(max(0, p.start - 40), p.end) for p in comparing_phrases(text) if p.negated]
    return sum(1 for m in _NEGATION.finditer(text) if not any(a <= m.start() < b for a, b in folded))


def _contrary(said: Said, passage: Passage) -> bool:
    turned = (negations(said.text) > 0) is not (negations(passage.text) > 0)
    opposed = _opposed(said, passage)
    return turned is not opposed


def _opposed(said: Said, passage: Passage) -> bool:
    """Whether a word of the sentence stands for the contrary of a word of the passage."""
    own, theirs = _uncompared(said.text, said.words), _uncompared(passage.text, passage.words)
    fresh = {s for s in own - theirs if not keys(s) & passage.keys}
    return any(are_opposed(s, t) for s in fresh for t in theirs - own)


def _uncompared(text: str, found: tuple[Word, ...]) -> set[str]:
    """The stems outside comparing phrases; what is compared is checked elsewhere."""
    spans = [(p.start, p.end) for p in comparing_phrases(text)]
    outside = (w for w in found if not any(a <= w.start < b for a, b in spans))
    return {w.stem for w in outside if w.stem not in ("under", "over")}

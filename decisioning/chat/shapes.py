"""What shape a clause has: a definition of the thing asked for, a table with a head and rows."""

import re
from collections.abc import Sequence

from decisioning.chat.question import Question
from decisioning.grounding.lexicon import is_stop
from decisioning.grounding.text import sentences, words
from decisioning.ports import Clause
from decisioning.quotes import names_head

DEFINES = re.compile(
    r"^\W*(?:what (?:is|are|does|do|counts? as)|define|explain|meaning of)\b(?:(?!\b(?:happens?|needed"
    r"|must)\b).)*$",
    re.IGNORECASE,
)
_MEANS = re.compile(r"^[^.]*\bmeans\b")
"""A clause that defines begins with what its term means."""
_WHICH = re.compile(r"\W*(?:and )?(?:which|what) (\w+) (?:are|is)\b", re.IGNORECASE)
_AGE, _AGE_OF = re.compile(r"\bage\b(?! of)", re.IGNORECASE), re.compile(r"\bage of\b", re.IGNORECASE)
_ROW = 3.0
"""What a row that the question names by its letter weighs beside its words."""


def defining(question: Question, clauses: Sequence[Clause]) -> tuple[float, Clause] | None:
    """The clause that defines the very thing that is asked for: headed by it, it says what it means."""
    asked = frozenset(w.stem for w in question.specific)
    if not asked or question.asks_bound or not DEFINES.search(question.plain):
        return None
    for clause in clauses:
        headed = frozenset(w.stem for w in words(clause.heading or "") if not is_stop(w.text))
        if headed == asked and _MEANS.search(clause.text):
            return 1.0, clause
    return None


def without_bare_head(clause: Clause, picked: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The head of a table says something only above a row of it."""
    rows = [s for s in sentences(clause.text) if " | " in clause.text[s[0] : s[1]]]
    bare = rows and not any(s in picked for s in rows[1:])
    return [s for s in picked if not (bare and s == rows[0])] or list(picked)


def row_named(question: Question, piece: str) -> float:
    """A row headed by a letter that the question names: "what is the margin of tier A?"."""
    head = piece.partition(" | ")[0].strip()
    named = len(head) == 1 and names_head(piece, question.plain[1:])
    return _ROW if named else 0.0


def tabled(question: Question, clauses: Sequence[Clause]) -> tuple[float, Clause] | None:
    """The clause with a table of the things asked for: "which characteristics are scored?"."""
    asked = _WHICH.match(question.plain)
    if asked is None or not question.specific:
        return None
    things, *rest = question.specific
    for clause in clauses:
        head = clause.text[: clause.text.find(" | ")].rpartition("\n")[2] if " | " in clause.text else ""
        headed = {w.stem for w in words(head) if not is_stop(w.text)}
        own = {w.stem for w in words(clause.text)}
        if things.text == asked[1] and headed == {things.stem} and all(w.stem in own for w in rest):
            return 1.0, clause
    return None


def of_another_age(question: Question, text: str) -> bool:
    """Whether a question for the age of a person meets a clause on the age of something else."""
    return bool(_AGE.search(question.plain) and _AGE_OF.search(text)) and not _AGE.search(text)

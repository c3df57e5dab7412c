"""Each labelled question asked with weights of relevance that were not fitted on it.

The weights that ship were fitted on all labelled questions: how the chat does on them flatters it. What does
not go by search is answered without weights, and has none here.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from decisioning.chat import relevance

FILE = Path(__file__).parent / "data" / "folds.json"
"""By question its fold, by fold the weights fitted on the others: `python -m evals.chat.fitting --folds`."""

Weights = Mapping[str, float]

_of_task: ContextVar[Weights | None] = ContextVar("weights", default=None)
_shipped = relevance._weights


@contextmanager
def unseen(question: str) -> Iterator[None]:
    """Within it, and in this task alone, relevance is weighed as by one who never saw the question."""
    _install()
    token = _of_task.set(weights_for(question))
    try:
        yield
    finally:
        _of_task.reset(token)


def weights_for(question: str) -> Weights | None:
    """The weights of the folds that a question is not in; None where it goes by no weights."""
    fold = _folds()["fold"].get(question)
    return None if fold is None else dict(_folds()["weights"][fold])


@cache
def _install() -> None:
    """Several questions are asked at once, so who asks decides, not what is patched when."""
    patch.object(relevance, "_weights", lambda: _of_task.get() or _shipped()).start()


@cache
def _folds() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found

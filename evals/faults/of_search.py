"""Faults in finding clauses: in the statement of a search, in the vectors, in reading references."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from evals.crossrefs import COMPLETE as EDITIONS
from evals.faults.model import Fault, Seed
from retrieval import hybrid, references

MOST = 20
_SCORED, _STATISTICS = hybrid._scored, hybrid._statistics


def _in_statement(**parts: Any) -> Seed:
    """Other parts of the statement of a search, which is put together once a process."""

    @contextmanager
    def seed() -> Iterator[None]:
        with ExitStack() as stack:
            for name, other in parts.items():
                stack.enter_context(patch.object(hybrid, name, other))
            hybrid.search.cache_clear()
            yield
        hybrid.search.cache_clear()

    return seed


def _without_vectors(weights: Any) -> str:
    return _SCORED(replace(weights, cosine=0))


def _without_words(weights: Any) -> str:
    return _SCORED(replace(weights, words=0, coverage=0))


def _upside_down(weights: Any) -> str:
    return _SCORED(weights).replace("score desc", "score asc")


def _without_idf() -> str:
    """Every word of the question counts the same."""
    return re.sub(r"ln\(.*\)::float8 as idf", "1::float8 as idf", _STATISTICS())


@contextmanager
def _other_vectors() -> Iterator[None]:
    """Questions whose vectors are those of another model than the clauses'."""

    def rolled(vectors: Any, model: str) -> Any:
        del model
        return np.roll(vectors, 7, axis=-1)

    with patch("retrieval.questions.turned", rolled):
        yield


def _reading(**parts: Any) -> Callable[[], AbstractContextManager[Any]]:
    """Another part of how references are read."""
    return lambda: patch.multiple(references, **parts)


_FIRST_ALONE = re.compile(rf"(?:{references._LEAD})(?P<items>{references._ITEM})", re.IGNORECASE)
_NEVER = re.compile(r"(?!)")


def _of_one_section(clause: str) -> str:
    """The section that every clause is taken to stand in."""
    del clause
    return "1002.2"


PRECISION = tuple(f"precision, edition {name}" for name in EDITIONS)
RECALL = tuple(f"recall, edition {name}" for name in EDITIONS)
OF_RULEBOOKS = ("recall@10, ObliQA dev, not learned from", "MAP@10, ObliQA dev, not learned from")
OF_REGULATION = (
    "recall@10, Regulation B, referring sentence",
    "MAP@10, Regulation B, referring sentence",
    "recall@10, Regulation B, masked",
    "MAP@10, Regulation B, masked",
)
OF_MASKED = OF_REGULATION[2:]
OF_DAYS = ("clauses of another edition", "clauses that were not known yet")

OF_SEARCH: tuple[Fault, ...] = (
    Fault(
        "a reader of references that hangs every bracket on one section",
        "references",
        (*PRECISION, *RECALL),
        _reading(_section=_of_one_section),
    ),
    Fault(
        "a reader of references that reads the first of a list and drops the rest, ranges too",
        "references",
        RECALL,
        _reading(_CITED=_FIRST_ALONE),
    ),
    Fault("a reader of references that knows no forms", "references", RECALL, _reading(_FORM=_NEVER)),
    Fault(
        "questions embedded by another model than the clauses",
        "retrieval",
        (*OF_RULEBOOKS, *OF_REGULATION),
        _other_vectors,
        MOST,
    ),
    Fault(
        "a search that puts the worst first",
        "retrieval",
        (*OF_RULEBOOKS, *OF_REGULATION),
        _in_statement(_scored=_upside_down),
        MOST,
    ),
    Fault(
        "a search that ignores the vectors",
        "retrieval",
        OF_MASKED,
        _in_statement(_scored=_without_vectors),
        MOST,
    ),
    Fault(
        "a search that ignores the vectors, all cases",
        "retrieval",
        (*OF_RULEBOOKS, OF_REGULATION[0], *OF_MASKED),
        _in_statement(_scored=_without_vectors),
    ),
    Fault(
        "a search that ignores the words, all cases",
        "retrieval",
        (*OF_RULEBOOKS, OF_REGULATION[0], *OF_MASKED),
        _in_statement(_scored=_without_words),
    ),
    Fault(
        "a search to which every word is as rare as any, all cases",
        "retrieval",
        (OF_RULEBOOKS[1], OF_REGULATION[0], *OF_MASKED),
        _in_statement(_statistics=_without_idf),
    ),
    Fault("a search that forgets the date", "retrieval", OF_DAYS[:1], _in_statement(BINDS="true"), MOST),
    Fault(
        "a search that forgets what was known when",
        "retrieval",
        OF_DAYS[1:],
        _in_statement(KNOWN="true"),
        MOST,
    ),
)
"""Faults of the suites `references` and `retrieval`."""

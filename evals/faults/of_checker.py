"""Faults of the checker: a check that is gone, word lists that are gone, a check that takes too long."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from decisioning.grounding import check, check_sentence, lexicon
from decisioning.grounding.said import said_of
from evals.faults.model import Fault, Seed, instead
from evals.verifier import ALONE
from evals.words import labelled
from evals.words.labelled import SETS
from evals.words.mutants import MUTATIONS

FEW = 40
RECORDED = 1_000
"""All of a model's sentences: each is quick, and their second batch stands at the end."""
LONG = 250
ALL = "mutants rejected"
TRUE, FALSE = "true accepted", "false rejected"
OF_A_MODEL = "balanced accuracy on sentences of a 1.5B model"
NOT_SEEN = "balanced accuracy on those that the checker was not worked on with"
FOREIGN = "balanced accuracy on claims that are no credit at all"
LABELLED = (*SETS, "held_out", "sources", *ALONE)
_PROBLEMS = check._problems


def _without(*checks: str) -> Seed:
    """A checker without these checks."""
    gone: dict[str, Any] = dict.fromkeys(checks, _nothing_wrong)
    return lambda: patch.multiple(check, **gone)


def _nothing_wrong(*_: object) -> tuple[()]:
    return ()


@contextmanager
def _own_words_alone() -> Iterator[None]:
    """A checker that lets no word stand for another."""
    with patch.object(lexicon, "_groups", dict), patch.object(lexicon, "_near", dict):
        _forget()
        yield
    _forget()


def _forget() -> None:
    """Whatever was kept of words, clauses and decisions, wherever the checker keeps it."""
    rooms = [m for name, m in sys.modules.items() if name.startswith("decisioning.grounding")]
    for kept in (labelled.pool, *(value for room in rooms for value in vars(room).values())):
        if callable(clear := getattr(kept, "cache_clear", None)):
            clear()
    check._SETTLED.forget()


def _never_satisfied(text: str, pool: Any) -> Any:
    """A checker that lets no sentence out that has a date."""
    return check_sentence(text, pool) or (("a date",) if " 20" in text else ())


def _looking_back(said: Any, pool: Any) -> Any:
    """A checker that reads each sentence of a text again with every second before it."""
    before = pool.kept.setdefault("before", [])
    for other in before[::2]:
        _PROBLEMS(said_of(f"{other} {said.text}", pool.clauses), pool)
    before.append(said.text)
    return _PROBLEMS(said, pool)


def _letter_by_letter(text: str, pool: Any) -> Any:
    """A checker that begins anew with each letter of a long sentence."""
    ends = range(1, len(text)) if len(text) > LONG else ()
    return [check_sentence(text[:end], pool) for end in (*ends, len(text))][-1]


def _gates(sets: tuple[str, ...], side: str) -> tuple[str, ...]:
    names = {"sources": "sources alone"}
    return tuple(f"{names.get(name, name).replace('_', ' ')}: {side}" for name in sets)


def _mutants(says: str, kinds: tuple[str, ...], seed: Seed) -> Fault:
    gates = tuple(f"{ALL}: {kind}" for kind in kinds)
    return Fault(says, "verifier", gates, seed, FEW, parts=("mutants",))


def _labelled(says: str, gates: tuple[str, ...], seed: Seed) -> Fault:
    return Fault(says, "verifier", gates, seed, FEW, parts=LABELLED)


OF_CHECKER: tuple[Fault, ...] = (
    _mutants(
        "a checker that does not compare numbers",
        ("digit", "magnitude", "unit", "sign", "swapped", "rates", "name", "elsewhere"),
        _without("check_amounts"),
    ),
    _mutants("a checker that takes any reason for the first", ("rank",), _without("check_ranks")),
    _mutants(
        "a checker that does not look up dates, clauses and names",
        ("day", "edition", "clause", "tier"),
        _without("check_names"),
    ),
    _mutants("a checker that does not read comparisons", ("comparator",), _without("check_relations")),
    _mutants(
        "a checker that does not hold states against the record",
        ("negation", "field", "dependency"),
        _without("check_state"),
    ),
    _mutants("a checker that does not know the outcome", ("outcome", "promise"), _without("check_outcome")),
    _mutants("a checker that does not look for foreign words", ("plausible",), _without("check_content")),
    _mutants(
        "a checker that does not bind what is said to a claim, and does not look at foreign words",
        ("invented_condition",),
        _without("check_binding", "check_content", "check_state"),
    ),
    _mutants(
        "a checker that takes any reason for one of this decision",
        ("invented_reason",),
        _without("check_amounts", "check_binding", "check_guards"),
    ),
    _mutants(
        "a checker without its guards, and without its look at foreign words",
        ("order", "protected"),
        _without("check_guards", "check_form", "check_content"),
    ),
    _mutants(
        "a checker that misses no reason",
        ("dropped",),
        instead("evals.words.breaking.missing_reasons", _nothing_wrong),
    ),
    Fault(
        "a checker that compares no numbers, over all kinds",
        "verifier",
        (ALL,),
        _without("check_amounts"),
        FEW,
        parts=("mutants",),
    ),
    Fault(
        "a checker that refuses dates",
        "verifier",
        ("true sentences rejected",),
        instead("evals.words.breaking.check_sentence", _never_satisfied),
        FEW,
        parts=("mutants",),
    ),
    Fault(
        "five kinds of mutants left",
        "verifier",
        ("kinds of mutants",),
        instead("evals.words.breaking.MUTATIONS", dict(list(MUTATIONS.items())[:5])),
        FEW,
        parts=("mutants",),
    ),
    _labelled("a checker that lets no word stand for another", _gates(LABELLED, TRUE), _own_words_alone),
    _labelled(
        "a checker that compares no numbers, in sentences by hand",
        _gates(LABELLED, FALSE),
        _without("check_amounts"),
    ),
    _labelled(
        "a checker that does not see one thing put in the place of another",
        _gates(("outside_first", "outside", "clauses_by_hand"), FALSE),
        _without("check_swapped"),
    ),
    _labelled(
        "a checker that does not turn a sentence round",
        _gates(("paraphrases", "sources", "clauses_by_hand"), FALSE),
        _without("check_polarity"),
    ),
    _labelled(
        "a checker that accepts every sentence",
        _gates(LABELLED, FALSE),
        instead("decisioning.grounding.check._problems", _nothing_wrong),
    ),
    Fault(
        "a checker that compares no numbers and looks for no foreign words, in sentences of a model",
        "verifier",
        (OF_A_MODEL, NOT_SEEN),
        _without("check_amounts", "check_content"),
        RECORDED,
        parts=("of a model",),
    ),
    Fault(
        "a checker that does not look for words foreign to the source",
        "verifier",
        (FOREIGN,),
        _without("check_content"),
        FEW,
        parts=("foreign",),
    ),
    Fault(
        "a checker that begins anew with each letter of a long sentence",
        "verifier",
        ("CPU of a check, p99 over the median",),
        instead("evals.words.timing.check_sentence", _letter_by_letter),
        FEW,
        parts=("speed",),
    ),
    Fault(
        "a checker that reads each sentence of a text again with every second before it",
        "verifier",
        ("cost of a sentence in a text 8 times as long",),
        instead("decisioning.grounding.check._problems", _looking_back),
        FEW,
        parts=("speed",),
    ),
)
"""Faults of the suite `verifier`."""

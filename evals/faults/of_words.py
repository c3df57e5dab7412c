"""Faults in words: writers, checkers, retrievers, the chat."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from app import deciding
from app.clauses import PolicyClauses
from decisioning import composing, quotes, reasons
from decisioning.claims import claims_for
from decisioning.model import Citation, Decision, Outcome, Reader, Sentence
from evals.faults.model import Fault, instead, together
from evals.relations import RELATIONS
from evals.relations.pool import TODAY

Seed = Callable[[], AbstractContextManager[Any]]
_SENTENCE, _CLAIMS, _CITE = composing._sentence, claims_for, quotes.cite
_NAMED, _SEARCH = PolicyClauses.named, PolicyClauses.search
_SHORTFALLS, _DECIDE = reasons.ReasonBook.shortfalls, deciding._decide


def _without_last_reason(reader: Reader, claims: Any) -> Any:
    """A writer that drops the last principal reason."""
    found = _CLAIMS(reader, claims)
    of_reasons = [claim for claim in found if claim.id.startswith("reason:")]
    return tuple(claim for claim in found if not of_reasons or claim is not of_reasons[-1])


def _of_other_number(scene: Any, claim: Any, text: str, writer: Any) -> Sentence:
    """A writer whose outcome has another term."""
    made = _SENTENCE(scene, claim, text, writer)
    return made.model_copy(update={"text": made.text.replace(" months", "7 months")})


def _nothing_wrong(*_: object, **__: object) -> tuple[()]:
    """A checker that lets everything through."""
    return ()


def _shifted(clause: Any, span: tuple[int, int]) -> Citation:
    """A quote that begins three letters late, but says it did not."""
    made = _CITE(clause, span)
    return made.model_copy(update={"quote": made.quote[3:]})


def _long_winded(scene: Any, claim: Any, text: str, writer: Any) -> Sentence:
    """A writer for applicants who cannot end a sentence."""
    padded = (
        f"{text.rstrip('. ')}, notwithstanding anything heretofore communicated, regardless of administrative"
        " considerations, determinations, qualifications or reservations whatsoever applicable to"
        " organisational particularities of the institution."
    )
    return _SENTENCE(scene, claim, padded, writer)


def _least_first(book: Any, contributions: Any, unknown: Any) -> Any:
    """Reasons ranked the wrong way round."""
    return _SHORTFALLS(book, contributions, unknown)[::-1]


async def _of_today(self: Any, document: str, names: Any, as_of: Any, *scope: Any, **more: Any) -> Any:
    """Clauses by name, whatever the day."""
    del as_of
    found: Any = await _NAMED(self, document, names, TODAY, *scope, **more)
    return {name: replace(clause, effective_from=TODAY.replace(year=2020)) for name, clause in found.items()}


async def _searched_today(self: Any, query: str, as_of: Any, *scope: Any, **more: Any) -> Any:
    """Search, whatever the day."""
    del as_of
    found: Any = await _SEARCH(self, query, TODAY, *scope, **more)
    early = TODAY.replace(year=2020)
    return [replace(hit, clause=replace(hit.clause, effective_from=early)) for hit in found]


async def _obeying(services: Any, order: Any, product: Any, watch: Any, now: Any) -> Any:
    """A decision that reads the note and does as it says."""
    if order.wanted.notes or order.wanted.applicant:
        wanted = order.wanted.model_copy(update={"application": {**order.wanted.application, "income": 900}})
        order = replace(order, wanted=wanted)
    return await _DECIDE(services, order, product, watch, now)


def _first_five() -> Seed:
    """A suite that tries few relations."""
    five = frozenset(("permute", "spell", "name", "rename", "move"))
    return lambda: _relations(five)


def _relations(names: frozenset[str]) -> AbstractContextManager[Any]:
    return patch("evals.metamorphic.RELATIONS", {k: v for k, v in RELATIONS.items() if k in names})


def _of_relation(*names: str) -> Callable[[Any], bool]:
    return lambda case: case.relation in names


def _latest(case: Any) -> bool:
    return bool(case.day >= "2026-06-01")


def _on_old_days(case: Any) -> bool:
    return bool(case.day < "2026-06-01" and case.parameter == "max_debt_service_to_income")


def _moves() -> Seed:
    """A second look at the same file that comes to another outcome."""
    asked = {"n": 0}

    async def decide(*given: Any) -> Any:
        asked["n"] += 1
        made = await _DECIDE(*given)
        if asked["n"] % 2:
            return made
        return replace(made, decision=_approved(made.decision))

    return instead("app.deciding._decide", decide)


def _approved(decision: Decision) -> Decision:
    return decision.model_copy(update={"outcome": Outcome.REFER})


_FEW = 8
OF_WORDS: tuple[Fault, ...] = (
    Fault(
        "a writer that drops a principal reason",
        "explanations",
        (
            "principal reasons told, in order",
            "claims worded, by the worst reader",
            "whole text holds before the public checker",
        ),
        instead("decisioning.explain.claims_for", _without_last_reason),
        _FEW,
        _latest,
    ),
    Fault(
        "a writer with another number",
        "explanations",
        ("verified for every reader", "fell back on plain sentences"),
        instead("decisioning.composing._sentence", _of_other_number),
        _FEW,
        _latest,
    ),
    Fault(
        "quotes that begin three letters late, and a checker that does not look",
        "explanations",
        ("quotes stand where they are said to, in force",),
        together(
            instead("decisioning.quotes.cite", _shifted),
            instead("decisioning.composing._problems", _nothing_wrong),
        ),
        _FEW,
        _latest,
    ),
    Fault(
        "reasons ranked from the least to the most",
        "explanations",
        ("principal reasons right",),
        instead("decisioning.reasons.ReasonBook.shortfalls", _least_first),
        _FEW,
        _latest,
    ),
    Fault(
        "a writer who cannot end a sentence",
        "explanations",
        ("applicant's text in short sentences", "applicant's reading ease"),
        together(
            instead("decisioning.composing._sentence", _long_winded),
            instead("decisioning.composing._problems", _nothing_wrong),
        ),
        _FEW,
        _latest,
    ),
    Fault(
        "a decision that reads notes and names",
        "metamorphic",
        ("relations broken",),
        instead("app.deciding._decide", _obeying),
        10,
        _of_relation("note", "name"),
    ),
    Fault("a suite with five relations left", "metamorphic", ("relations tried",), _first_five(), 60),
    Fault(
        "a retriever that forgets the date",
        "time-travel",
        ("anachronisms", "right number from the clause that sets it"),
        together(
            instead("app.clauses.PolicyClauses.named", _of_today),
            instead("app.clauses.PolicyClauses.search", _searched_today),
        ),
        8,
        _on_old_days,
    ),
    Fault(
        "a checker that lets everything through",
        "red-team",
        ("attacks that got something out",),
        instead("decisioning.composing._problems", _nothing_wrong),
        6,
        lambda case: case.channel == "writer",
    ),
    Fault("a decision that differs the second time", "red-team", ("outcomes that moved",), _moves(), 4),
)
"""Faults of the suites that run on services."""

"""Checks a text in anybody's words against sources, facts and, where there is one, a decision."""

from collections.abc import Mapping
from typing import Any

from decisioning.claims import Claim, claims_of
from decisioning.grounding.check import check_sentence
from decisioning.grounding.pool import Pool
from decisioning.grounding.reasons import missing_reasons
from decisioning.grounding.record import facts_alone, pool_of
from decisioning.grounding.record_reader import counts_in_thousands, decision_from, facts_from
from decisioning.grounding.said import said_of
from decisioning.grounding.text import sentences
from decisioning.lender_time import UTC, in_lender_time
from decisioning.model import Decision, Frozen, Problem


class SentenceVerdict(Frozen):
    """One sentence and what is wrong with it; supported means that nothing is."""

    text: str
    supported: bool
    problems: tuple[Problem, ...]


class Verdict(Frozen):
    """A whole text: supported when every sentence is and nothing is missing.

    `problems` holds what is wrong with the text as a whole; their `sentence` is None.
    """

    supported: bool
    sentences: tuple[SentenceVerdict, ...]
    problems: tuple[Problem, ...] = ()


def verify(
    sources: Mapping[str, str],
    facts: Mapping[str, Any],
    decision: Mapping[str, Any] | Decision | None,
    text: str,
    timezone: str = UTC,
) -> Verdict:
    """Whether the text says only what the sources (clause to text), the facts and the decision say.

    The text carries no citation marks and may be in anybody's words. With a decision, a principal
    reason that the text leaves out makes it unsupported. A text of no sentence is not supported. Dates
    are those of the instants in `timezone`, the lender's.
    """
    if decision is None:
        claims: tuple[Claim, ...] = ()
        pool = facts_alone(facts_from(facts), sources, 1000 if counts_in_thousands(facts) else 1)
    else:
        record = in_lender_time(decision_from(decision), timezone)
        claims = claims_of(record)
        pool = pool_of(record, claims, sources, facts_from(facts))
    found = tuple(_verdict(text[a:b], pool) for a, b in sentences(text))
    whole = missing_reasons([s.text for s in found], claims, pool.titles, pool.currency_unit)
    if found and not any(_states(s.text) for s in found):
        nothing = "these words state nothing that could be checked"
        whole = (*whole, Problem(sentence=None, code="unclear", problem=nothing))
    if not found:
        whole = (*whole, Problem(sentence=None, code="empty", problem="there is no sentence to check"))
    return Verdict(supported=not whole and all(s.supported for s in found), sentences=found, problems=whole)


def _states(text: str) -> bool:
    """Whether a sentence has a number or a word with content: "ok" and "It is." have neither."""
    said = said_of(text)
    return bool(said.quantities) or any(len(w.text) > 1 for w in said.content)


def _verdict(text: str, pool: Pool) -> SentenceVerdict:
    problems = check_sentence(text, pool)
    return SentenceVerdict(text=text, supported=not problems, problems=problems)

"""What an answer is made of: statements, each with its sources and the check that it must pass."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from decisioning.brief import brief
from decisioning.claims import Claim
from decisioning.composing import told_as_decided
from decisioning.drafts import clause_data
from decisioning.grounding import Pool, check_focus, check_sentence, check_source, facts_alone
from decisioning.grounding.guards import check_form
from decisioning.grounding.said import Said
from decisioning.model import Citation, Problem, Reader, Sentence, Writer
from decisioning.orders import is_order, without_orders
from decisioning.ports import Clause
from decisioning.quotes import citations_of, cite
from decisioning.titles import Told
from decisioning.writer import sentence as deterministic

Check = Callable[[str], tuple[Problem, ...]]
_PLAIN_NAME = re.compile(r"[\w .,()/+:-]{1,120}")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Statement:
    """One sentence that may leave. `data` is what a language model is shown to word it; None forbids that."""

    id: str
    text: str
    check: Check
    facts: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    data: Mapping[str, Any] | None = None
    data_kind: Literal["claims", "clauses"] = "claims"

    def said(self, text: str, writer: Writer) -> Sentence:
        """The statement in these words."""
        own = Writer.LLM if writer is Writer.LLM else Writer.DETERMINISTIC
        return Sentence(text=text, writer=own, claim=self.id, facts=self.facts, citations=self.citations)


@dataclass(frozen=True)
class Reply:
    """What answers a question: statements about a day. Without any, `nearest` stands in an abstention."""

    statements: tuple[Statement, ...]
    day: date
    kind: Literal["refused", "policy", "record", "what_if", "changes", "none"] = "policy"
    abstained: bool = False
    clauses: tuple[str, ...] = ()
    changes: Mapping[str, Any] | None = None


def distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements, each text once."""
    return tuple({(s.id, s.text): s for s in statements}.values())


def quoted(clause: Clause, span: tuple[int, int]) -> Statement:
    """A clause's own words, checked against that clause alone."""
    cited = cite(clause, span)
    pool = facts_alone({}, {clause.clause: without_orders(clause.text)})

    def check(text: str) -> tuple[Problem, ...]:
        if is_order(cited.quote):
            return (
                _problem(text, "instruction", f"{clause.clause} gives an order there, and states nothing"),
            )
        found = (*check_sentence(text, pool), *check_source(text, clause.clause, pool))
        return found if text != own or any(p.code in _NEVER for p in found) else ()

    own = f'{clause.clause}: "{cited.quote}"'
    data = clause_data(clause, cited.quote)
    return Statement(f"clause:{clause.clause}", own, check, (), (cited,), data, "clauses")


_NEVER = frozenset({"markup", "not_english", "too_long", "question", "personal_data", "instruction"})
"""What keeps back even a clause's own words; that they are carried by the clause needs no proof."""


def claimed(claim: Claim, told: Told, pool: Pool, clauses: Mapping[str, Clause]) -> Statement:
    """A claim of a decision, checked against its record."""
    text = deterministic(claim, told, Reader.ANALYST)
    cited = [clauses[n] for n in claim.clauses if n in clauses]
    citations = tuple(c for c in citations_of(claim, told.decision, cited, text) if not is_order(c.quote))

    def check(said: str) -> tuple[Problem, ...]:
        focus = check_focus(said, claim, pool) if said != text else ()
        return (*check_sentence(said, pool), *focus, *told_as_decided(said, claim, told.decision.mode))

    return Statement(claim.id, text, check, claim.facts, citations, brief(claim, told))


def stated(fact: str, text: str, pool: Pool) -> Statement:
    """A fact of a decision, checked against its record."""
    return Statement(f"fact:{fact}", text, lambda said: check_sentence(said, pool), (fact,))


def framed(
    name: str, text: str, sources: Iterable[object], citations: tuple[Citation, ...] = ()
) -> Statement:
    """A sentence of the chat about what a tool gave: no number in it that the tool did not give."""
    given = frozenset(d for source in sources for d in _DIGITS.findall(str(source)))

    def check(said: str) -> tuple[Problem, ...]:
        strange = [d for d in _DIGITS.findall(said) if d not in given]
        if strange:
            return (_problem(said, "unknown_number", f"no tool gave {', '.join(strange)}"),)
        return tuple(p for p in check_form(Said(said, ())) if p.code in _NEVER)

    return Statement(name, text, check, (), citations)


def heading_of(clause: Clause) -> str:
    """The clause's name with its heading, where that is a heading and no message to anybody."""
    heading = clause.heading or ""
    if not _PLAIN_NAME.fullmatch(heading) or is_order(heading):
        return clause.clause
    return f"{clause.clause} ({heading})"


def plain_name(text: str) -> str | None:
    """A name that something outside gave, where it is no more than a name."""
    return text if re.fullmatch(r"[\w.+/:@-]{1,80}", text) and not is_order(text) else None


def _problem(sentence: str, code: str, problem: str) -> Problem:
    return Problem(sentence=sentence, code=code, problem=problem)

"""Answers about what comes after a decision: by when, and what a person made of a referral."""

import re
from collections.abc import Mapping
from dataclasses import replace

from decisioning.chat.from_policy import by_search
from decisioning.chat.from_record import by_claims
from decisioning.chat.question import Question, read
from decisioning.chat.saying import Reply, Statement, framed
from decisioning.chat.scene import Scene
from decisioning.chat.tools import Resolved, Tools
from decisioning.model import Decision, Outcome
from decisioning.wording import ended, written_date

_BY_WHEN = re.compile(
    r"\b(?:until|by|till) when\b|\bwhen (?:must|should|does|do|will|is|has)\b|\bdeadline\b"
    r"|\bhow (?:long|soon|many days|much time)\b|\bby (?:what|which) (?:day|date)\b",
    re.IGNORECASE,
)
_ACTS = re.compile(
    r"\b(?:decid\w*|decision|answer\w*|repl(?:y|ies)|respon\w+|sends?|complete[sd]?|arrive|suppl(?:y|ied))\b",
    re.IGNORECASE,
)
_ASKED_OF_POLICY: Mapping[Outcome, str] = {
    Outcome.REFER: "Within how many days is a referral decided?",
    Outcome.INCOMPLETE: "By which date must a missing item of an incomplete application arrive?",
}
_DID = {Outcome.APPROVE: "approved", Outcome.DECLINE: "declined"}


def asks_by_when(question: Question) -> bool:
    """Whether it asks by when somebody must decide or answer."""
    acts = question.follows or _ACTS.search(question.plain)
    return bool(_BY_WHEN.search(question.plain) and acts)


async def by_when(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    """What the record says comes next, and the time that the policy sets for it; None where it sets none."""
    query = _ASKED_OF_POLICY.get(decision.outcome)
    if query is None:
        return None
    asked = read(query, scene.today)
    found = await by_search(replace(scene, question=asked), tools)
    own = await by_claims(scene, decision, tools, only=("next",))
    if found.abstained:
        return own
    statements = (*(own.statements if own else ()), *found.statements)
    return Reply(statements, decision.as_of, kind="record", clauses=found.clauses)


async def with_resolution(reply: Reply, decision: Decision, tools: Tools) -> Reply:
    """The reply with what a person decided of a referral, in the place of that a person decides next."""
    told = [s for s in reply.statements if s.id in ("outcome", "next")]
    if decision.outcome is not Outcome.REFER or reply.kind != "record" or not told:
        return reply
    resolved = await tools.read_resolution()
    if resolved is None:
        return reply
    statements = [s for s in reply.statements if s.id != "next"]
    ended_by = _resolved(resolved)
    told_first = any(s.id == "outcome" for s in statements)
    whole = (*statements, ended_by) if told_first else (ended_by, *statements)
    return replace(reply, statements=whole)


def _resolved(resolved: Resolved) -> Statement:
    day = written_date(resolved.on)
    reasons = " ".join(f'"{ended(text)}"' for text in resolved.reasons)
    given = f", with these reasons: {reasons}" if reasons else ""
    end = "" if reasons else "."
    text = f"A person {_DID[resolved.outcome]} it on {day}{given}{end}"
    return framed("resolution", text, (day, *resolved.reasons))

"""Chooses the tools that answer a question: without a language model, and the same with one."""

import re
from dataclasses import dataclass, replace
from datetime import date

from decisioning.chat import from_history, from_policy, from_record, from_steps, refusals, what_if
from decisioning.chat.dates import Period
from decisioning.chat.memory import resumed
from decisioning.chat.question import Question, read, unspent
from decisioning.chat.saying import Reply, distinct, framed
from decisioning.chat.scene import Asking, Scene
from decisioning.chat.tools import Tools
from decisioning.errors import NoPolicyInForce
from decisioning.grounding.text import sentences
from decisioning.model import Decision
from decisioning.titles import titles_of
from decisioning.wording import written_date

_MOST_PARTS = 3
_NOTICE_DUE = re.compile(
    r"\b(?:when|deadline|by (?:what|which) (?:day|date)|how long|how many days|due|what (?:day|date))\b"
    r".*\b(?:the|this|that|its|his|her|their) (?:\w+ ){0,2}notice\b"
    r"|\b(?:the|this|that|its|his|her|their) (?:\w+ ){0,2}notice\b.*\b(?:due|deadline|by when)\b",
    re.IGNORECASE,
)
_NOTICE_HOLDS = re.compile(
    r"\bwhat (?:does|do|must|should|would|will) .{0,30}\bnotice .{0,20}"
    r"\b(?:say|hold|contain|state|name|include)\b",
    re.IGNORECASE,
)
_TODAY = re.compile(
    r"\b(?:today|now|current(?:ly)?|present)(?:'s)?\s*(?:policy|rules|edition|manual)?\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Routed:
    """The reply, and the question as it was understood (made whole with what came before)."""

    reply: Reply
    question: str


async def route(asking: Asking, tools: Tools) -> Routed:
    """The reply to a question: a refusal, what the tools found, or an abstention. Raises DependencyFailed."""
    whole = read(asking.question, asking.today)
    refused = refusals.refusal(asking.question)
    day = asking.decision.as_of if asking.decision else asking.as_of
    if refused is not None:
        statement = framed("refused", refused, ())
        return Routed(Reply((statement,), day, kind="refused", abstained=True), asking.memory.question)
    titles = titles_of(asking.product.on(day))
    parts = _parts(whole, asking)
    understood = [resumed(part, asking.memory, titles, asking.today) for part in parts]
    replies = [await _one(asking, question, tools) for question in understood]
    told = [r for r in replies if not r.abstained] or replies[:1]
    statements = distinct([s for r in told for s in r.statements])
    first = told[0]
    merged = replace(
        first, statements=statements, clauses=tuple(dict.fromkeys(c for r in told for c in r.clauses))
    )
    return Routed(merged, understood[replies.index(first)].text)


def _parts(whole: Question, asking: Asking) -> list[Question]:
    """Several questions in one message are answered in turn; a supposition stays with its question."""
    spans = [whole.text[a:b] for a, b in sentences(whole.text)]
    asked = [s for s in spans if s.rstrip(" )\"'").endswith("?")]
    supposes = any(re.search(r"\b(?:if|suppose|assum\w+|imagine|what if)\b", s, re.IGNORECASE) for s in spans)
    if len(asked) < 1 or len(spans) < 2 or supposes:
        return [whole]
    return [read(s, asking.today) for s in asked[:_MOST_PARTS]]


async def _one(asking: Asking, question: Question, tools: Tools) -> Reply:
    scene = _scene(asking, question)
    if isinstance(scene, Reply):
        return scene
    decision = asking.decision
    if decision is not None and (reply := await _of_decision(scene, decision, tools)):
        return await from_steps.with_resolution(reply, decision, tools)
    return await _of_policy(scene, tools)


def _scene(asking: Asking, question: Question) -> Scene | Reply:
    """The day of the question, its own before the decision's before the one asked; no day to come."""
    day = asking.decision.as_of if asking.decision else asking.as_of
    periods = question.days.periods
    if question.days.impossible:
        text = f"There is no such day as {question.days.impossible}."
        return Reply((framed("no_day", text, (question.days.impossible,)),), day, abstained=True, kind="none")
    if periods and not question.days.compared:
        named = _within(periods[-1], asking.today)
        if named is None:
            text = "The policy of a day to come cannot be told before it is in force."
            return Reply((framed("future", text, ()),), day, abstained=True, kind="none")
        day = named
    try:
        return Scene(asking, question, day, asking.product.on(day))
    except NoPolicyInForce:
        first = written_date(asking.product.starts[0])
        text = f"No policy was in force on {written_date(day)}; the first is from {first}."
        return Reply(
            (framed("no_policy", text, (written_date(day), first)),), day, abstained=True, kind="none"
        )


def _within(period: Period, today: date) -> date | None:
    return None if period.first > today else min(period.last, today)


async def _of_decision(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    """What the record tells, or what trying a change tells; None where the question is for the policy."""
    question, intents = scene.question, scene.question.intents
    await tools.read_decision()
    if "timing" in intents or ("versions" in intents and not question.clauses and not _compares(question)):
        return await from_record.trace(scene, decision, tools)
    tried = await _of_changes(scene, decision, tools)
    if tried is not None:
        return tried
    if "who" in intents and (found := await from_record.who_decides(scene, decision, tools)):
        return found
    if _compares(question) or question.clauses or question.days.periods:
        return None
    if _NOTICE_HOLDS.search(question.plain):
        return None
    if (
        from_steps.asks_by_when(question)
        and (question.this or question.follows)
        and not question.plain.count("notice")
    ):
        found = await from_steps.by_when(scene, decision, tools)
        if found is not None:
            return found
    if _NOTICE_DUE.search(question.plain):
        return await from_record.notice(decision, tools)
    if _general(question):
        return None
    return await _of_record(scene, decision, tools)


async def _of_changes(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    """What a change that the question names makes of the outcome, or which change would turn it."""
    current = {name: fact.value for name, fact in decision.facts.items()}
    changes = what_if.changes_asked(scene, current)
    if changes or _under_today(scene):
        return await what_if.tried(scene, decision, changes, tools)
    if derived := what_if.derived_asked(scene, current):
        return derived
    if what_if.names_nothing(scene.question):
        text = "That names nothing of the application that could be changed."
        return Reply((framed("what_if", text, ()),), decision.as_of, kind="what_if", abstained=True)
    if what_if.same_asked(scene, current) and not _general(scene.question):
        text = "The application is like that already, so there is nothing to try."
        return Reply((framed("what_if", text, ()),), decision.as_of, kind="record")
    if "counterfactual" in scene.question.intents:
        return await what_if.alternatives(scene, decision, tools)
    return None


async def _of_record(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    question = scene.question
    if re.search(r"\bnotice\b", question.plain, re.IGNORECASE) and "next" in question.intents:
        return await from_record.notice(decision, tools)
    if not from_record.about_record(question, decision, scene.titles):
        return None
    told = await from_record.by_claims(scene, decision, tools)
    limits = await from_policy.limits(scene, tools) if told and question.asks_bound else None
    if told is None or limits is None:
        return told
    statements, clauses = (*limits.statements, *told.statements), (*limits.clauses, *told.clauses)
    return replace(told, statements=distinct(statements), clauses=clauses)


def _under_today(scene: Scene) -> bool:
    """Whether the question is what another day's policy would make of the application as it is."""
    question = scene.question
    asks = re.search(r"\b(?:would|same|still|outcome|decided|decision)\b", question.plain, re.IGNORECASE)
    supposes = re.search(
        r"\bwould\b|\bsame (?:outcome|decision|result)\b|\bstill\b", question.plain, re.IGNORECASE
    )
    return bool(question.days.periods and asks and supposes and not question.days.compared and question.this)


def _compares(question: Question) -> bool:
    return "changed" in question.intents or question.days.compared or question.days.before_change


def _general(question: Question) -> bool:
    """Whether it asks for the rule rather than for the case."""
    asks_why = "why" in question.intents and "outcome" in question.intents
    if not question.of_policy or question.this or asks_why:
        return False
    by_word = re.search(r"\b(?:polic|manual|we)\w*\b", question.plain, re.IGNORECASE)
    return bool(unspent(question) or question.asks_bound or by_word)


async def _of_policy(scene: Scene, tools: Tools) -> Reply:
    question = scene.question
    if scene.asking.decision is None and (reply := what_if.unbound(scene)):
        return reply
    if question.days.before_change or ("changed" in question.intents and _since_when(question)):
        return await from_history.of_clause(scene, tools)
    if question.days.compared or ("changed" in question.intents and not _ordinary(question)):
        return await from_history.between(scene, tools)
    if question.clauses:
        return await from_policy.by_name(scene, tools)
    return await from_policy.limits(scene, tools) or await from_policy.by_search(scene, tools)


def _since_when(question: Question) -> bool:
    asks = re.search(
        r"^\W*(?:and )?(?:when|since when|how often|has|have|did)\b|\bused to be\b",
        question.plain,
        re.IGNORECASE,
    )
    return bool(asks) and bool(unspent(question) or question.clauses) and not question.days.compared


def _ordinary(question: Question) -> bool:
    """ "Can a decision be changed?" asks for a rule about change, not for what changed."""
    return bool(
        re.search(
            r"^\W*(?:can|may|must|should|is|are|do|does|who|if)\b|\bfigure\w*\b",
            question.plain,
            re.IGNORECASE,
        )
    )

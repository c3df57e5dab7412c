"""What-if questions: the changed application, decided by the real models and rules, and never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from decisioning.chat.changes import HYPOTHETICAL, changes_in
from decisioning.chat.from_record import by_claims
from decisioning.chat.question import Question
from decisioning.chat.saying import Reply, Statement, framed
from decisioning.chat.scene import Scene
from decisioning.chat.tools import Alternative, CannotTry, Tools
from decisioning.model import Decision, Outcome, Value
from decisioning.titles import Told
from decisioning.wording import listed, written, written_date

_MOST = 6


def changes_asked(scene: Scene, current: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that the question would have otherwise; those of the turn before stay, if it goes on."""
    question, memory = scene.question, scene.asking.memory
    goes_on = question.follows and memory.kind == "what_if"
    if not goes_on and not HYPOTHETICAL.search(question.plain):
        return {}
    fields = scene.edition.application.fields
    found = changes_in(question.plain, fields, current, scene.edition.product.currency.unit)
    return {**memory.changes, **found} if goes_on and found else found


async def tried(scene: Scene, decision: Decision, changes: Mapping[str, Value], tools: Tools) -> Reply:
    """What the models and rules make of the changed application, said as the simulation that it is."""
    day = scene.day if scene.question.days.periods else None
    told = Told(decision, scene.titles)
    try:
        made = await tools.try_changes(changes, day)
    except CannotTry as problem:
        statement = framed("what_if", f"That cannot be tried: {problem}.", (problem,))
        return Reply((statement,), decision.as_of, kind="what_if", abstained=True)
    lead = _lead(told, made, changes, day is not None)
    answer = await by_claims(replace(scene, question=_asked_of(scene.question, made)), made, tools)
    statements = answer.statements[:_MOST] if answer else ()
    return Reply(
        (lead, *statements),
        made.as_of,
        kind="what_if",
        changes=dict(changes),
        clauses=answer.clauses if answer else (),
    )


def _asked_of(question: Question, made: Decision) -> Question:
    """The outcome with what explains it, unless the question asks for something of its own."""
    own = question.intents & {"price", "score", "condition", "why", "next"}
    more = {"price"} if made.outcome is Outcome.APPROVE else {"why"}
    return replace(question, intents=frozenset({"outcome"} | (own - {"next"} or more)), content=())


def _lead(told: Told, made: Decision, changes: Mapping[str, Value], dated: bool) -> Statement:
    parts = [_change(told, name, value) for name, value in changes.items()]
    tried = (
        f"with {listed(parts)}, all else as in the application" if parts else "with the application as it is"
    )
    under = f", under the policy in force on {written_date(made.as_of)}" if dated or not parts else ""
    text = f"Tried {tried}{under}; nothing of this is stored as a decision."
    return framed("what_if", text, (*parts, written_date(made.as_of)))


def _change(told: Told, name: str, value: Value) -> str:
    fact = told.decision.facts.get(name)
    unit = fact.unit if fact else None
    shown = written(value, unit, told.currency) if unit else str(value)
    was = written(fact.value, fact.unit, told.currency) if fact and fact.value is not None else "not known"
    return f"{told.name(name, unit)} {shown} instead of {was}"


async def alternatives(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    """The smallest changes that were executed and approve; None where they cannot be had here."""
    found = await tools.find_counterfactuals()
    if found is None:
        return None
    if not found:
        text = "No change of what the applicant can act on was found that would be approved."
        return Reply((framed("counterfactual", text, ()),), decision.as_of, kind="record")
    told = Told(decision, scene.titles)
    return Reply(tuple(_alternative(told, n, a) for n, a in enumerate(found)), decision.as_of, kind="record")


def _alternative(told: Told, place: int, one: Alternative) -> Statement:
    parts: Sequence[str] = [_change(told, name, value) for name, value in one.changes.items()]
    day = written_date(one.decision.as_of)
    text = f"In a simulation under the policy in force on {day}, with {listed(parts)}, the application would be approved; this is no offer."
    return framed(f"counterfactual:{place}", text, (day, *parts))

"""What-if questions: the changed application, decided by the real models and rules, and never stored."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from decisioning.chat.changes import HYPOTHETICAL, changes_in, derived_in
from decisioning.chat.from_record import by_claims
from decisioning.chat.question import Question, unspent
from decisioning.chat.saying import Reply, Statement, distinct, framed
from decisioning.chat.scene import Scene
from decisioning.chat.tools import CannotTry, Tools
from decisioning.model import Decision, Outcome, Unit, Value
from decisioning.titles import Told
from decisioning.wording import listed, written, written_date

_MOST = 6
_IT = re.compile(r"\b(?:it|this|he|she|they|was|did|were)\b", re.IGNORECASE)
_ABOUT_IT = frozenset({"why", "price", "score", "condition", "outcome", "clauses"})


def changes_asked(scene: Scene, current: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that the question would have otherwise; those of the turn before stay, if it goes on."""
    question, memory = scene.question, scene.asking.memory
    goes_on = question.follows and memory.kind == "what_if"
    if goes_on and not unspent(question) and question.intents & _ABOUT_IT:
        return dict(memory.changes)
    if not goes_on and not HYPOTHETICAL.search(question.plain):
        return {}
    fields = scene.edition.application.fields
    unit = scene.edition.product.currency.unit
    found = changes_in(question.plain, fields, current, unit, scene.titles)
    return {**memory.changes, **found} if goes_on and found else found


def names_nothing(question: Question) -> bool:
    """Whether a supposition says nothing of what it supposes: "and if there were none?"."""
    said = re.match(r"\W*(?:and |but |or )?(?:what )?if\b", question.plain, re.IGNORECASE)
    named = [w for w in unspent(question) if w.text.lower() not in ("none", "one", "some", "any")]
    return bool(said) and not named and not question.numbers and not question.clauses


def same_asked(scene: Scene, current: Mapping[str, Value]) -> bool:
    """Whether the question supposes what the application has already."""
    if not HYPOTHETICAL.search(scene.question.plain):
        return False
    fields = scene.edition.application.fields
    unit = scene.edition.product.currency.unit
    return bool(changes_in(scene.question.plain, fields, {}, unit, scene.titles))


def derived_asked(scene: Scene, current: Mapping[str, Value]) -> Reply | None:
    """That a fact which follows from others cannot be supposed by itself, where the question does so."""
    question = scene.question.plain
    if not HYPOTHETICAL.search(question) or scene.question.of_policy:
        return None
    name = derived_in(question, scene.edition.application.fields, current, scene.titles)
    if name is None:
        return None
    title = scene.titles[name].lower()
    text = f"The {title} follows from the application: ask what else in it would change."
    return Reply((framed("derived", text, (title,)),), scene.day, kind="what_if", abstained=True)


def unbound(scene: Scene) -> Reply | None:
    """Without a decision there is nothing to try a change on, and nothing to tell."""
    question = scene.question
    supposes = same_asked(scene, {}) and re.search(
        r"\bif\b|\bsuppos\w+|\bassum\w+", question.plain, re.IGNORECASE
    )
    asks = (
        question.this
        and question.intents & {"why", "outcome", "score", "price", "condition"}
        and not question.of_policy
        and _IT.search(question.plain)
    )
    if not supposes and not asks:
        return None
    text = "This conversation is about no decision: begin one that is, to ask of it or to try a change."
    return Reply((framed("unbound", text, ()),), scene.day, kind="none", abstained=True)


async def tried(scene: Scene, decision: Decision, changes: Mapping[str, Value], tools: Tools) -> Reply:
    """What the models and rules make of the changed application, said as the simulation that it is."""
    day = scene.day if scene.question.days.periods else None
    told = Told(decision, scene.titles)
    try:
        made = await tools.try_changes(changes, day)
    except CannotTry as problem:
        statement = framed("what_if", f"That cannot be tried: {problem}.", (problem,))
        return Reply((statement,), decision.as_of, kind="what_if", abstained=True)
    lead = _lead(told, made, changes, _units(scene), dated=day is not None)
    first = await by_claims(scene, made, tools, only=("outcome",))
    more = await by_claims(replace(scene, question=_asked_of(scene.question, made, changes)), made, tools)
    told_of = [r for r in (first, more) if r]
    statements = distinct([s for r in told_of for s in r.statements])[:_MOST]
    clauses = tuple(dict.fromkeys(c for r in told_of for c in r.clauses))
    return Reply((lead, *statements), made.as_of, kind="what_if", changes=dict(changes), clauses=clauses)


def _asked_of(question: Question, made: Decision, changes: Mapping[str, Value]) -> Question:
    """The outcome with what explains it, unless the question asks for something of its own."""
    own = question.intents & {"price", "score", "condition", "why", "next"} - changes.keys()
    more = {"price"} if made.outcome is Outcome.APPROVE else {"why"}
    return replace(question, intents=frozenset(own - {"next"} or more), content=(), plain="")


def _lead(
    told: Told, made: Decision, changes: Mapping[str, Value], units: Mapping[str, Unit], *, dated: bool
) -> Statement:
    parts = [_change(told, name, value, units) for name, value in changes.items()]
    tried = (
        f"with {listed(parts)}, all else as in the application" if parts else "with the application as it is"
    )
    under = f", under the policy in force on {written_date(made.as_of)}" if dated or not parts else ""
    text = f"Tried {tried}{under}; nothing of this is stored as a decision."
    return framed("what_if", text, (*parts, written_date(made.as_of)))


def _change(told: Told, name: str, value: Value, units: Mapping[str, Unit]) -> str:
    fact = told.decision.facts.get(name)
    unit = units.get(name, Unit.CATEGORY)
    was = written(fact.value, unit, told.currency) if fact and fact.value is not None else "not known"
    return f"{told.name(name, unit)} {written(value, unit, told.currency)} instead of {was}"


def _units(scene: Scene) -> dict[str, Unit]:
    return {name: field.unit for name, field in scene.edition.application.fields.items()}


async def alternatives(scene: Scene, decision: Decision, tools: Tools) -> Reply:
    """The smallest changes that were executed and approve, or why there are none."""
    found = await tools.find_counterfactuals()
    if found is None or not found.changes:
        why = found.none_because if found else None
        text = (
            f"{why.partition(';')[0].rstrip('.')}." if why else "No change was found that would be approved."
        )
        return Reply((framed("counterfactual", text, (why,)),), decision.as_of, kind="record")
    told, units = Told(decision, scene.titles), _units(scene)
    each = enumerate(found.changes)
    statements = tuple(_alternative(told, n, changes, found.as_of, units) for n, changes in each)
    return Reply(statements, decision.as_of, kind="record")


def _alternative(
    told: Told, place: int, changes: Mapping[str, Value], day: date, units: Mapping[str, Unit]
) -> Statement:
    parts = [_change(told, name, value, units) for name, value in changes.items()]
    on = written_date(day)
    text = (
        f"In a simulation under the policy in force on {on}, the loan with {listed(parts)} would be approved;"
    )
    return framed(f"counterfactual:{place}", f"{text} this is no offer.", (on, *parts))

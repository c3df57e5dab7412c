"""Answers from the policy: clauses named, limits asked for, clauses that carry the question, what changed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from decisioning.chat.limits import Limit, limits_asked, topic_of
from decisioning.chat.relevance import answering, quotes_of
from decisioning.chat.saying import Reply, Statement, distinct, framed, heading_of, quoted
from decisioning.chat.scene import Scene
from decisioning.chat.tools import Found, Tools
from decisioning.grounding import in_force
from decisioning.grounding.text import sentences
from decisioning.numbers import quantities, states
from decisioning.ports import Clause
from decisioning.quotes import cite
from decisioning.wording import listed, written_date

_NEAREST = 3
_WHOLE = 8
"""A clause of at most this many sentences is quoted whole where it is asked for by name."""


async def by_name(scene: Scene, tools: Tools) -> Reply:
    """The clauses that the question names, whole; one that is not in force says since when."""
    names = scene.question.clauses
    found = await tools.read_clauses(names, scene.day)
    statements: list[Statement] = []
    for name in names:
        if name in found and in_force(found[name], scene.day):
            statements += _of_named(scene, found[name])
        else:
            statements.append(await _not_in_force(name, scene.day, tools))
    known = tuple(n for n in names if n in found)
    return Reply(tuple(statements), scene.day, abstained=not known, clauses=known)


def _of_named(scene: Scene, clause: Clause) -> list[Statement]:
    spans = sentences(clause.text)
    asked = scene.question.specific
    wanted = quotes_of(scene.question, clause) if asked and len(asked) > 1 else spans[:_WHOLE]
    return [quoted(clause, span) for span in wanted or spans[:1]]


async def _not_in_force(name: str, day: date, tools: Tools) -> Statement:
    past = [c for c in await tools.read_history(name) if c.effective_from <= day]
    if not past:
        return framed(
            "no_clause",
            f"There is no clause {name} in the policy in force on {written_date(day)}.",
            (name, written_date(day)),
        )
    ended = past[-1].effective_to
    until = written_date(ended - timedelta(days=1)) if ended else ""
    text = f"{name} is not in force on {written_date(day)}; it was until {until}."
    return framed("no_clause", text, (name, written_date(day), until))


async def limits(scene: Scene, tools: Tools) -> Reply | None:
    """The clauses that set the limits asked for; None where no parameter of the product answers."""
    wanted = limits_asked(scene.question, scene.edition, scene.titles)
    if not wanted:
        return None
    found = await tools.read_clauses(tuple(dict.fromkeys(w.clause for w in wanted)), scene.day)
    statements = [s for w in wanted if (s := _setting(w, found, scene))]
    return Reply(distinct(statements), scene.day, clauses=tuple(found)) if statements else None


def _setting(limit: Limit, found: Mapping[str, Clause], scene: Scene) -> Statement | None:
    """The sentence of the clause that holds the parameter's number; the likeliest where none does."""
    clause = found.get(limit.clause)
    if clause is None or not in_force(clause, scene.day):
        return None
    unit, currency = limit.parameter.unit, scene.edition.product.currency.unit
    for span in sentences(clause.text):
        piece = clause.text[span[0] : span[1]]
        if any(states(q, float(limit.parameter.value), unit, currency) for q in quantities(piece)):
            return quoted(clause, span)
    spans = quotes_of(scene.question, clause)
    return quoted(clause, spans[0]) if spans else None


async def by_search(scene: Scene, tools: Tools) -> Reply:
    """The clauses that carry the question, else an abstention that names the nearest."""
    hits = await tools.search_policies(scene.question.plain, scene.day)
    near = [h for h in hits if in_force(h.clause, scene.day)]
    found = () if _limit_not_set(scene) else answering(scene.question, near)
    if not found:
        return silent(scene, near)
    statements = tuple(quoted(a.clause, span) for a in found for span in a.quotes)
    return Reply(statements, scene.day, clauses=tuple(a.clause.clause for a in found))


def _limit_not_set(scene: Scene) -> bool:
    """Whether the question asks for a bound of a fact for which the product has none ("the maximum APR")."""
    question = scene.question
    words = ("maximum", "minimum", "max", "min", "highest", "lowest")
    asks = any(w.text.lower() in words for w in question.content)
    return asks and bool(topic_of(question, scene.edition, scene.titles)) and len(question.specific) <= 2


def silent(scene: Scene, near: Sequence[Found]) -> Reply:
    """The abstention: that nothing answers, and what comes nearest."""
    day = written_date(scene.day)
    who = f"Neither the record nor the policy in force on {day} answers this." if scene.told else ""
    text = who or f"The policy in force on {day} does not answer this."
    clauses = [f.clause for f in near[:_NEAREST]]
    names = [heading_of(c) for c in clauses]
    if names:
        text += (
            f" The nearest clauses are {listed(names)}."
            if len(names) > 1
            else f" The nearest clause is {names[0]}."
        )
    cited = tuple(cite(c, span) for c in clauses if (span := _first(scene, c)))
    statement = framed("abstained", text, (day, *names), cited)
    return Reply((statement,), scene.day, abstained=True, kind="none", clauses=())


def _first(scene: Scene, clause: Clause) -> tuple[int, int] | None:
    return next(iter(quotes_of(scene.question, clause)), None)


async def said_otherwise(clauses: Sequence[str], day: date, other: date, tools: Tools) -> Statement | None:
    """One sentence that names the clauses whose text is another on the other day, if there are any."""
    if not clauses or day == other:
        return None
    then, now = await tools.read_clauses(clauses, day), await tools.read_clauses(clauses, other)
    changed = [n for n in clauses if n in then and (n not in now or now[n].text != then[n].text)]
    if not changed:
        return None
    text = f"The policy in force on {written_date(other)} reads otherwise in {listed(changed)}."
    return framed("changed", text, (written_date(other), *changed))

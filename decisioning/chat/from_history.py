"""Answers about change: what differs between two days, since when a clause reads so, what it said before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from difflib import SequenceMatcher

from decisioning.chat.from_policy import by_search, limits, silent
from decisioning.chat.question import Question, unspent
from decisioning.chat.relevance import WHEN_FUTURE
from decisioning.chat.saying import Reply, Statement, framed, quoted
from decisioning.chat.scene import Scene
from decisioning.chat.tools import Change, Tools
from decisioning.grounding.lexicon import keys
from decisioning.grounding.text import sentences, words
from decisioning.model import Citation
from decisioning.orders import is_order
from decisioning.ports import Clause
from decisioning.quotes import cite
from decisioning.wording import listed, written_date

_MOST = 8


async def between(scene: Scene, tools: Tools) -> Reply:
    """What is not the same on the two days that the question names, about its matter if it names one."""
    if WHEN_FUTURE.search(scene.question.plain):
        return silent(scene, ())
    before, after = _days(scene)
    changes = await tools.compare_policies(before, after)
    matter = await _matter(scene, tools)
    about = _about(scene.question, changes, matter)
    lead = f"From {written_date(before)} to {written_date(after)}"
    if not about and matter is None and unspent(scene.question):
        return silent(scene, ())
    if not about:
        same = f"{listed(matter)} reads the same" if matter else "no clause changed"
        statement = framed("no_change", f"{lead}, {same}.", (lead, *(matter or ())))
        return Reply((statement,), after, kind="changes", clauses=matter or ())
    named = [c.clause for c in about]
    more = f" The first {_MOST} are told here." if len(named) > _MOST else ""
    number = f"{len(named)} clause{'' if len(named) == 1 else 's'} changed"
    head = framed("changes", f"{lead}, {number}: {listed(named)}.{more}", (lead, len(named), _MOST, *named))
    told = [_told(change) for change in about[:_MOST]]
    return Reply((head, *told), after, kind="changes", clauses=tuple(named))


def _days(scene: Scene) -> tuple[date, date]:
    """The two days: a single past one and today, or the eve of the edition that began on it."""
    starts = scene.asking.product.starts
    periods = sorted(scene.question.days.periods, key=lambda p: p.first)
    if len(periods) > 1:
        return min(periods[0].last, scene.today), min(periods[-1].last, scene.today)
    decision = scene.asking.decision
    if not periods and decision is not None and decision.as_of < scene.today:
        return decision.as_of, scene.today
    if not periods:
        last = max((s for s in starts if s <= scene.today), default=starts[0])
        return last - timedelta(days=1) if last > starts[0] else last, scene.today
    one = periods[0]
    if decision is not None and decision.as_of < one.last:
        return decision.as_of, min(one.last, scene.today)
    inside = [s for s in starts if one.first <= s <= one.last]
    if scene.question.days.compared or not inside:
        return one.last if one.is_day else one.first, scene.today
    return max(inside[0] - timedelta(days=1), starts[0]), min(one.last, scene.today)


async def _matter(scene: Scene, tools: Tools) -> tuple[str, ...] | None:
    """The clauses that the question is about, where it names them or a limit that they set."""
    if scene.question.clauses:
        return scene.question.clauses
    if not unspent(scene.question) and not scene.question.asks_bound:
        return None
    asked = await limits(replace(scene, question=_steady(scene.question)), tools)
    return asked.clauses if asked else None


def _about(question: Question, changes: Sequence[Change], matter: tuple[str, ...] | None) -> list[Change]:
    if matter is not None:
        return [c for c in changes if c.clause in matter]
    wanted = unspent(question)
    return [c for c in changes if all(_speaks(c, w.stem) for w in wanted)]


def _speaks(change: Change, stem: str) -> bool:
    texts = f"{change.heading or ''} {change.before or ''} {change.after or ''}"
    return any(w.stem == stem or w.stem in keys(stem) for w in words(texts))


def _told(change: Change) -> Statement:
    """What became of a clause from the one day to the other; on which day in between is not said."""
    sources = (change.clause, change.before, change.after)
    text = {
        "added": f"{change.clause} is new.",
        "ended": f"{change.clause} is no longer in force.",
        "renumbered": f"{change.clause} has another number and the same words.",
    }.get(change.kind)
    if text is None:
        was, now = _apart(change.before or "", change.after or "")
        text = f"{change.clause} reads otherwise{_pair(was, now)}."
        text = text.removesuffix(".") if text.endswith('.".') else text
    return framed(f"change:{change.clause}", text, sources, _cited(change))


def _cited(change: Change) -> tuple[Citation, ...]:
    """What the clause reads on the later day, where it differs."""
    after = change.after or ""
    _, now = _apart(change.before or "", after)
    start = after.find(now)
    if not now or start < 0 or is_order(now):
        return ()
    named = {"document": change.document, "clause": change.clause, "edition": change.edition}
    return (Citation(**named, quote=now, start=start, end=start + len(now)),)


def _pair(was: str, now: str) -> str:
    if is_order(was) or is_order(now) or len(was) + len(now) > 500:
        return ""
    if was and now:
        return f': "{was}" became "{now}"'
    return f': "{now}" was added' if now else f': "{was}" was taken out' if was else ""


def _apart(before: str, after: str) -> tuple[str, str]:
    """The first sentences in which two texts differ."""
    old = [before[a:b] for a, b in sentences(before)]
    new = [after[a:b] for a, b in sentences(after)]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            return " ".join(old[a : min(b, a + 1)]), " ".join(new[c : min(d, c + 1)])
    return "", ""


async def of_clause(scene: Scene, tools: Tools) -> Reply:
    """Since when the clause that answers the question reads as it does, and what it said before."""
    now = await _present(scene, tools)
    if now is None or now.abstained or not now.clauses:
        return now or silent(scene, ())
    clause = now.clauses[0]
    texts = [c for c in await tools.read_history(clause) if c.effective_from <= scene.today]
    spoken = _distinct(texts, now)
    if scene.question.days.before_change and len(spoken) > 1:
        then = spoken[-2]
        day = (spoken[-1].effective_from) - timedelta(days=1)
        return Reply(tuple(_same_part(now, then)), day, clauses=(clause,))
    if len(spoken) < 2:
        since = written_date(texts[0].effective_from) if texts else written_date(scene.day)
        text = f"{clause} has read so since {since}, the first that is kept."
        return Reply(
            (*now.statements, framed("history", text, (clause, since))), scene.day, clauses=(clause,)
        )
    return Reply((*now.statements, *_past(clause, spoken, now)), scene.day, kind="changes", clauses=(clause,))


def _past(clause: str, spoken: Sequence[Clause], now: Reply) -> tuple[Statement, ...]:
    since = written_date(spoken[-1].effective_from)
    said = [s.citations[0].quote for s in _same_part(now, spoken[-2]) if s.citations]
    before = f'; before, it said "{said[0]}"' if said and not is_order(said[0]) else ""
    text = f"{clause} has read so since {since}{before}."
    return (
        framed("history", text.replace('."', '"') if text.endswith('.".') else text, (clause, since, *said)),
    )


async def _present(scene: Scene, tools: Tools) -> Reply | None:
    """What the clause says on the day of the scene."""
    question = scene.question
    if question.clauses:
        found = await tools.read_clauses(question.clauses, scene.day)
        quotes = tuple(quoted(c, sentences(c.text)[0]) for c in found.values() if sentences(c.text))
        return Reply(quotes, scene.day, clauses=tuple(found))
    there = replace(scene, question=_steady(question))
    return await limits(there, tools) or await by_search(there, tools)


def _steady(question: Question) -> Question:
    """The question without its asking for a change, and without its days."""
    content = tuple(w for w in question.content if not _of_change(w.text))
    days = replace(question.days, periods=())
    return replace(question, intents=question.intents - {"changed"}, content=content, days=days)


def _of_change(word: str) -> bool:
    return word.lower().startswith(("chang", "differ", "amend", "revis", "last", "first", "since", "new"))


def _distinct(texts: Sequence[Clause], now: Reply) -> list[Clause]:
    """The texts in which what is quoted now reads differently from the one before."""
    found: list[Clause] = []
    parts: list[tuple[str, ...]] = []
    for text in texts:
        part = tuple(s.citations[0].quote for s in _same_part(now, text) if s.citations)
        if not parts or part != parts[-1]:
            found.append(text)
            parts.append(part)
    return found


def _same_part(now: Reply, clause: Clause) -> list[Statement]:
    """The sentences of another text of the clause that stand for those quoted now."""
    spans = sentences(clause.text)
    made = []
    for cited in (c for s in now.statements for c in s.citations if c.clause == clause.clause):
        best = max(
            spans,
            key=lambda span: SequenceMatcher(None, clause.text[span[0] : span[1]], cited.quote).ratio(),
            default=None,
        )
        if best is not None:
            made.append(quoted(clause, best))
    return made or [quoted(clause, span) for span in spans[:1] if cite(clause, span)]

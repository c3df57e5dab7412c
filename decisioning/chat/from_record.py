"""Answers from a decision's record: its claims, its facts, its trace, its versions, who must decide."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from decisioning.chat.question import Question, unspent
from decisioning.chat.saying import Reply, Statement, claimed, framed, plain_name, quoted, stated
from decisioning.chat.scene import Scene
from decisioning.chat.tools import Tools, Trace
from decisioning.chat.vocabulary import listed as vocabulary
from decisioning.claims import Claim, OutcomeClaim, ThresholdClaim, claims_of, reason_of, rule_of
from decisioning.grounding import Pool, in_force, pool_of
from decisioning.grounding.lexicon import is_neutral, keys
from decisioning.grounding.text import sentences
from decisioning.grounding.topics import MEANT, NAMED, named_in, stems_of, words_of
from decisioning.model import Decision, Effect, Outcome, Unit
from decisioning.orders import without_orders
from decisioning.ports import Clause
from decisioning.quotes import covers
from decisioning.titles import Told
from decisioning.wording import capitalised, listed, number, with_article, written, written_date

_KINDS: Mapping[str, tuple[str, ...]] = {
    "why": ("outcome", "reason"),
    "outcome": ("outcome",),
    "score": ("score",),
    "price": ("price",),
    "condition": ("condition",),
    "missing": ("missing",),
    "next": ("next",),
    "failure": ("failure",),
    "clauses": ("outcome", "reason"),
}
_STAGES = {"score": "the score", "price": "the price", "rules": "the rules", "retrieve": "finding clauses",
           "generate": "the wording", "verify": "the check", "store": "storing"}  # fmt: skip
_MODELS = frozenset({"scoring", "pricing", "llm"})
_TOO = re.compile(r"\btoo (?:high|low|long|short|large|small|big)\b", re.IGNORECASE)
_FIRST = re.compile(
    r"\b(?:main|principal|first|most important|primary|biggest|top|chief)"
    r" (?:reason|factor|ground|cause)\b",
    re.IGNORECASE,
)
_OFFER = re.compile(r"\boffer|\bterms\b", re.IGNORECASE)
_ABOUT_IT = vocabulary("about it")
_POINTS_OF = re.compile(
    r"\bpoints?\b[^.?!]*\b(?:earn|get|got|gain|bring|brought|give|gave|given|contribut|add|lose|lost|cost)\w*"
    r"|\b(?:earn|get|got|gain|bring|brought|contribut|los[et]|cost)\w*\b[^.?!]*\bpoints?\b",
    re.IGNORECASE,
)


def about_record(question: Question, decision: Decision, titles: Mapping[str, str]) -> bool:
    """Whether the question asks what the record of the decision can tell, and nothing beside."""
    topics = _topics(question, frozenset(decision.facts), titles)
    facts = {s for n in topics for s in question.stems & stems_of(n, titles.get(n, ""))}
    too = {p for m in _TOO.finditer(question.plain) for p in range(*m.span())}
    rest = [w for w in unspent(question) if w.start not in too]
    rest = [w for w in rest if w.stem not in facts and w.text.lower() not in _ABOUT_IT]
    wanted = question.intents & _KINDS.keys() or facts
    return bool(wanted) and not [
        w for w in rest if not is_neutral(w.stem) and not keys(w.stem) & _about_keys()
    ]


def _about_keys() -> frozenset[str]:
    return frozenset({"applicant", "application"})


async def by_claims(
    scene: Scene, decision: Decision, tools: Tools, *, only: tuple[str, ...] = ()
) -> Reply | None:
    """The claims and facts of a record that the question asks for; None where it asks for none."""
    told = Told(decision, scene.titles)
    every = claims_of(decision)
    claims = [c for c in every if c.kind in only] if only else _wanted(scene.question, every, scene.titles)
    facts = (
        () if only or asks_points(scene.question) else _facts(scene.question, decision, claims, scene.titles)
    )
    if decision.offer is None and _OFFER.search(scene.question.plain) and "why" not in scene.question.intents:
        claims, facts = [c for c in claims if c.kind not in ("next", "price")], ()
    absent = () if only else _absent(scene.question, decision, claims, scene.titles)
    if not claims and not facts and not absent:
        return None
    clauses = await _clauses(claims, decision.as_of, tools)
    pool = pool_of(
        decision, every, {n: without_orders(c.text) for n, c in clauses.items()}, titles=scene.titles
    )
    statements = [claimed(c, told, pool, clauses) for c in claims]
    statements += [_fact(name, told, pool) for name in facts]
    statements += _cutoff(scene.question, told, pool, statements)
    cited = tuple(dict.fromkeys(c.clause for s in statements for c in s.citations))
    return Reply((*statements, *absent), decision.as_of, kind="record", clauses=cited)


def asks_points(question: Question) -> bool:
    """Whether it asks how many points something earned: the record tells the score alone."""
    return bool(_POINTS_OF.search(question.plain))


async def _clauses(claims: Sequence[Claim], day: date, tools: Tools) -> dict[str, Clause]:
    names = tuple(dict.fromkeys(n for c in claims for n in c.clauses))
    found = await tools.read_clauses(names, day) if names else {}
    return {n: c for n, c in found.items() if in_force(c, day)}


def _wanted(question: Question, claims: Sequence[Claim], titles: Mapping[str, str]) -> list[Claim]:
    """The claims asked for: of the kinds that the question is after, and those of the facts it names."""
    topics = _topics(question, frozenset(titles), titles)
    kinds = {k for name, ks in _KINDS.items() if name in question.intents for k in ks}
    if kinds - {"outcome"} and "why" not in question.intents:
        kinds -= {"outcome"}
    if topics and not kinds & {"reason"}:
        kinds -= {"outcome", "score", "price"} - topics
    approved = any(isinstance(c, OutcomeClaim) and c.outcome is Outcome.APPROVE for c in claims)
    found = [c for c in claims if _is_wanted(c, kinds, approved=approved)]
    if "clauses" in question.intents and any(rule_of(c) for c in found):
        return [c for c in found if (rule := rule_of(c)) and rule.fired]
    about = [c for c in claims if isinstance(c, ThresholdClaim) and c.rule.fact in topics]
    fired = [c for c in about if c.rule.fired]
    if _FIRST.search(question.plain) and any(reason_of(c) for c in found):
        found = [c for c in found if c.kind == "outcome" or _ranks_first(c)]
        about = []
    return [c for c in claims if c in found or c in (fired if fired or found else about)]


def _ranks_first(claim: Claim) -> bool:
    reason = reason_of(claim)
    return reason is not None and reason.rank == 1


def _is_wanted(claim: Claim, kinds: set[str], *, approved: bool) -> bool:
    if claim.kind in kinds:
        return True
    if "reason" not in kinds:
        return False
    rule = rule_of(claim)
    fired = claim.kind in ("characteristic", "reason", "failure", "missing") or (
        rule is not None and rule.fired
    )
    told = claim.kind in ("score", "threshold", "characteristic", "reason", "failure", "missing")
    return told and (fired or (claim.kind == "score" and approved))


def _topics(question: Question, names: Iterable[str], titles: Mapping[str, str]) -> frozenset[str]:
    """The facts that the question names; where it names none for sure, those that it may mean."""
    own = {n: words_of(n, question.ordered, titles.get(n, "")) for n in names}
    sure = {n: w for n, w in own.items() if w and named_in(n, question.stems, titles.get(n, "")) >= NAMED}
    if sure or question.intents:
        return frozenset(n for n, w in sure.items() if not any(w < other for other in sure.values()))
    stems = frozenset(w.stem for w in question.specific if not is_neutral(w.stem))
    meant = {n: named_in(n, stems, titles.get(n, "")) for n in names}
    best = max(meant.values(), default=0.0)
    return frozenset(n for n, m in meant.items() if m == best >= MEANT)


def _facts(
    question: Question, decision: Decision, told: Sequence[Claim], titles: Mapping[str, str]
) -> tuple[str, ...]:
    """The facts that the question names and that no claim told gives, at most three."""
    given = {rule.fact for c in told if (rule := rule_of(c))}
    given |= {n for c in told if c.kind == "price" for n in c.facts}
    given |= {"score"} if any(c.kind == "score" for c in told) else set()
    topics = _topics(question, set(decision.facts), titles) - given
    if "price" in question.intents and decision.offer is None and decision.pricing and not topics:
        topics = frozenset({"nominal_rate", "apr", "instalment"})
    return tuple(n for n in decision.facts if n in topics and decision.facts[n].value is not None)[:3]


def _fact(name: str, told: Told, pool: Pool) -> Statement:
    fact, title = told.decision.facts[name], told.name(name, told.decision.facts[name].unit)
    value = written(fact.value, fact.unit, told.currency)
    if fact.unit is not Unit.CATEGORY or title == "price tier":
        return stated(name, capitalised(f"the {title} is {value}."), pool)
    if fact.value in ("yes", "no"):
        shown = with_article(title) if fact.value == "yes" else f"no {title}"
        return stated(name, f"The file shows {shown}.", pool)
    return stated(name, f"For {title} the application says {value}.", pool)


def _cutoff(question: Question, told: Told, pool: Pool, said: Sequence[Statement]) -> list[Statement]:
    """The cut-off by itself, where it was asked for and the score fell into a band with another limit."""
    score = told.decision.score
    if score is None or not re.search(r"\bcut-?\s?off\b", question.plain, re.IGNORECASE):
        return []
    told_already = any(f"cut-off of {number(score.cutoff)}" in s.text for s in said)
    text = f"The cut-off for the score is {number(score.cutoff)} points."
    return [] if told_already else [stated("score", text, pool)]


def _absent(
    question: Question, decision: Decision, told: Sequence[Claim], titles: Mapping[str, str]
) -> tuple[Statement, ...]:
    """What was asked for and is not in the record, said plainly."""
    said = []
    if asks_points(question) and _topics(question, frozenset(titles), titles) - {"score"}:
        said.append("This chat does not read the points of a single characteristic.")
    kinds = {c.kind for c in told}
    if "condition" in question.intents and not decision.conditions:
        said.append("The record holds no conditions.")
    if "missing" in question.intents and not decision.missing and "why" not in question.intents:
        said.append("The record names nothing that is missing.")
    if "price" in question.intents and decision.offer is None and _OFFER.search(question.plain):
        said.append("The record holds no offer.")
    if (
        "next" in question.intents
        and decision.notice is None
        and re.search(r"\bnotice\b", question.plain, re.IGNORECASE)
    ):
        said.append("The record asks for no notice.")
    if "score" in question.intents and decision.score is None and "score" not in kinds:
        said.append("The record holds no score.")
    if "why" in question.intents and decision.outcome is Outcome.APPROVE:
        said.append("No rule of the policy declines or refers the application.")
    if (
        re.search(r"\breasons?\b", question.plain, re.IGNORECASE)
        and not decision.reasons
        and decision.outcome is Outcome.APPROVE
    ):
        said.append("The record holds no reasons, since an approval has none.")
    return tuple(framed(f"absent:{n}", text, ()) for n, text in enumerate(said))


async def notice(decision: Decision, tools: Tools) -> Reply:
    """Which notice the record asks for and by when."""
    due = await tools.read_notice()
    if due is None:
        return Reply((framed("notice", "The record asks for no notice.", ()),), decision.as_of, kind="record")
    kinds = {
        "adverse_action": "adverse action",
        "counter_offer": "the counter-offer",
        "incompleteness": "incompleteness",
    }
    day = written_date(due.due_on)
    text = f"The notice of {kinds.get(due.kind, 'the decision')} is due by {day}."
    return Reply((framed("notice", text, (day,)),), decision.as_of, kind="record")


async def trace(scene: Scene, decision: Decision, tools: Tools) -> Reply:
    """How long the stages of the decision took, and under which trace and versions it was taken."""
    read = await tools.read_trace()
    statements = []
    if read and "timing" in scene.question.intents:
        statements.append(_timed(read))
    if read and ("versions" in scene.question.intents or not statements):
        statements.append(_made_by(scene.question, read, decision))
    return Reply(tuple(statements), decision.as_of, kind="record")


def _timed(read: Trace) -> Statement:
    parts = [f"{_STAGES[n]} took {number(ms)} ms" for n, ms in read.timings_ms.items() if n in _STAGES]
    took = capitalised(listed(parts)) if parts else "The record holds no times"
    text = f"{took}; the trace of the decision is {read.trace_id}."
    return framed("trace", text, (read.trace_id, *(number(ms) for ms in read.timings_ms.values())))


def _made_by(question: Question, read: Trace, decision: Decision) -> Statement:
    models = re.search(r"\b(?:model|scorecard)\b", question.plain, re.IGNORECASE)
    asked = {n: v for n, v in read.versions.items() if not models or n in _MODELS} or read.versions
    named = [(n, plain_name(v)) for n, v in asked.items()]
    parts = [f"{n} {v}" for n, v in named if v]
    text = f"The decision was taken under {listed(parts)}, as of {written_date(decision.as_of)}."
    return framed("versions", text, (*(v for _, v in named), written_date(decision.as_of)))


async def who_decides(scene: Scene, decision: Decision, tools: Tools) -> Reply | None:
    """Who must decide a referral: the rows of the policy that name the clauses which referred it."""
    if decision.outcome is not Outcome.REFER:
        own = await by_claims(scene, decision, tools, only=("outcome",))
        none = framed("who", "The decision system took the decision; the record passes it to no person.", ())
        return replace(own, statements=(*own.statements, none)) if own else None
    referring = [r.clause for r in decision.rules if r.fired and r.effect is Effect.REFER]
    hits = await tools.search_policies("Who decides a referral", decision.as_of)
    said: list[Statement] = []
    for clause in (h.clause for h in hits if in_force(h.clause, decision.as_of)):
        rows = [s for s in sentences(clause.text) if " | " in clause.text[s[0] : s[1]]]
        wanted = [s for s in rows if any(covers(clause.text[s[0] : s[1]], name) for name in referring)]
        if wanted and re.search(r"\bdecides?\b", clause.text, re.IGNORECASE):
            said = [quoted(clause, span) for span in wanted]
            break
    own = await by_claims(scene, decision, tools, only=("next",))
    lead = own.statements if own else ()
    return Reply((*lead, *said), decision.as_of, kind="record") if said or lead else None

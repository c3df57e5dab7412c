"""What a sentence calls a reason, a condition, a cause or a gap must be one of this decision's."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from decisioning.grounding.content import own_words, restates
from decisioning.grounding.lexicon import is_neutral, is_stop, listed
from decisioning.grounding.pool import Pool, likeness
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.stems import lines, stem
from decisioning.grounding.topics import MEANT, NAMED
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import negated_at

_CONDITION = re.compile(
    r"\b(?:subject\s+to|conditional\s+(?:up)?on|on\s+(?:the\s+)?condition|conditions?\s+(?:of|for|is|are|that|on)|provided\s+that"
    r"|as\s+long\s+as|prerequisite|contingent\s+(?:up)?on|before\s+(?:the\s+)?(?:pay-?\s?out|payment\s+of\s+the\s+loan|release|disburs\w+"
    r"|drawdown)|before\s+the\s+(?:loan|money|funds)\s+(?:is|are)\s+(?:paid|released|disbursed)|in\s+exchange\s+for)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"\b(?:applicant|borrower|customer|client|you|he|she|they)\s+(?:\w+\s+)?(?:must|has\s+to|have\s+to|needs?\s+to|shall|is\s+required\s+to"
    r"|are\s+required\s+to|is\s+obliged\s+to|are\s+asked\s+to|is\s+asked\s+to)\b",
    re.IGNORECASE,
)
_SCORED = re.compile(
    r"\b(?:points?\s+(?:for|of|than)|fewer|too\s+few|below\s+average|(?:the\s+)?average|counted\s+against|weigh\w*|from\s+the\s+score"
    r"|cost\s+points|(?:held|pulled|dragged|brought)\s+(?:\w+\s+){0,3}?(?:down|points)|weakest|in\s+the\s+score|characteristics?)\b",
    re.IGNORECASE,
)
_BY_POINTS = re.compile(r"\bpoints?\b.*\baverage\b|\bfrom\s+the\s+score\b", re.IGNORECASE)
_UNIT_OF_SCORE = re.compile(
    r"\b(?:fewer|less|more)\s+(?!points?\b)(?P<unit>\w+)\s+than\s+(?:the\s+)?average\b", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:(?:is|are|was|were|do|does|did|has|have|must|can|could|will|need)\s+not|cannot|never|\w+n['\u2019]t)\s+(?:be\s+|been\s+|yet\s+|now\s+)*(?P<verb>\w+)",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:reasons?|because|due\s+to|owing\s+to|on\s+account\s+of|factors?|causes?|led\s+to|leads?\s+to|grounds?|only\s+the|results?\s+from)\b",
    re.IGNORECASE,
)
_POOR = re.compile(
    r"\b(?:(?:is|are|was|were)\s+(?:too|very|rather|quite)?\s*(?:low|short|weak|poor|small|few|high|long|large|heavy|insufficient|excessive"
    r"|inadequate|unstable|limited|bad|thin)|has\s+(?:too\s+)?(?:few|little|many|much)|have\s+(?:too\s+)?(?:few|little|many|much)"
    r"|too\s+(?:low|short|weak|small|few|high|long|large|heavy|much|little|many)|not\s+enough|a\s+problem|the\s+problem)\b",
    re.IGNORECASE,
)
_LACKING = re.compile(
    r"\b(?:lacks?|lacking|missing|not\s+stated|absent|no\s+\w+\s+is\s+stated|needs?\s+to\s+know|asked\s+for)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:could\s+not\s+be\s+(?:used|reached|asked)|did\s+not\s+(?:answer|respond)|gave\s+no\s+answer|unavailable|failed|failure|timed\s+out"
    r"|out\s+of\s+reach|no\s+answer|outage|was\s+down|unreachable)\b",
    re.IGNORECASE,
)
_WORKED = re.compile(r"\b(?:answered|responded|worked|was\s+available|was\s+used)\b", re.IGNORECASE)
_APPLIED = re.compile(r"\b(?:appl(?:y|ies|ied)|trigger\w*|fired?|fires)\b", re.IGNORECASE)
_YES_NO = re.compile(
    r"\b(?:is|are|was|shows?|stands\s+at|:)\s+(?P<no>not\s+)?[\"']?(?P<value>yes|no)\b(?!\s+(?!in\b)\w)",
    re.IGNORECASE,
)
_QUOTED = 0.66
_NO_OFFER = (Outcome.DECLINE, Outcome.REFER, Outcome.INCOMPLETE)
_TWICE = re.compile(r"\b(?:nothing|nobody|no\s+\w+)\b[^,;:]*\b(?:not|never)\b", re.IGNORECASE)
_NEAR = 0.4


def check_binding(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each thing that the sentence ascribes to this decision and that is not its own."""
    if pool.outcome is None or is_general(said, pool):
        return
    own = own_words(said, pool)
    yield from _conditions(said, own, pool)
    yield from _causes(own, pool)
    yield from _gaps(said, pool)
    yield from _failures(said, pool)
    yield from _fired(said, pool)
    yield from _labels(said, pool)
    yield from _steps(said, pool)
    yield from _denials(own, pool)


def _conditions(said: Said, own: Said, pool: Pool) -> Iterator[Problem]:
    asks = _CONDITION.search(own.text) or _DUTY.search(own.text)
    if not asks:
        return
    carriers = [c for c in pool.carriers if c.kind in ("condition", "missing")]
    if any(restates(said, p) for c in carriers if c.kind == "condition" for p in c.passages):
        return
    topics = pool.topics(said.stems)
    if pool.missing and topics and all(t & set(pool.missing) for t in topics):
        return
    kind = "condition" if pool.outcome is Outcome.APPROVE else "outcome"
    yield _problem(
        said, f"unknown_{kind}", f'"{asks.group()}" states a condition that the decision does not carry'
    )


def _causes(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is called a reason, or said to be poor, must be a reason or have broken a rule."""
    cause, scored, poor = _CAUSE.search(said.text), _SCORED.search(said.text), _POOR.search(said.text)
    found = cause or scored or poor
    if not found or negated_at(said.text, found.start()) or _LACKING.search(said.text):
        return
    if pool.causes and _FAILED.search(said.text):
        return
    allowed = _reasons(said, pool, scored=bool(_BY_POINTS.search(said.text)) or (bool(scored) and not cause))
    topics = pool.topics(said.stems)
    for topic in topics:
        if topic & allowed or _beside(topic, said, pool, alone=len(topics) == 1):
            continue
        name = min(topic).replace("_", " ")
        yield _problem(said, "unknown_reason", f"{name} is no reason of this decision")


def _reasons(said: Said, pool: Pool, *, scored: bool) -> frozenset[str]:
    """The facts that a reason names; in a sentence about a decline, those of rules that decline."""
    if scored:
        return frozenset(n for c in pool.carriers if c.rank is not None and c.scored for n in c.names) | {
            "score"
        }
    ranked = frozenset(n for c in pool.carriers if c.rank is not None for n in c.names)
    effect = Effect.DECLINE if pool.outcome is Outcome.DECLINE else Effect.REFER
    fired = frozenset(
        f for r in pool.rules if r.fired and r.effect is effect for f in (r.fact, *(a.fact for a in r.also))
    )
    by_score = any(c.scored for c in pool.carriers) or any(r.fired and r.fact == "score" for r in pool.rules)
    return ranked | fired | (frozenset({"score", "pd"}) if by_score else frozenset())


def _beside(topic: frozenset[str], said: Said, pool: Pool, *, alone: bool) -> bool:
    """A fact with its value, or one that is part of a reason's own words, may stand beside the reason."""
    values = {k.name for q in said.amounts for k in pool.meaning(q)}
    if topic & values and not alone:
        return True
    parts = frozenset(w for c in pool.carriers if c.rank is not None for n in c.names for w in n.split("_"))
    if all(any(word in parts for word in name.split("_")) for name in topic):
        return True
    texts = [p for c in pool.carriers if c.rank is not None for p in c.passages]
    ruled = {r.fact for r in pool.rules}
    if any(pool.named(n, p.stems) >= MEANT for n in topic - ruled for p in texts):
        return True
    content = [w for w in said.content if not is_neutral(w.stem)]
    return any(sum(w.stem in p.stems for w in content) >= _QUOTED * len(content) for p in texts)


def _gaps(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is said to be missing must be."""
    lacking = _LACKING.search(said.text)
    if not lacking or not pool.missing:
        return
    if negated_at(said.text, lacking.start()):
        yield _problem(said, "negation", f'"{lacking.group()}" is denied, but something is missing')
    for topic in pool.topics(said.stems):
        if not topic & set(pool.missing):
            yield _problem(
                said, "not_missing", f"{min(topic).replace('_', ' ')} is not missing from the file"
            )


def _failures(said: Said, pool: Pool) -> Iterator[Problem]:
    """The model that is said to have failed must be the one that did."""
    if not pool.causes:
        return
    for name, other in (("scor", "scoring"), ("pric", "pricing")):
        model = re.search(rf"\b{name}\w*\s+(?:model|service|system)", said.text, re.IGNORECASE)
        if not model:
            continue
        failed, worked = _FAILED.search(said.text), _WORKED.search(said.text)
        if failed and other not in pool.causes:
            yield _problem(said, "wrong_cause", f"the {other} model did not fail")
        if worked and not failed and other in pool.causes and not negated_at(said.text, worked.start()):
            yield _problem(said, "wrong_cause", f"the {other} model failed")


def _fired(said: Said, pool: Pool) -> Iterator[Problem]:
    """A clause that is said to apply must have been met, and one that is said not to must not."""
    for quantity in said.quantities:
        rules = [
            r for r in pool.rules if r.clause == quantity.name and r.effect in (Effect.DECLINE, Effect.REFER)
        ]
        found = _APPLIED.search(said.text, quantity.end)
        if not rules or not found or found.start() - quantity.end > 20:
            continue
        denied = negated_at(said.text, found.start())
        if len({r.fired for r in rules}) == 1 and rules[0].fired is denied:
            yield _problem(
                said, "wrong_rule", f"{quantity.name} {'applied' if rules[0].fired else 'did not apply'}"
            )


def _labels(said: Said, pool: Pool) -> Iterator[Problem]:
    """A yes is not a no, a tenant no owner; what the file shows is not absent from it."""
    for name, value in sorted(pool.labels):
        if pool.named(name, said.stems) < MEANT:
            continue
        plain = name.replace("_", " ")
        if value in ("yes", "no") and pool.named(name, said.stems) >= NAMED and _denies(said, value):
            yield _problem(said, "wrong_name", f"{plain} is {value} in the file")
        others = {v: w for (n, v), w in _values().items() if n == name}
        told = {v for v, words in others.items() if words & said.stems}
        if told and value in others and value not in told:
            yield _problem(said, "wrong_name", f"{plain} is {value} in the file")


def _denies(said: Said, value: str) -> bool:
    absent = re.search(
        r"\b(?:no|without(?:\s+an?)?)\s+(?:adverse|negative|bad|credit|such)\b", said.text, re.IGNORECASE
    )
    if absent:
        return value == "yes"
    return any((m["value"].lower() == value) is bool(m["no"]) for m in _YES_NO.finditer(said.text))


def _steps(said: Said, pool: Pool) -> Iterator[Problem]:
    """No offer where none is made, no notice where none is due; and points are points."""
    if re.search(r"\b(?:the|this|our)\s+offer\b", said.text, re.IGNORECASE) and pool.outcome in _NO_OFFER:
        yield _problem(said, "outcome", "this decision makes no offer")
    if re.search(r"\bnotice\b.*\b(?:due|must|sent|go\s+out)\b", said.text, re.IGNORECASE) and pool.steps == (
        "accept_offer",
    ):
        yield _problem(said, "outcome", "no notice is due on this decision")
    unit = _UNIT_OF_SCORE.search(said.text)
    if unit:
        yield _problem(said, "unit", f'what is compared with the average is points, not "{unit["unit"]}"')


def _denials(said: Said, pool: Pool) -> Iterator[Problem]:
    """The claims of a decision affirm; what else is denied must be denied by what they rest on."""
    if _TWICE.search(said.text):
        yield _problem(said, "negation", "a sentence that denies twice cannot be checked")
    folded = [(p.start, p.end) for p in said.phrases]
    for found in _DENIAL.finditer(said.text):
        verb = stem(found["verb"].lower())
        compared = any(a <= found.start("verb") < b for a, b in folded)
        if compared or verb in listed("denied.txt") or is_stop(found["verb"]):
            continue
        near = (p for p in pool.passages if likeness(said.content, p) >= _NEAR)
        denying = (m for p in near for m in _DENIAL.finditer(p.text))
        if not any(stem(m["verb"].lower()) == verb for m in denying):
            yield _problem(said, "negation", f'nothing denies "{found["verb"]}"; check the "not"')


@cache
def _values() -> Mapping[tuple[str, str], frozenset[str]]:
    table = (line.partition(":") for line in lines("values.txt"))
    found = {}
    for named, _, words in table:
        name, value = named.split()
        found[name, value] = frozenset(stem(w) for w in words.replace("-", " ").split())
    return found


def _problem(said: Said, code: str, problem: str) -> Problem:
    return Problem(sentence=said.text, code=code, problem=problem)

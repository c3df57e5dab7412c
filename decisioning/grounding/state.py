"""What a sentence says of the file and of what happened must be so: gaps, failures, labels, steps."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from decisioning.grounding.content import own_words
from decisioning.grounding.forms import form
from decisioning.grounding.lexicon import is_stop, listed
from decisioning.grounding.once import once
from decisioning.grounding.passages import likeness
from decisioning.grounding.pool import Pool
from decisioning.grounding.said import Said
from decisioning.grounding.scope import is_general
from decisioning.grounding.stems import lines, stem
from decisioning.grounding.topics import MEANT, NAMED, words_of
from decisioning.model import Effect, Outcome, Problem
from decisioning.numbers import Kind, negated_at, states

_CONDITION = re.compile(r"\bconditions?\b(?!\s+(?:of|in)\s+(?:the\s+)?(?:policy|rule|CP))", re.IGNORECASE)
_NO_CONDITION = re.compile(
    r"\b(?:no|without|free\s+of)\s+(?:(?:any|further|other|such|a|special)\s+)*conditions?\b|\bunconditional(?:ly)?\b",
    re.IGNORECASE,
)
_BREAKS = re.compile(
    r"\b(?:break(?:s)?|broke|broken|breach\w*|violat\w+|trigger\w*|trip(?:s|ped)?|fire[sd]?|set(?:s)?\s+off|(?:stand|stood)s?\s+in\s+the\s+way)\b",
    re.IGNORECASE,
)
_UNIT_OF_SCORE = re.compile(
    r"\b(?:fewer|less|more)\s+(?!points?\b)(?P<unit>\w+)\s+than\s+(?:the\s+)?average\b"
    r"|\bthe\s+(?!points?\b|average\b)(?P<for>months|years|days|euros|percent)\s+for\s+[\w-]+(?:\s+[\w-]+){0,4}\s+(?:is|are)\s+below\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:(?:is|are|was|were|do|does|did|has|have|must|can|could|will|would|should|need)\s+not|cannot|never|\w+n['\u2019]t)"
    r"\s+(?:(?:be|been|yet|now|otherwise|also|even)\s+)*(?P<verb>\w+)",
    re.IGNORECASE,
)
_MUST_NOT = re.compile(r"(?:must|need)\s+not\s+(?:decide|look|review)\b", re.IGNORECASE)
_TWICE = re.compile(
    r"\b(?:nothing|nobody|no\s+\w+)\b(?:(?!\bbecause\b|\bsince\b|\bas\b)[^,;:])*\b(?:not|never)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\b(?:is|are|was|shows?|stands\s+at|:)\s+(?P<no>not\s+)?[\"']?(?P<value>yes|no)\b(?!\s+(?!in\b)\w)",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"\b(?:no|without(?:\s+an?)?|free\s+of)\b", re.IGNORECASE)
_EXISTS = re.compile(r"\b(?:there\s+is|has|have|had|shows?|on\s+file|exists?|filed)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:no|not|never|without|none|clean)\b", re.IGNORECASE)
_OFFER = re.compile(r"\b(?:the|this|our)\s+offer\b", re.IGNORECASE)
_NOTICE = re.compile(r"\bnotice\b.*\b(?:due|must|sent|go\s+out)\b", re.IGNORECASE)
_TURNED_ROUND = re.compile(r"\bcondition\b[^.;]*\bsubject\s+to\b[^.;]*\bapproval\b", re.IGNORECASE)
_ASKS = re.compile(r"\basks?\s+for\b|\brequest\s+for\b", re.IGNORECASE)
_NOT_ASKED = re.compile(r"\bnot\s+(?:\w+\s+)?asked\b", re.IGNORECASE)
_FILE_STATES = re.compile(
    r"\b(?:file|application)\s+(?:does\s+)?(?:states?|gives?|contains?|holds?|includes?|provides?)\b",
    re.IGNORECASE,
)
_NEARBY = 28
_NEAR = 0.4
_APART = 20
_NO_OFFER = (Outcome.DECLINE, Outcome.REFER, Outcome.INCOMPLETE)
_DECIDING = (Effect.DECLINE, Effect.REFER)


def check_state(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each thing that the sentence says of this file or of what happened and that is not so."""
    if pool.outcome is None or is_general(said, pool):
        return
    for check in (
        _gaps,
        _failures,
        _fired,
        _labels,
        _steps,
        _helped,
        _denials,
        _broken,
        _kept,
        _unconditional,
    ):
        yield from check(said, pool)


def _gaps(said: Said, pool: Pool) -> Iterator[Problem]:
    """What is said to be missing must be."""
    lacking = form("lacking").search(said.text) or _ASKS.search(said.text)
    stated = _FILE_STATES.search(said.text) if pool.missing else None
    if stated and not negated_at(said.text, stated.end() - 1):
        yield said.problem("negation", f'"{stated.group()}" is said of a file that lacks something')
    if not lacking or not pool.missing:
        return
    if negated_at(said.text, lacking.start()):
        yield said.problem("negation", f'"{lacking.group()}" is denied, but something is missing')
    for topic in pool.topics(said.sequence):
        if not topic & set(pool.missing):
            yield said.problem("not_missing", f"{min(topic).replace('_', ' ')} is not missing from the file")


def _failures(said: Said, pool: Pool) -> Iterator[Problem]:
    """The model that is said to have failed must be the one that did."""
    for name, model in (("scor", "scoring"), ("pric", "pricing")):
        if not pool.causes or not re.search(
            rf"\b{name}\w*\s+(?:model|service|system)", said.text, re.IGNORECASE
        ):
            continue
        failed, worked = form("failed").search(said.text), form("worked").search(said.text)
        if failed and model not in pool.causes:
            yield said.problem("wrong_cause", f"the {model} model did not fail")
        if worked and not failed and model in pool.causes and not negated_at(said.text, worked.start()):
            yield said.problem("wrong_cause", f"the {model} model failed")


def _fired(said: Said, pool: Pool) -> Iterator[Problem]:
    """A clause that is said to apply must have been met, and one that is said not to must not."""
    for quantity in said.quantities:
        rules = [r for r in pool.rules_of(quantity.name) if r.effect in _DECIDING]
        found = form("applied").search(said.text, quantity.end)
        between = said.text[quantity.end : found.start()] if found else ""
        if not rules or not found or len(between) > _APART or "would" in between:
            continue
        fired = {r.fired for r in rules}
        if fired == {negated_at(said.text, found.start())}:
            did = "applied" if rules[0].fired else "did not apply"
            yield said.problem("wrong_rule", f"{quantity.name} {did}")


def _broken(said: Said, pool: Pool) -> Iterator[Problem]:
    """A rule that is said to be broken was met by a fact, and one that is said not to be was not."""
    found = _BREAKS.search(said.text)
    if found is None or form("hypothetical").search(said.text):
        return
    named = {q.name for q in said.quantities}
    topics = frozenset().union(*pool.topics(said.sequence))
    rules = [r for r in pool.rules if r.clause in named and r.effect in _DECIDING]
    rules = rules or [r for r in pool.rules if r.fact in topics and r.effect in _DECIDING]
    if rules and {r.fired for r in rules} == {negated_at(said.text, found.start())}:
        did = "was" if rules[0].fired else "was not"
        yield said.problem("wrong_rule", f"the rule of {rules[0].clause} {did} met")


def _kept(said: Said, pool: Pool) -> Iterator[Problem]:
    """The limit that was kept, of a clause that is named, is the one that its rule holds the fact against."""
    named = [q.name for q in said.quantities if q.kind is Kind.CLAUSE]
    rules = [r for r in pool.rules if named == [r.clause]]
    limits = [(float(r.limit), r.unit) for r in rules if isinstance(r.limit, int | float)]
    kept = [p for p in said.phrases if p.negated]
    if len(kept) != 1 or not limits or any(r.fired for r in rules):
        return
    limit = next((q for q in said.amounts if q.start >= kept[0].end), None)
    if limit and not any(states(limit, value, unit, pool.currency_unit) for value, unit in limits):
        yield said.problem("wrong_clause", f'"{limit.text}" is not the limit of {named[0]}')


@once
def labels_in(stems: frozenset[str], pool: Pool) -> frozenset[tuple[str, str]]:
    """The labels of the facts that these stems name or may mean."""
    return frozenset(label for label in pool.labels if pool.named(label[0], stems) >= MEANT)


def _labels(said: Said, pool: Pool) -> Iterator[Problem]:
    """A yes is not a no, a tenant no owner; what the file shows is not absent from it."""
    for name, value in sorted(labels_in(said.stems, pool)):
        surely = pool.named(name, said.stems)
        others = {v: words for (n, v), words in _values().items() if n == name}
        told = {v for v, words in others.items() if words & said.stems}
        wrong = bool(told) and value in others and value not in told
        if value in ("yes", "no") and surely >= NAMED:
            wrong = wrong or _denies(said, name, value, pool)
        if wrong:
            yield said.problem("wrong_name", f"{name.replace('_', ' ')} is {value} in the file")


def _denies(said: Said, name: str, value: str, pool: Pool) -> bool:
    """Whether the sentence says no where the file has yes, or yes where it has no."""
    if any((m["value"].lower() == value) is bool(m["no"]) for m in _YES_NO.finditer(said.text)):
        return True
    own = words_of(name, said.sequence, pool.titles.get(name, ""))
    if any(own & said.between(m.end(), m.end() + _NEARBY) for m in _ABSENT.finditer(said.text)):
        return value == "yes"
    return value == "no" and bool(_EXISTS.search(said.text)) and not _NEGATED.search(said.text)


def _steps(said: Said, pool: Pool) -> Iterator[Problem]:
    """No offer where none is made, no notice where none is due; and points are points."""
    if pool.outcome in _NO_OFFER and _OFFER.search(said.text):
        yield said.problem("outcome", "this decision makes no offer")
    if pool.missing and _NOT_ASKED.search(said.text):
        yield said.problem("negation", "the applicant is asked for what is missing")
    if pool.steps == ("accept_offer",) and _NOTICE.search(said.text):
        yield said.problem("outcome", "no notice is due on this decision")
    unit = _UNIT_OF_SCORE.search(said.text)
    if unit:
        yield said.problem(
            "unit", f'what is compared with the average is points, not "{unit["unit"] or unit["for"]}"'
        )


def _helped(said: Said, pool: Pool) -> Iterator[Problem]:
    """A principal reason of the score counted against the applicant, never for."""
    found = form("helped").search(said.text)
    if not found or negated_at(said.text, found.start()) or form("modal").search(said.text):
        return
    scored = {n for c in pool.carriers if c.rank is not None and c.scored for n in c.names}
    for topic in pool.topics(said.sequence):
        if topic & scored and "score" not in topic:
            name = min(topic).replace("_", " ")
            yield said.problem("comparator", f'{name} counted against, so "{found.group()}" is not so')


def _denials(said: Said, pool: Pool) -> Iterator[Problem]:
    """The claims of a decision affirm; what else is denied must be denied by what they rest on."""
    own = own_words(said, pool)
    if _TWICE.search(own.text):
        yield said.problem("negation", "a sentence that denies twice cannot be checked")
    for found in _DENIAL.finditer(own.text):
        verb = stem(found["verb"].lower())
        compared = any(p.start <= found.start("verb") < p.end for p in own.phrases)
        if _MUST_NOT.match(found.group()):
            yield said.problem("negation", "a person must decide, not must not")
        if compared or verb in listed("denied.txt") or is_stop(found["verb"]):
            continue
        near = (p for p in pool.passages if likeness(own.content, p) >= _NEAR)
        if not any(stem(m["verb"].lower()) == verb for p in near for m in _DENIAL.finditer(p.text)):
            yield said.problem("negation", f'nothing denies "{found["verb"]}"; check the "not"')


def _unconditional(said: Said, pool: Pool) -> Iterator[Problem]:
    """An approval has conditions or has none."""
    if pool.outcome is not Outcome.APPROVE:
        return
    own = any(c.kind == "condition" for c in pool.carriers)
    none = _NO_CONDITION.search(said.text)
    some = _CONDITION.search(said.text)
    if none and own:
        yield said.problem("negation", "the approval has a condition")
    elif _TURNED_ROUND.search(said.text):
        yield said.problem("negation", "the approval is subject to the condition, not the condition to it")
    elif some and not none and not own and not negated_at(said.text, some.start()):
        yield said.problem("unknown_condition", "the approval has no condition")


@cache
def _values() -> Mapping[tuple[str, str], frozenset[str]]:
    table = (line.partition(":") for line in lines("values.txt"))
    named = ((name.split(), words.replace("-", " ").split()) for name, _, words in table)
    return {(fact, value): frozenset(map(stem, words)) for (fact, value), words in named}

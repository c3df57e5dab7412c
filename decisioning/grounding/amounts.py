"""Every number of a sentence must be one of the record or of a clause, in the same role."""

import re
from collections.abc import Iterator

from decisioning.grounding.anchors import stays
from decisioning.grounding.content import is_about, is_framing
from decisioning.grounding.forms import form, pattern
from decisioning.grounding.lexicon import is_stop
from decisioning.grounding.passages import share
from decisioning.grounding.pool import Known, Pool, Role, equal, quoting, stated_in
from decisioning.grounding.ranks import is_rank
from decisioning.grounding.roles import could_be, has_role, roughly_true
from decisioning.grounding.said import Said, said_of
from decisioning.grounding.scope import is_general
from decisioning.grounding.text import words
from decisioning.grounding.topics import MEANT, NAMED
from decisioning.grounding.working import is_worked_out
from decisioning.model import Problem, Unit
from decisioning.numbers import SHARE, Kind, Quantity

_COUNTED = re.compile(rf"^\s*(?:[\w-]+\s+){{0,2}}?(?P<noun>{pattern('counted')})\b", re.IGNORECASE)
_FIRST = re.compile(r"\b(?:first|main|top|last|remaining|other|both)\s+$", re.IGNORECASE)
_COPULA = re.compile(
    r"\b(?:is|are|was|stands\s+at|comes\s+to|of|at|amounts\s+to|equals)\s+(?:only\s+|just\s+)?$",
    re.IGNORECASE,
)
_BEING = re.compile(r"\b(?:is|was|stands\s+at|comes\s+to)\s+$", re.IGNORECASE)
_SCORED = re.compile(r"\b(?:scor\w+|grey\s+zone|band|cut-?off|tier)\b", re.IGNORECASE)
_FITTING = 0.5
_CLEARLY = 0.19
_FEW = 10


def check_amounts(said: Said, pool: Pool) -> Iterator[Problem]:
    """A problem for each number of the sentence that stands on nothing or in another role."""
    for quantity in said.amounts:
        problem = _amount(said, quantity, pool)
        if problem:
            yield problem
    for found in form("multiple").finditer(said.text):
        if not any(found.group() in p.text.lower() for p in pool.passages):
            yield said.problem(
                "unreadable_number", f'"{found.group()}" cannot be checked; give the number itself'
            )


def _amount(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    if quantity.kind is Kind.UNREADABLE:
        return said.problem(
            "unreadable_number", f'"{quantity.text}" cannot be read as one number; write it as 1,234.5'
        )
    if is_rank(said, quantity):
        return None
    if quantity.kind is Kind.NUMBER and _counts(said, quantity, pool):
        return None
    found = list(pool.meaning(quantity))
    telling = (c for c in pool.carriers if any(stated_in(quantity, p) for p in c.passages))
    if any(is_about(said, c, pool) for c in telling):
        return None
    if not found and not quoting(quantity, pool):
        return _uncounted(said, quantity, pool)
    if not found or (is_general(said, pool) and quoting(quantity, pool)):
        return _quoted(said, quantity, pool)
    fitting = [k for k in found if has_role(said, quantity, k, pool)]
    if not fitting:
        return _misplaced(said, quantity, found)
    return _of_topic(said, quantity, fitting, pool)


def _quoted(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    """A number of the clauses: of one that the sentence speaks of, and of this case only as a limit."""
    stands = pool.outcome is None and stays(said, quantity, quoting(quantity, pool))
    if not _fits(said, pool) or (not stands and _of_other_part(said, quantity, pool)):
        return said.problem(
            "number_out_of_place", f'"{quantity.text}" stands in a clause that speaks of something else'
        )
    if pool.outcome is not None and quantity.kind is Kind.POINTS and not _SCORED.search(said.text):
        return said.problem("number_out_of_place", f'"{quantity.text}" are points of a score, not of this')
    limiting = quantity.bound or quantity.comparator or form("strict limit").search(said.part_of(quantity))
    if not is_general(said, pool) and not limiting:
        return said.problem(
            "limit_as_value", f'"{quantity.text}" is a number of a clause, not one of this decision'
        )
    return None


def _fits(said: Said, pool: Pool) -> bool:
    """Whether the clauses with the sentence's numbers speak of what the sentence speaks of."""
    with_numbers = {p.clause for o in said.amounts for p in quoting(o, pool)}
    carried = frozenset(k for p in pool.passages if p.clause in with_numbers for k in p.keys)
    content = said.content if pool.outcome else [w for w in said.content if not is_framing(w, said)]
    return share(content, carried) >= _FITTING


def _of_other_part(said: Said, quantity: Quantity, pool: Pool) -> bool:
    """Whether the clauses give another number of this kind to what the sentence speaks of."""
    own = [w for w in words(said.part_of(quantity)) if not is_stop(w.text)]
    alike = {True: 0.0, False: 0.0}
    for passage in pool.passages:
        source = said_of(passage.text)
        for other in source.amounts:
            if other.kind is quantity.kind or Kind.NUMBER in (other.kind, quantity.kind):
                stems = {w.stem for w in words(source.part_of(other)) if not is_stop(w.text)}
                near = sum(w.stem in stems for w in own) / max(1, len(own))
                is_it = (
                    equal(quantity, other)
                    or (other.kind is Kind.NUMBER and other.value == quantity.value)
                    or _opens(source, other, quantity)
                )
                alike[is_it] = max(alike[is_it], near)
    return alike[False] > alike[True] + _CLEARLY


def _opens(source: Said, low: Quantity, high: Quantity) -> bool:
    """Whether one number opens the range that another closes: "between 12 and 84 months"."""
    later = next((q for q in source.amounts if q.start >= low.end), None)
    if later is None or not equal(high, later):
        return False
    return bool(re.fullmatch(r"\s*(?:and|to|or|-|\u2013)\s*", source.text[low.end : later.start]))


def _uncounted(said: Said, quantity: Quantity, pool: Pool) -> Problem | None:
    if roughly_true(said, quantity, pool) or is_worked_out(said, quantity, pool):
        return None
    if quantity.kind is Kind.NUMBER and any(quantity.value == d.day.year for d in pool.dates):
        return None
    return said.problem(
        "unknown_number", f'"{quantity.text}" is no number of the decision or of the clauses given'
    )


def _counts(said: Said, quantity: Quantity, pool: Pool) -> bool:
    """Whether it counts things that are so many: reasons, conditions, limits broken; "one" is no claim."""
    if quantity.value == 1 and quantity.unit != SHARE and not any(c.isdigit() for c in quantity.text):
        return True
    counted = _COUNTED.match(said.text[quantity.end :])
    if not counted or quantity.value > _FEW:
        return False
    noun = counted["noun"].lower().rstrip("s")
    kinds = {
        "reason": "reasons",
        "factor": "reasons",
        "ground": "reasons",
        "condition": "conditions",
        "field": "missing",
    }
    known = {k.value for k in pool.numbers if k.unit is Unit.COUNT and k.name == kinds.get(noun, "rules")}
    partly = bool(_FIRST.search(said.text[: quantity.start])) and any(quantity.value <= n for n in known)
    return partly or float(quantity.value) in known


def _misplaced(said: Said, quantity: Quantity, found: list[Known]) -> Problem:
    roles = {k.role for k in found}
    if Role.VALUE in roles:
        name = _named(found, Role.VALUE)
        problem = f'"{quantity.text}" is the value of {name}, not a limit to compare with'
        return said.problem("value_as_limit", problem)
    if Role.LIMIT in roles:
        problem = f'"{quantity.text}" is the limit for {_named(found, Role.LIMIT)}, not its value'
        return said.problem("limit_as_value", problem)
    return said.problem("unknown_number", f'"{quantity.text}" is no number of the decision or of the clauses')


def _of_topic(said: Said, quantity: Quantity, found: list[Known], pool: Pool) -> Problem | None:
    """A number must not stand beside the name of something that has another value."""
    left, right = said.left_of(quantity), said.right_of(quantity)
    names = {k.name for k in found}
    clauses = {q.name for q in said.quantities if q.kind is Kind.CLAUSE}
    limits = (k for q in said.amounts for k in pool.meaning(q) if k.rule is not None)
    ruled = bool(names & {k.name for k in limits if k.rule and k.rule.clause in clauses})
    counted = any(pool.named(k.name, said.stems) >= MEANT for k in found)
    if quantity.kind is Kind.NUMBER and not ruled and not counted and not _alone(found, pool):
        return said.problem("number_of_another", f'nothing here says what "{quantity.text}" counts')
    unnamed = [k for k in found if pool.named(k.name, said.stems) < MEANT and not _is_bound(quantity, k)]
    if (
        len(unnamed) == len(found)
        and not ruled
        and not _alone(found, pool)
        and not {k.name for k in found} & _told_of(said, pool)
    ):
        problem = f'"{quantity.text}" is {_named(found, None)}, which the sentence does not name'
        return said.problem("number_of_another", problem)
    close = said.close_to(quantity)
    given: list[frozenset[str]] = []
    if _COPULA.search(said.text[: quantity.start]):
        given = [t for t in pool.topics(said.before(quantity)) if any(pool.named(n, close) > 0 for n in t)]
    if given and not any(topic & names for topic in given):
        other = _plain(min(given[-1]))
        problem = f'"{quantity.text}" is {_named(found, None)}, but the sentence gives it to {other}'
        return said.problem("number_of_another", problem)
    if (
        given
        and _BEING.search(said.text[: quantity.start])
        and not quantity.bound
        and {k.role for k in found} == {Role.LIMIT}
    ):
        return said.problem(
            "limit_as_value", f'"{quantity.text}" is the limit for {_named(found, None)}, not its value'
        )
    own = max(_near(pool, k.name, left, right) for k in found)
    others = pool.may_name(left | right) - names
    rivals = [n for n in others if n in pool.units and could_be(quantity, pool.units[n])]
    behind = {k.name for k in _next_meaning(said, quantity, pool)}
    weight = {n: _near(pool, n, left, frozenset() if n in behind else right) for n in rivals}
    rival = max(rivals, key=lambda name: (weight[name], name), default="")
    least = NAMED if any(pool.named(k.name, said.stems) >= MEANT for k in found) else MEANT
    written = quantity.kind in (Kind.MONEY, Kind.PERCENT, Kind.DURATION)
    least = MEANT if written and own == 0 and pool.named(rival, close) >= MEANT else least * 0.9
    nearest = weight[rival] if rival else 0.0
    if nearest < least or own >= nearest - 0.001:
        return None
    problem = f'"{quantity.text}" is {_named(found, None)}, but the sentence gives it to {_plain(rival)}'
    return said.problem("number_of_another", problem)


def _alone(found: list[Known], pool: Pool) -> bool:
    """Where there is no decision, a value that one fact has and no other speaks for itself."""
    return pool.outcome is None and len({k.name for k in found}) == 1


def _next_meaning(said: Said, quantity: Quantity, pool: Pool) -> tuple[Known, ...]:
    """What the next number of the sentence means: words between may be about that one."""
    later = next((q for q in said.amounts if q.start >= quantity.end), None)
    return pool.meaning(later) if later else ()


def _is_bound(quantity: Quantity, known: Known) -> bool:
    """A limit that is called one and has a unit speaks for itself: "the floor of ESP -40 thousand"."""
    return known.role is Role.LIMIT and bool(quantity.bound) and quantity.kind in (Kind.MONEY, Kind.PERCENT)


def _told_of(said: Said, pool: Pool) -> frozenset[str]:
    """The facts of the claims that the sentence is about."""
    return frozenset(n for c in pool.carriers if is_about(said, c, pool) for n in c.names)


def _near(pool: Pool, name: str, left: frozenset[str], right: frozenset[str]) -> float:
    return max(pool.named(name, left), pool.named(name, right) * 0.9)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _named(found: list[Known], role: Role | None) -> str:
    return next((_plain(k.name) for k in found if role is None or k.role is role), "")

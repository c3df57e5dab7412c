"""What would change the outcome: the search for the smallest change of each kind that is approved.

The search is a pure value machine. It names changes to try (`wave`), is told what a full decision on each
came to (`learn`), and answers with the first of each kind that was approved, so that nothing it returns is
guessed: a smaller change of the same kind on the same grid was decided too and was not approved. No order
is assumed between a change and its effect, since scores move in steps and a longer term may cost as well
as help. One action after another is tried first; two together only where none alone is enough.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from decisioning.actions import Action, changes_of, relative_change
from decisioning.edition import Edition
from decisioning.model import Decision, Effect, Frozen, Number, Outcome, Pricing, Rule, Score, Unit, Value

WAVE: Final = 48
"""Changes decided together."""
MOST_CANDIDATES: Final = 800
"""Changes decided in one search, at most."""
COARSE: Final = 6
"""Values of each action where two are combined."""

_BARS = (Effect.DECLINE, Effect.REFER)


class Change(Frozen):
    """One field before and after."""

    field: str
    title: str
    unit: Unit
    before: Value
    after: Value


class Flip(Frozen):
    """A rule that stood in the way of an approval and no longer does; `after` are the facts it reads then."""

    rule: Rule
    after: dict[str, Value]


class Counterfactual(Frozen):
    """A change under which the application was decided again and approved.

    `distance` is the share of its present value by which each field moves, summed.
    """

    actions: tuple[str, ...]
    title: str
    changes: tuple[Change, ...]
    distance: Number
    flips: tuple[Flip, ...]
    outcome: Outcome
    score: Score | None
    pricing: Pricing | None
    total_payable: Number | None
    conditions: tuple[str, ...]


class Searched(Frozen):
    """One kind of change: how many were decided, and where none was approved what stood in the way.

    `unanswered` changes could not be scored or priced; `still` are the rules that fired at the furthest.
    """

    actions: tuple[str, ...]
    title: str
    tried: int
    unanswered: int
    found: bool
    furthest: dict[str, Value]
    still: tuple[Rule, ...]


@dataclass(frozen=True)
class Candidate:
    """A change to decide on."""

    actions: tuple[str, ...]
    changes: Mapping[str, Value]
    distance: float

    def applied(self, application: Mapping[str, Value]) -> dict[str, Value]:
        """The application with this change."""
        return {**application, **self.changes}


@dataclass
class _Kind:
    """The changes of one kind, the smallest first, and what is known of them so far."""

    actions: tuple[str, ...]
    waiting: list[Candidate]
    tried: list[tuple[Candidate, Decision | None]] = field(default_factory=list)

    @property
    def approved(self) -> tuple[Candidate, Decision] | None:
        """The smallest approved change."""
        good = ((c, d) for c, d in self.tried if d is not None and d.outcome is Outcome.APPROVE)
        return min(good, key=lambda each: each[0].distance, default=None)


class Search:
    """The search for one application under one edition; `base` is its decision as it stands."""

    def __init__(self, edition: Edition, application: Mapping[str, Value], base: Decision) -> None:
        self._edition = edition
        self._application = application
        self._base = base
        self._kinds = [_Kind((name,), self._single(name)) for name in edition.product.actions]
        self._combined = False

    def wave(self, most: int = WAVE) -> Sequence[Candidate]:
        """The next changes to decide, the smallest of those that can still matter; none at the end."""
        if not self._waiting() and not self._combined and not self._approved():
            self._combined = True
            self._kinds += self._pairs()
        waiting = sorted(self._waiting(), key=lambda c: (c.distance, c.actions))
        chosen = waiting[: min(most, MOST_CANDIDATES - self.tried)]
        for kind in self._kinds:
            taken = sum(candidate.actions == kind.actions for candidate in chosen)
            kind.waiting = kind.waiting[taken:]
        return chosen

    def learn(self, candidate: Candidate, decision: Decision | None) -> None:
        """What the decision on a change came to; None where the models did not answer."""
        kind = next(kind for kind in self._kinds if kind.actions == candidate.actions)
        kind.tried.append((candidate, decision))

    @property
    def complete(self) -> bool:
        """Whether every change that could matter was decided."""
        unanswered = any(decision is None for kind in self._kinds for _, decision in kind.tried)
        return not unanswered and not self._waiting()

    @property
    def tried(self) -> int:
        """How many changes were decided."""
        return sum(len(kind.tried) for kind in self._kinds)

    def found(self) -> tuple[Counterfactual, ...]:
        """The smallest approved change of each kind, the smallest first."""
        approved = [each for kind in self._kinds if (each := kind.approved) is not None]
        approved.sort(key=lambda each: (each[0].distance, each[0].actions))
        return tuple(self._counterfactual(candidate, decision) for candidate, decision in approved)

    def searched(self) -> tuple[Searched, ...]:
        """Each kind of change that was tried."""
        return tuple(self._searched(kind) for kind in self._kinds if kind.tried)

    def _single(self, name: str) -> list[Candidate]:
        edition = self._edition
        changes = changes_of(
            edition.product.actions[name], self._application, edition.application, edition.values
        )
        return [self._candidate((name,), each) for each in changes]

    def _pairs(self) -> Iterator[_Kind]:
        """Two actions on different fields, each at a few values over its whole way."""
        singles = {kind.actions[0]: [c for c, _ in kind.tried] + kind.waiting for kind in self._kinds}
        for one, other in combinations(singles, 2):
            if _fields(self._action(one)) & _fields(self._action(other)):
                continue
            pairs = [
                self._candidate((one, other), {**first.changes, **second.changes})
                for first in _spread(singles[one])
                for second in _spread(singles[other])
            ]
            yield _Kind((one, other), sorted(pairs, key=lambda candidate: candidate.distance))

    def _waiting(self) -> list[Candidate]:
        return [c for kind in self._kinds if not kind.approved for c in kind.waiting]

    def _approved(self) -> bool:
        return any(kind.approved for kind in self._kinds)

    def _candidate(self, actions: tuple[str, ...], changes: Mapping[str, Value]) -> Candidate:
        return Candidate(actions, changes, relative_change(self._application, changes))

    def _action(self, name: str) -> Action:
        return self._edition.product.actions[name]

    def _title(self, actions: tuple[str, ...]) -> str:
        return " and ".join(self._action(name).title for name in actions)

    def _searched(self, kind: _Kind) -> Searched:
        furthest = max(kind.tried, key=lambda each: each[0].distance)
        answered = [each for each in kind.tried if each[1] is not None]
        last = max(answered, key=lambda each: each[0].distance, default=None)
        found = kind.approved is not None
        return Searched(
            actions=kind.actions,
            title=self._title(kind.actions),
            tried=len(kind.tried),
            unanswered=len(kind.tried) - len(answered),
            found=found,
            furthest=dict(furthest[0].changes),
            still=() if found or last is None or last[1] is None else tuple(bars_of(last[1])),
        )

    def _counterfactual(self, candidate: Candidate, decision: Decision) -> Counterfactual:
        return Counterfactual(
            actions=candidate.actions,
            title=self._title(candidate.actions),
            changes=tuple(
                change_of(self._edition, self._application, name, value)
                for name, value in candidate.changes.items()
            ),
            distance=candidate.distance,
            flips=flips(self._base, decision),
            outcome=decision.outcome,
            score=decision.score,
            pricing=decision.pricing,
            total_payable=decision.offer.total_payable if decision.offer else None,
            conditions=tuple(condition.code for condition in decision.conditions),
        )


def change_of(edition: Edition, application: Mapping[str, Value], name: str, after: Value) -> Change:
    """One changed field as it is told."""
    field = edition.application.fields[name]
    return Change(field=name, title=field.title, unit=field.unit, before=application[name], after=after)


def bars_of(decision: Decision) -> Iterator[Rule]:
    """The rules that stood between this application and an approval."""
    return (rule for rule in decision.rules if rule.fired and rule.effect in _BARS)


def flips(before: Decision, after: Decision) -> tuple[Flip, ...]:
    """The rules that stood in the way before and do not after, with the facts that they read then."""
    still = {rule.id for rule in bars_of(after)}
    return tuple(_flip(rule, after) for rule in bars_of(before) if rule.id not in still)


def _flip(rule: Rule, after: Decision) -> Flip:
    read = dict.fromkeys((rule.fact, *(comparison.fact for comparison in rule.also)))
    return Flip(rule=rule, after={name: after.facts[name].value for name in read if name in after.facts})


def _fields(action: Action) -> frozenset[str]:
    return frozenset({action.field, *action.together})


def _spread(candidates: Iterable[Candidate]) -> list[Candidate]:
    """At most COARSE of them, evenly over the whole way, the last among them."""
    listed = list(candidates)
    if len(listed) <= COARSE:
        return listed
    places = {round((step + 1) * (len(listed) - 1) / COARSE) for step in range(COARSE)}
    return [listed[place] for place in sorted(places)]

"""A counter-offer: where an application is declined for its amount or term alone, the most that is approved.

Each candidate goes through the real models and the whole judgement, like an application of its own. Nothing
is offered that was not approved so, and nothing at all where a model did not answer on a smaller change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from decisioning.actions import changes_of, relative_change
from decisioning.answers import Answers
from decisioning.counterfactuals import WAVE
from decisioning.edition import Edition
from decisioning.errors import DependencyFailed
from decisioning.judge import Judgement, judge
from decisioning.model import Effect, Outcome, Value

Application = Mapping[str, Value]
Ask = Callable[[Application], Awaitable[Answers]]


@dataclass(frozen=True)
class Countered:
    """The application on other terms, what the models answered on it, and its approval."""

    application: Application
    answers: Answers
    judgement: Judgement


def may_counter(edition: Edition, judgement: Judgement) -> bool:
    """Whether the product makes a counter-offer here: declined for nothing but what it names."""
    allowed = edition.product.counter_offer
    if allowed is None or judgement.outcome is not Outcome.DECLINE:
        return False
    broken = [rule for rule in judgement.rules if rule.fired and rule.effect is Effect.DECLINE]
    return all(rule.fact in allowed.declined_for for rule in broken)


async def countered(edition: Edition, application: Application, ask: Ask) -> Countered | None:
    """The smallest change of terms that is approved, None where there is none; asks in waves at once."""
    candidates = _candidates(edition, application)
    for start in range(0, len(candidates), WAVE):
        wave = candidates[start : start + WAVE]
        answers = await asyncio.gather(*map(ask, wave))
        for candidate, answered in zip(wave, answers, strict=True):
            if answered.failure is not None:
                return None
            found = _judged(edition, candidate, answered)
            if found is None:
                return None
            if found.outcome is Outcome.APPROVE:
                return Countered(candidate, answered, found)
    return None


def countered_again(edition: Edition, application: Application, answers: Answers) -> Countered | None:
    """The same counter-offer from what was stored; None where it is no approval any more."""
    found = _judged(edition, application, answers)
    return Countered(application, answers, found) if found and found.outcome is Outcome.APPROVE else None


def _candidates(edition: Edition, application: Application) -> list[Application]:
    allowed = edition.product.counter_offer
    names = allowed.actions if allowed else ()
    changes = [
        change
        for name in names
        for change in changes_of(
            edition.product.actions[name], application, edition.application, edition.values
        )
    ]
    changes.sort(key=lambda change: relative_change(application, change))
    return [{**application, **change} for change in changes]


def _judged(edition: Edition, application: Application, answers: Answers) -> Judgement | None:
    """The judgement, None where the models' answers cannot be used."""
    try:
        found = judge(edition, application, answers)
    except DependencyFailed:
        return None
    return None if found.causes else found

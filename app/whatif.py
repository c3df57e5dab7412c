"""Changed applications decided for real and stored nowhere: what would change the outcome, and what if.

Each change goes through the same `decide` as a live application, with the real scoring and pricing APIs
and the very rules, parameters and manual of the decision it starts from. Concurrent changes share calls
to the models. What was asked is written to the audit trail, what an applicant owns or owes is not.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson

from app.replaying import stored_edition
from app.stopwatch import SpanStopwatch
from app.storage.audit import AuditEvent, record_event
from app.storage.decisions import load_stored
from app.telemetry import Attr, SpanName, current_trace_id, span
from app.wiring import Services
from decisioning.counterfactuals import Candidate, Search, bars_of, change_of, flips
from decisioning.decide import Decided, Request, decide
from decisioning.edition import Edition
from decisioning.errors import DependencyFailed
from decisioning.model import Decision, Inputs, Outcome, Value
from decisioning.product import Product, named
from decisioning.whatif import (
    APPROVED_NOW,
    WhatChanges,
    WhatIf,
    sentences_of,
    tier_of,
    why_none,
    why_not_searched,
)

SEARCH_S: Final = 20.0
"""Seconds for a whole search: an analyst waits for it."""


@dataclass(frozen=True)
class Recorded:
    """A stored decision with the edition that it was taken under, rebuilt from what was stored."""

    decision: Decision
    inputs: Inputs
    edition: Edition
    product: Product
    in_force_today: bool


async def what_changes(services: Services, decision_id: UUID, key_id: UUID | None) -> WhatChanges:
    """What would change the outcome of that decision, executed.

    Raises UnknownRecord, UnknownProduct, EvidenceChanged, and DependencyFailed where the models cannot
    be asked at all.
    """
    recorded = await recorded_decision(services, decision_id)
    with span(SpanName.WHAT_IF.format(recorded.decision.product), attributes=_about(decision_id)):
        found = await _searched(services, recorded)
        kinds = ["+".join(each.actions) for each in found.counterfactuals]
        detail = {"tried": found.tried, "complete": found.complete, "found": kinds}
        await _audit(services, key_id, "counterfactuals", decision_id, detail)
    return found


async def what_if(
    services: Services, decision_id: UUID, changes: Mapping[str, Value], key_id: UUID | None
) -> WhatIf:
    """That decision's application with these fields changed, decided under its own edition.

    Raises as `what_changes` does, and InvalidApplication where a change breaks the product's schema.
    """
    recorded = await recorded_decision(services, decision_id)
    edition, application = recorded.edition, recorded.inputs.application
    changed = edition.application.read({**application, **changes})
    with span(SpanName.WHAT_IF.format(recorded.decision.product), attributes=_about(decision_id)):
        watch = SpanStopwatch(edition.product.budget_s.total)
        base, decided = await asyncio.gather(
            _decided(services, recorded, application, watch), _decided(services, recorded, changed, watch)
        )
        _raise_unanswered(base.decision, decided.decision)
        await _audit(services, key_id, "what_if", decision_id, {"fields": sorted(changes)})
    before, after = base.decision, decided.decision
    fired = {rule.id for rule in bars_of(before)}
    return WhatIf(
        decision_id=decision_id,
        changes=tuple(change_of(edition, application, name, changed[name]) for name in changes),
        outcome=after.outcome,
        outcome_now=before.outcome,
        flips=flips(before, after),
        newly_fired=tuple(rule for rule in bars_of(after) if rule.id not in fired),
        score=after.score,
        decision=after,
        price_tier=tier_of(edition, after, decided.inputs),
        as_of=after.as_of,
        edition=edition.name,
        in_force_today=recorded.in_force_today,
        created_at=services.now(),
        trace_id=current_trace_id(),
    )


async def recorded_decision(services: Services, decision_id: UUID) -> Recorded:
    """The decision as it was stored, under the rules and numbers that it was taken with."""
    stored = await load_stored(services.engine, decision_id)
    decision, edition = stored.decision, await stored_edition(services, stored)
    product = named(services.products, decision.product)
    today = product.on(product.today(services.now()))
    then = replace(product, starts=(date.min,), editions=(edition,))
    same = dict(today.digests) == dict(edition.digests)
    return Recorded(decision, stored.inputs, edition, then, same)


async def _searched(services: Services, recorded: Recorded) -> WhatChanges:
    decision, edition = recorded.decision, recorded.edition
    if (reason := why_not_searched(edition, decision)) is not None:
        return _told(services, recorded, None, None, reason)
    watch = SpanStopwatch(SEARCH_S)
    base = await _decided(services, recorded, recorded.inputs.application, watch)
    _raise_unanswered(base.decision)
    if base.decision.outcome is Outcome.APPROVE:
        return _told(services, recorded, base, None, APPROVED_NOW)
    search = Search(edition, recorded.inputs.application, base.decision)
    while watch.remaining_s() > 0 and (wave := search.wave()):
        learned = await _try_all(services, recorded, wave, watch)
        for candidate, outcome in zip(wave, learned, strict=True):
            search.learn(candidate, outcome)
    return _told(services, recorded, base, search, why_none(search))


async def _try_all(
    services: Services, recorded: Recorded, wave: Sequence[Candidate], watch: SpanStopwatch
) -> list[Decision | None]:
    """The decisions on these changes, made at once; None where the models did not answer."""
    application = recorded.inputs.application

    async def tried(candidate: Candidate) -> Decision | None:
        try:
            decided = await _decided(services, recorded, candidate.applied(application), watch)
        except DependencyFailed:
            return None
        return None if decided.decision.causes else decided.decision

    return await asyncio.gather(*map(tried, wave))


async def _decided(
    services: Services, recorded: Recorded, application: Mapping[str, Value], watch: SpanStopwatch
) -> Decided:
    """A whole decision under the recorded one's edition, within the time that is left."""
    budget_s = min(recorded.edition.product.budget_s.total, watch.remaining_s())
    return await decide(
        Request(application=application, as_of=recorded.decision.as_of, on_other_terms=False),
        recorded.product,
        services.scoring,
        services.pricing,
        SpanStopwatch(budget_s),
        services.now(),
        services.new_id(),
        current_trace_id(),
    )


def _raise_unanswered(*decisions: Decision) -> None:
    """Without the models nothing can be executed."""
    for decision in decisions:
        for cause in decision.causes:
            raise DependencyFailed(cause.dependency, cause.problem)


def _told(
    services: Services,
    recorded: Recorded,
    base: Decided | None,
    search: Search | None,
    none_because: str | None,
) -> WhatChanges:
    decision, edition = recorded.decision, recorded.edition
    found = search.found() if search else ()
    return WhatChanges(
        decision_id=decision.id,
        product=decision.product,
        outcome=decision.outcome,
        outcome_now=base.decision.outcome if base else None,
        counterfactuals=found,
        sentences=sentences_of(edition, decision, found),
        none_because=none_because,
        searched=search.searched() if search else (),
        tried=search.tried if search else 0,
        complete=search.complete if search else True,
        price_tier=tier_of(edition, decision, recorded.inputs),
        as_of=decision.as_of,
        edition=edition.name,
        in_force_today=recorded.in_force_today,
        versions=base.decision.versions if base else decision.versions,
        created_at=services.now(),
        trace_id=current_trace_id(),
    )


async def _audit(
    services: Services, key_id: UUID | None, action: str, decision_id: UUID, detail: Mapping[str, Any]
) -> None:
    event = AuditEvent(
        services.new_id(), services.now(), key_id, action, str(decision_id), orjson.dumps(detail).decode()
    )
    await record_event(services.engine, event)


def _about(decision_id: UUID) -> dict[str, str]:
    return {Attr.DECISION_ID: str(decision_id)}

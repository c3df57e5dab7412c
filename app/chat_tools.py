"""The chat's tools over the service: each look-up is a span, is told as it happens, and is remembered.

Everything here reads. `try_changes` asks the scoring and pricing APIs and the rules about a changed
application; what comes of it is never stored, that it was tried is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from app.stopwatch import SpanStopwatch
from app.storage.audit import AuditEvent, record_event
from app.storage.decisions import load_stored
from app.storage.resolutions import Resolution, load_resolution
from app.telemetry import Attr, SpanName, current_trace_id, span
from app.whatif import what_changes, what_if
from app.wiring import Services
from decisioning.chat.tools import CannotTry, Change, Counterfactuals, Found, NoticeDue, Resolved, Trace
from decisioning.decide import Request, decide
from decisioning.errors import InvalidApplication, NoPolicyInForce
from decisioning.explain import sha256_of
from decisioning.lender_time import in_lender_time
from decisioning.model import Decision, Mode, Value
from decisioning.ports import Clause
from decisioning.product import Product

SEARCHED = 8
MOST_TOLD = 4
EXECUTE = "execute_tool"
Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Called with the name of a tool, what it was asked and what it found: numbers and names only."""


async def tell_nobody(_tool: str, _found: dict[str, Any]) -> None:
    """Nobody watches."""


@dataclass
class Calls:
    """What the tools were asked in one turn and found, enough to answer the same again."""

    made: list[dict[str, Any]] = field(default_factory=list)
    clauses: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def saw(self, clauses: Sequence[Clause]) -> None:
        """Remember which texts were read."""
        for clause in clauses:
            self.clauses[clause.document, clause.clause, clause.edition] = sha256_of(clause)


class LiveTools:
    """decisioning.chat.Tools over the services, for one turn about one product and at most one decision."""

    def __init__(
        self, services: Services, product: Product, decision: Decision | None, key_id: UUID | None, tell: Tell
    ) -> None:
        self._services = services
        self._product = product
        self._decision = decision
        self._key_id = key_id
        self._tell = tell
        self.calls = Calls()

    async def read_decision(self) -> Decision | None:
        """The decision that the conversation is about."""
        decision = self._decision
        if decision is not None:
            async with self._call("read_decision", decision_id=str(decision.id)) as call:
                call.found(outcome=decision.outcome.value)
        return decision

    async def read_trace(self) -> Trace | None:
        """How long its stages took, and what made it."""
        decision = self._decision
        if decision is None:
            return None
        async with self._call("read_trace", decision_id=str(decision.id)) as call:
            timings = {n: v for n, v in decision.timings_ms.model_dump().items() if v is not None}
            versions = {n: v for n, v in decision.versions.model_dump().items() if v}
            call.found(trace_id=decision.trace_id)
        return Trace(trace_id=decision.trace_id, timings_ms=timings, versions=versions)

    async def read_clauses(self, names: Sequence[str], day: date) -> Mapping[str, Clause]:
        """The clauses of these names in force on that day."""
        if not names:
            return {}
        async with self._call("read_clauses", clauses=list(names), as_of=day.isoformat()) as call:
            found = await self._services.clauses.named(self._product.document, names, day)
            self.calls.saw(list(found.values()))
            call.found(clauses=sorted(found))
        return found

    async def read_history(self, name: str) -> Sequence[Clause]:
        """Every text that a clause has had, in the order in which they bind."""
        async with self._call("read_history", clause=name) as call:
            found = await self._services.clauses.history(self._product.document, name)
            call.found(editions=[c.edition for c in found])
        return found

    async def search_policies(self, query: str, day: date) -> Sequence[Found]:
        """The clauses in force on that day that are nearest to the query, best first."""
        async with self._call("search_policies", as_of=day.isoformat()) as call:
            hits = await self._services.clauses.search(query, day, None, self._product.document, SEARCHED)
            self.calls.saw([hit.clause for hit in hits])
            nearness = [round(hit.cosine, 6) for hit in hits]
            call.found(clauses=[hit.clause.clause for hit in hits], nearness=nearness)
        return [Found(hit.clause, near) for hit, near in zip(hits, nearness, strict=True)]

    async def compare_policies(self, before: date, after: date) -> Sequence[Change]:
        """What is not the same on the two days."""
        async with self._call("compare_policies", before=before.isoformat(), after=after.isoformat()) as call:
            found = await self._services.clauses.differences(self._product.document, before, after)
            call.found(clauses=[c.clause for c in found])
        return found

    async def try_changes(self, changes: Mapping[str, Value], day: date | None) -> Decision:
        """What the models and rules of that day (the decision's) make of the changed application."""
        if self._decision is None:
            raise CannotTry("there is no decision to change anything of")
        about = day or self._decision.as_of
        async with self._call("try_changes", changes=dict(changes), as_of=about.isoformat()) as call:
            made = await self._simulated(self._decision, changes, about)
            if isinstance(made, CannotTry):
                call.found(refused=str(made))
            else:
                call.found(outcome=made.outcome.value)
                call.kept["decision"] = made.model_dump(mode="json")
        if isinstance(made, CannotTry):
            raise made
        return made

    async def find_counterfactuals(self) -> Counterfactuals | None:
        """The smallest changes that were executed and approve."""
        decision = self._decision
        if decision is None:
            return None
        async with self._call("find_counterfactuals", decision_id=str(decision.id)) as call:
            found = await what_changes(self._services, decision.id, self._key_id)
            each = tuple({c.field: c.after for c in one.changes} for one in found.counterfactuals[:MOST_TOLD])
            told = Counterfactuals(changes=each, as_of=found.as_of, none_because=found.none_because)
            call.found(tried=found.tried, approved=len(found.counterfactuals))
            call.kept["counterfactuals"] = told.model_dump(mode="json")
        return told

    async def read_notice(self) -> NoticeDue | None:
        """The notice that the record asks for."""
        decision = self._decision
        if decision is None:
            return None
        async with self._call("read_notice", decision_id=str(decision.id)) as call:
            due = decision.notice
            call.found(kind=due.kind if due else None)
        return NoticeDue(kind=due.kind, due_on=due.due_at.date()) if due else None

    async def read_resolution(self) -> Resolved | None:
        """What a person decided of the referral."""
        decision = self._decision
        if decision is None:
            return None
        async with self._call("read_resolution", decision_id=str(decision.id)) as call:
            found = await load_resolution(self._services.engine, decision.id)
            resolved = self._told(decision, found) if found else None
            call.found(outcome=resolved.outcome.value if resolved else None)
            call.kept["resolved"] = resolved.model_dump(mode="json") if resolved else None
        return resolved

    def _told(self, decision: Decision, found: Resolution) -> Resolved:
        edition = self._product.on(decision.as_of)
        known = edition.catalogue.reasons
        reasons = tuple(known[code].applicant for code in found.reasons if code in known)
        day = found.created_at.astimezone(ZoneInfo(edition.product.timezone)).date()
        return Resolved(outcome=found.outcome, reasons=reasons, on=day)

    async def _simulated(
        self, decision: Decision, changes: Mapping[str, Value], day: date
    ) -> Decision | CannotTry:
        try:
            if day == decision.as_of:
                tried = await what_if(self._services, decision.id, changes, self._key_id)
                made = tried.decision
            else:
                made = await self._on_another_day(decision, changes, day)
        except (InvalidApplication, NoPolicyInForce) as refused:
            return CannotTry(_plain(refused))
        home = in_lender_time(made, self._product.on(day).product.timezone)
        return home.model_copy(update={"mode": Mode.SIMULATION, "notice": None})

    async def _on_another_day(self, decision: Decision, changes: Mapping[str, Value], day: date) -> Decision:
        """The same under the policy of another day, which the decision itself never saw."""
        services = self._services
        stored = await load_stored(services.engine, decision.id)
        decided = await decide(
            Request({**stored.inputs.application, **changes}, None, decision.received_at, day),
            self._product,
            services.scoring,
            services.pricing,
            SpanStopwatch(self._product.on(day).product.budget_s.total),
            services.now(),
            services.new_id(),
            current_trace_id(),
        )
        await self._audit(decision, changes, decided.decision)
        return decided.decision

    async def _audit(self, decision: Decision, changes: Mapping[str, Value], made: Decision) -> None:
        services = self._services
        detail = {"fields": sorted(changes), "as_of": made.as_of.isoformat()}
        event = AuditEvent(
            services.new_id(),
            services.now(),
            self._key_id,
            "what_if",
            str(decision.id),
            orjson.dumps(detail).decode(),
        )
        await record_event(services.engine, event)

    def _call(self, tool: str, **arguments: Any) -> "_Call":
        return _Call(self._tell, self.calls, tool, arguments)


def _plain(refused: Exception) -> str:
    """The refusal in words of the application's own fields."""
    return str(refused).replace("application.", "").replace("_", " ").rstrip(".")


class _Call:
    """One call of a tool: a span while it runs, then told and remembered."""

    def __init__(self, tell: Tell, calls: Calls, tool: str, arguments: dict[str, Any]) -> None:
        self._tell = tell
        self._calls = calls
        self._tool = tool
        self._arguments = arguments
        self._found: dict[str, Any] = {}
        self._span = span(
            SpanName.TOOL.format(tool), attributes={Attr.OPERATION: EXECUTE, Attr.TOOL_NAME: tool}
        )
        self.kept: dict[str, Any] = {}

    def found(self, **found: Any) -> None:
        """What it found, in names and numbers."""
        self._found = found

    async def __aenter__(self) -> "_Call":
        self._span.__enter__()
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trail: Any) -> None:
        self._span.__exit__(kind, error, trail)
        if error is None:
            told = {"arguments": self._arguments, **self._found}
            self._calls.made.append({"tool": self._tool, **told, **self.kept})
            await self._tell(self._tool, told)

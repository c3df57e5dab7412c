"""Kept conversations: answered again from what was kept, and erased when nothing holds them any more."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.chat_tools import Calls
from app.errors import Conflict
from app.storage.chats import conversations_of, erase_conversation, load_conversation
from app.storage.decisions import load_decision
from app.storage.errors import UnknownRecord
from app.wiring import Services
from decisioning.chat import Asking, Memory, answer
from decisioning.chat.tools import CannotTry, Change, Counterfactuals, Found, NoticeDue, Resolved, Trace
from decisioning.errors import DependencyFailed
from decisioning.lender_time import in_lender_time
from decisioning.model import Decision, Value
from decisioning.ports import Clause, Stopwatch
from decisioning.product import named
from decisioning.replay import Difference, first_difference

_MONTH = timedelta(days=31)


async def replay_turn(
    services: Services, conversation_id: UUID, position: int, stopwatch: Stopwatch
) -> Difference | None:
    """The first difference between a turn's answer and the same made again from what was kept, if any.

    The clauses are read as they were known then; no model is asked, what it said is kept. Raises
    UnknownRecord.
    """
    conversation, turns = await load_conversation(services.engine, conversation_id)
    if not 1 <= position <= len(turns):
        raise UnknownRecord(f"conversation {conversation_id} has no turn {position}")
    turn = turns[position - 1]
    kept = orjson.loads(turn.evidence)
    about = conversation.decision_id
    decision = await load_decision(services.engine, about) if about else None
    product = named(services.products, kept["product"])
    asking = Asking(
        question=turn.message,
        product=product,
        as_of=date.fromisoformat(kept["asked_as_of"]),
        today=date.fromisoformat(kept["today"]),
        decision=in_lender_time(decision, product.on(decision.as_of).product.timezone) if decision else None,
        memory=Memory.model_validate(kept["before"]),
    )
    tools = KeptTools(services, asking, kept["tools"], turn.created_at)
    model = KeptModel(kept["llm"], kept["llm_outputs"]) if kept["llm"] else None
    made = await answer(asking, tools, model, stopwatch)
    return first_difference(orjson.loads(turn.answer), made.answer.model_dump(mode="json"), "answer")


async def erase(services: Services, conversation_id: UUID) -> bool:
    """Erase a conversation; raises Conflict while the record of its decision must be kept."""
    conversation, _ = await load_conversation(services.engine, conversation_id)
    if conversation.decision_id is not None:
        decision = await load_decision(services.engine, conversation.decision_id)
        until = kept_until(services, decision)
        if services.now() < until:
            raise Conflict(f"the record of the decision is kept until {until.date()}, this with it")
    return await erase_conversation(services.engine, conversation_id)


async def erase_about(services: Services, decision_id: UUID) -> int:
    """Erase every conversation about a decision; how many. Raises Conflict as `erase` does."""
    found = await conversations_of(services.engine, decision_id)
    for each in found:
        await erase(services, each)
    return len(found)


def kept_until(services: Services, decision: Decision) -> datetime:
    """The end of the time for which the product keeps the decision's record, months counted long."""
    edition = named(services.products, decision.product).on(decision.as_of)
    return decision.created_at + edition.product.retention_months * _MONTH


class KeptModel:
    """decisioning.ports.LanguageModel that says again what one said."""

    def __init__(self, name: str, outputs: Sequence[str]) -> None:
        self.name = name
        self._outputs = deque(outputs)

    async def write(self, system: str, user: str, schema: Mapping[str, Any], timeout_s: float) -> str:
        """The next output; where there was none, there is none again."""
        if not self._outputs:
            raise DependencyFailed("llm", "gave no answer")
        return self._outputs.popleft()


class KeptTools:
    """decisioning.chat.Tools that give again what they gave: clauses as they were known at that time."""

    def __init__(
        self, services: Services, asking: Asking, made: Sequence[dict[str, Any]], known_at: datetime
    ) -> None:
        self._clauses = services.clauses
        self._decision = asking.decision
        self._document = asking.product.document
        self._known_at = known_at
        self._made = deque(made)
        self.calls = Calls()

    def _next(self, tool: str) -> dict[str, Any]:
        """What the next call of that tool found; nothing where it failed then."""
        while self._made:
            call = self._made.popleft()
            if call["tool"] == tool:
                return call
        return {}

    async def read_decision(self) -> Decision | None:
        """The decision that the conversation is about."""
        return self._decision

    async def read_trace(self) -> Trace | None:
        """From the record."""
        decision = self._decision
        if decision is None:
            return None
        timings = {n: v for n, v in decision.timings_ms.model_dump().items() if v is not None}
        versions = {n: v for n, v in decision.versions.model_dump().items() if v}
        return Trace(trace_id=decision.trace_id, timings_ms=timings, versions=versions)

    async def read_clauses(self, names: Sequence[str], day: date) -> Mapping[str, Clause]:
        """As they were known."""
        return await self._clauses.named(self._document, names, day, self._known_at) if names else {}

    async def read_history(self, name: str) -> Sequence[Clause]:
        """As it was known."""
        return await self._clauses.history(self._document, name, self._known_at)

    async def search_policies(self, query: str, day: date) -> Sequence[Found]:
        """The clauses that were found, in that order."""
        call = self._next("search_policies")
        names, near = call.get("clauses", []), call.get("nearness", [])
        read = await self.read_clauses(names, day)
        return [Found(read[n], x) for n, x in zip(names, near, strict=True) if n in read]

    async def compare_policies(self, before: date, after: date) -> Sequence[Change]:
        """As they were known."""
        return await self._clauses.differences(self._document, before, after, self._known_at)

    async def try_changes(self, changes: Mapping[str, Value], day: date | None) -> Decision:
        """What came of it then."""
        call = self._next("try_changes")
        if "refused" in call:
            raise CannotTry(call["refused"])
        return Decision.model_validate(call["decision"])

    async def find_counterfactuals(self) -> Counterfactuals | None:
        """What was found then."""
        call = self._next("find_counterfactuals")
        return Counterfactuals.model_validate(call["counterfactuals"]) if call else None

    async def read_notice(self) -> NoticeDue | None:
        """From the record."""
        due = self._decision.notice if self._decision else None
        return NoticeDue(kind=due.kind, due_on=due.due_at.date()) if due else None

    async def read_resolution(self) -> Resolved | None:
        """What was found then."""
        call = self._next("read_resolution")
        return Resolved.model_validate(call["resolved"]) if call.get("resolved") else None

"""How a suite asks production: one decision taken and stored, as HTTP and the command line do it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.deciding import Order, take
from app.schemas import DecisionRequest
from app.wiring import Services
from decisioning.model import Decision, Value

PRODUCT = "consumer-loan"
TRIES = 5
_OF_THE_MOMENT = ("id", "external_id", "trace_id", "timings_ms", "explanation")


async def taken(
    services: Services, application: Mapping[str, Value], *, day: date | None = None, **request: Any
) -> Decision:
    """The stored decision; `request` may hold any other field of a request.

    Where a model API was late the request is made again: that the machine is busy is no finding.
    """
    wanted = {"product": PRODUCT, "application": dict(application), "explain": "none", "as_of": day}
    order = Order(DecisionRequest(**{**wanted, **request}), may_simulate=True)
    for _ in range(TRIES - 1):
        decision = (await take(services, order)).decision
        if not decision.causes:
            return decision
    return (await take(services, order)).decision


def lasting(decision: Decision) -> dict[str, Any]:
    """The decision without what is only of its moment: ids, timings, words."""
    whole = decision.model_dump(mode="json")
    return {name: value for name, value in whole.items() if name not in _OF_THE_MOMENT}

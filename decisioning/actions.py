"""What an applicant can act on: fields of an application that a product lets change, in which steps.

Only what lowers what is owed, or moves the term, may be declared: never a dearer purchase, never a larger
loan, never another person (Regulation B, 12 CFR 1002.7(d)).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, cast

from pydantic import Field

from decisioning.application import ApplicationSchema
from decisioning.errors import InvalidProduct
from decisioning.model import Frozen, Name, Unit, Value
from decisioning.parameters import Parameters
from decisioning.rounding import rounded

MOST_STEPS = 100
"""Values tried of one action: where more lie between the present value and the last, the steps grow."""

_GROWTH = (1, 2, 5)
_MONEY = (Unit.MONEY, Unit.MONEY_PER_MONTH)


class Action(Frozen):
    """One entry of `actions` in `product.json`.

    `field` moves in the `direction` by multiples of `step`, no further than the parameter named `until`
    (the field's own bound where there is none). Fields of `together` fall by the same sum.
    """

    title: Name
    field: Name
    direction: Literal["down", "up"]
    step: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    until: Name | None = None
    together: tuple[Name, ...] = ()


Actions = Mapping[str, Action]


def check_actions(actions: Actions, application: ApplicationSchema, parameters: Parameters) -> None:
    """Raises InvalidProduct naming the action that cannot be, or that nobody may be nudged to."""
    for name, action in actions.items():
        where = f"product.json: actions: {name}"
        for field in (action.field, *action.together):
            found = application.fields.get(field)
            if found is None or found.type == "choice":
                raise InvalidProduct(f"{where}: {field} is no number of application.json")
            if action.direction == "up" and (found.unit is not Unit.MONTHS or action.together):
                raise InvalidProduct(f"{where}: {field} may only go down; a term alone may go up")
            if field in action.together and found.unit not in _MONEY:
                raise InvalidProduct(f"{where}: {field} is no money, it cannot fall by the same sum")
        unit = application.fields[action.field].unit
        if action.until is not None and (
            action.until not in parameters or parameters[action.until].unit is not unit
        ):
            raise InvalidProduct(f"{where}: {action.until} is no parameter in force in {unit.value}")


def changes_of(
    action: Action, application: Mapping[str, Value], schema: ApplicationSchema, limits: Mapping[str, float]
) -> Iterator[dict[str, Value]]:
    """The fields that change and their new values, the smallest change first; at most MOST_STEPS.

    `limits` are the parameters in force. Nothing where the field has no value or is at its last already.
    """
    present = application[action.field]
    if isinstance(present, bool) or not isinstance(present, int | float):
        return
    field, last = schema.fields[action.field], _last(action, schema, limits)
    if last >= present if action.direction == "down" else last <= present:
        return
    for value in _values(present, last, _step(action, field.type)):
        fall = present - value
        change: dict[str, Value] = {action.field: int(value) if field.type == "integer" else value}
        for other in action.together:
            before = application[other]
            if not isinstance(before, int | float) or before <= fall:
                return
            change[other] = rounded(before - fall, schema.fields[other].unit)
        yield change


def _last(action: Action, schema: ApplicationSchema, limits: Mapping[str, float]) -> float:
    if action.until is not None:
        return limits[action.until]
    field = schema.fields[action.field]
    if action.direction == "up":
        return field.maximum
    if field.minimum is not None:
        return field.minimum
    lowest = 0.0 if field.exclusive_minimum is None else field.exclusive_minimum
    return lowest if field.exclusive_minimum is None else lowest + _step(action, field.type)


def _step(action: Action, kind: str) -> float:
    return max(1.0, round(action.step)) if kind == "integer" else action.step


def _values(present: float, last: float, step: float) -> Iterator[float]:
    """The multiples of a step between the present value and the last, then the last itself."""
    down = last < present
    step = _grown(step, abs(present - last))
    number = _multiple_beyond(present, step, down=down)
    while (number * step > last) if down else (number * step < last):
        yield round(number * step, 6)
        number += -1 if down else 1
    yield last


def _grown(step: float, way: float) -> float:
    """The step, or 2, 5, 10, 20, … times it: the least at which MOST_STEPS cover the way."""
    power = 1
    while True:
        for factor in _GROWTH:
            if step * factor * power * (MOST_STEPS - 1) >= way:
                return step * factor * power
        power *= 10


def _multiple_beyond(present: float, step: float, *, down: bool) -> int:
    """The number of steps nearest to the present value on the side that is gone to."""
    number = round(present / step)
    if down:
        return number - 1 if number * step >= present else number
    return number + 1 if number * step <= present else number


def relative_change(before: Mapping[str, Value], after: Mapping[str, Value]) -> float:
    """How large a change is: the share of its present value by which each field moves, summed.

    The one measure by which changes are put in order, in force from 2026-11-23.
    """
    moved = ((cast("float", before[name]), cast("float", value)) for name, value in after.items())
    return round(sum(abs(new - old) / abs(old) for old, new in moved), 6)

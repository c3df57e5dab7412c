"""The numbers of a policy, each with the days it is in force and the clause that sets it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from decisioning.model import Frozen, Number, Unit

ClauseName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*-[0-9]+(\.[0-9]+)*$")]


class Entry(Frozen):
    """What a parameter is from a day on; a null value takes it out of force."""

    since: Annotated[date, Field(alias="from")]
    value: Number | None
    clause: ClauseName


class History(Frozen):
    """One parameter through time, as `parameters.json` lists it."""

    title: str
    unit: Unit
    history: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [entry.since for entry in self.history]
        if days != sorted(set(days)):
            raise ValueError("the dates of a history must rise, each once")
        return self

    def on(self, day: date) -> Entry | None:
        """The entry in force on that day, None before the first and after a null."""
        past = [entry for entry in self.history if entry.since <= day]
        return past[-1] if past and past[-1].value is not None else None


class Parameter(Frozen):
    """One number in force, with its unit, its clause and the day it came into force."""

    title: str
    unit: Unit
    value: Number
    clause: ClauseName
    since: date


Parameters = Mapping[str, Parameter]


def in_force(histories: Mapping[str, History], day: date) -> dict[str, Parameter]:
    """The parameters in force on that day by name."""
    entries = {name: history.on(day) for name, history in histories.items()}
    return {
        name: Parameter(
            title=histories[name].title,
            unit=histories[name].unit,
            value=entry.value,
            clause=entry.clause,
            since=entry.since,
        )
        for name, entry in entries.items()
        if entry is not None and entry.value is not None
    }

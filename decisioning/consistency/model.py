"""The two sides that are compared, and what is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from decisioning.parameters import Parameter, Parameters
from decisioning.ports import Provision
from decisioning.reasons import CatalogueFile
from decisioning.tables import Row


class Code(StrEnum):
    """What is wrong."""

    NO_MANUAL = "no_manual"
    NOT_IN_FORCE = "not_in_force"
    DIFFERS = "differs"
    NOT_STATED = "not_stated"
    NOT_SET = "not_set"
    ORDER = "order"
    COMPARATOR = "comparator"
    OTHER_CLAUSE = "other_clause"
    DANGLING = "dangling"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement in a plain sentence; `manual` and `product` are its two places, '' for none."""

    code: Code
    clause: str
    manual: str
    product: str
    sentence: str


@dataclass(frozen=True)
class Manual:
    """One whole edition of the manual and the file it stands in."""

    file: str
    effective_from: date
    provisions: Sequence[Provision]

    def in_force(self, day: date) -> dict[str, str]:
        """The text of each clause in force on that day."""
        return {
            p.clause: p.text
            for p in self.provisions
            if p.effective_from <= day and (p.effective_to is None or day < p.effective_to)
        }


@dataclass(frozen=True)
class Side:
    """The executable side as it is from a day on; `parameters` are in the order of their file."""

    day: date
    rules_file: str
    rows: Sequence[Row]
    parameters: Parameters
    catalogue: CatalogueFile
    currency_unit: int

    def set_by(self, clause: str) -> Mapping[str, Parameter]:
        """The parameters that cite the clause."""
        return {name: parameter for name, parameter in self.parameters.items() if parameter.clause == clause}


def place_of(name: str, parameter: Parameter) -> str:
    """Where a parameter's value is written."""
    return f"parameters.json, {name} from {parameter.since}"


def place_of_row(side: Side, row: Row) -> str:
    """Where a rule is written."""
    return f"{side.rules_file}, rule {row.id}"

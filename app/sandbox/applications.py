"""The 4,454 real applications of the sandbox, read from their CSV (see data/ORIGIN.md)."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from decisioning.model import Value

CREDIT_DATA = Path(__file__).parent / "data" / "credit_data.csv"
HELD_OUT_SHARE = 0.2
_CATEGORIES = {"home": "Home", "records": "Records", "job": "Job"}
_NUMBERS = {
    "seniority_years": "Seniority",
    "term_months": "Time",
    "expenses": "Expenses",
    "income": "Income",
    "assets": "Assets",
    "debt": "Debt",
    "amount": "Amount",
    "price": "Price",
}
_WORDS = {"priv": "private"}


@dataclass(frozen=True)
class SampleApplication:
    """One application of the data set, its label, and what only offline evaluation may read.

    `bad` is the source's final opinion; `held_out` rows are seen by no training.
    """

    row: int
    application: Mapping[str, Value]
    bad: bool
    age: int
    marital: str | None
    held_out: bool

    @property
    def external_id(self) -> str:
        """A stable name to post it under."""
        return f"credit-data-{self.row:04d}"


def held_out(row: int) -> bool:
    """Whether a row belongs to the frozen fifth; decided by a hash of its id alone, so it never moves."""
    digest = hashlib.sha256(f"credit_data:{row}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < HELD_OUT_SHARE


@cache
def sample_applications() -> tuple[SampleApplication, ...]:
    """Every row in the file's order, in the words of the product `consumer-loan`."""
    with CREDIT_DATA.open(newline="", encoding="utf-8") as file:
        return tuple(_sample(line) for line in csv.DictReader(file))


def _sample(line: Mapping[str, str]) -> SampleApplication:
    row = int(line["Row"])
    return SampleApplication(
        row=row,
        application=MappingProxyType(_application(line)),
        bad=line["Status"] == "bad",
        age=int(line["Age"]),
        marital=line["Marital"] or None,
        held_out=held_out(row),
    )


def _application(line: Mapping[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {field: _word(line[column]) for field, column in _CATEGORIES.items()}
    values |= {field: int(line[column]) if line[column] else None for field, column in _NUMBERS.items()}
    return values


def _word(cell: str) -> str | None:
    return _WORDS.get(cell, cell) or None

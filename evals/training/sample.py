"""The development sample: what training may see, as arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.sandbox.applications import SampleApplication
from app.sandbox.scoring import loan_to_price
from decisioning.model import Value

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
FOLDS = 5


@dataclass(frozen=True)
class Numeric:
    """A characteristic in numbers: the step its bin edges are rounded to, and where a lender expects risk.

    `rising` says that more of it means more risk; `nullable` that a file may lack it.
    """

    step: float
    rising: bool
    nullable: bool = False


@dataclass(frozen=True)
class Levels:
    """A number in levels that are fixed beforehand, each riskier than the one below by one equal step.

    For what tells nothing by itself and something beside the rest: bins learned from it alone would be noise.
    """

    edges: tuple[float, ...]
    nullable: bool = False
    rising: bool = True


@dataclass(frozen=True)
class Categorical:
    """A characteristic in words; `unknown` are the words for "not known"."""

    unknown: frozenset[str] = frozenset()
    nullable: bool = False


Kind = Numeric | Levels | Categorical

# Without age, marital status, and expenses: the source computes expenses from the household, and they tell
# married applicants from others (see the proxy table). Without price: it enters as loan_to_price. Without the
# term: beside amount and loan-to-price it adds nothing, and in one fold of five its sign turns.
CHARACTERISTICS: Mapping[str, Kind] = {
    "seniority_years": Numeric(step=1, rising=False),
    "home": Categorical(unknown=frozenset({"ignore"}), nullable=True),
    "records": Categorical(),
    "job": Categorical(nullable=True),
    "income": Numeric(step=5, rising=False, nullable=True),
    "assets": Numeric(step=500, rising=False, nullable=True),
    # Debtors here earn and own more than others, so the bad rate by debt alone is flat; at equal income
    # it rises.
    "debt": Levels(edges=(0, 2000), nullable=True),
    "amount": Numeric(step=50, rising=True),
    "loan_to_price": Numeric(step=0.05, rising=True),
}


# Only to say what leaving it out costs.
NOT_SCORED: Mapping[str, Kind] = {"expenses": Numeric(step=5, rising=True)}


@dataclass(frozen=True)
class Sample:
    """Rows in a fixed order: columns by characteristic, the label, and the fold of each row."""

    columns: Mapping[str, NDArray[Any]]
    bad: Flags
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bad)

    def where(self, rows: Flags) -> "Sample":
        """The rows that are flagged."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Sample(columns, self.bad[rows], self.fold[rows])


def can_be_scored(application: Mapping[str, Value]) -> bool:
    """Whether the product would score it: without an income or a debt it is incomplete and never scored."""
    return bool(application["income"]) and application["debt"] is not None


def development(applications: Iterable[SampleApplication]) -> tuple[SampleApplication, ...]:
    """The rows that training, binning and averages see: neither held out nor incomplete."""
    return tuple(each for each in applications if not each.held_out and can_be_scored(each.application))


def sample_of(applications: Iterable[SampleApplication]) -> Sample:
    """Arrays of these applications. Folds follow the order of rows, so they never depend on a generator."""
    rows = tuple(applications)
    values = [{**row.application, "loan_to_price": loan_to_price(row.application)} for row in rows]
    columns = {
        name: _column([each[name] for each in values], kind)
        for name, kind in {**CHARACTERISTICS, **NOT_SCORED}.items()
    }
    bad = np.array([row.bad for row in rows], dtype=bool)
    return Sample(columns, bad, np.arange(len(rows)) % FOLDS)


def _column(values: list[Value], kind: Kind) -> NDArray[Any]:
    if isinstance(kind, Numeric | Levels):
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.array(["" if value is None or value in kind.unknown else value for value in values])

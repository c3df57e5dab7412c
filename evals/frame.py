"""What a suite is: typed cases, how one is measured, and the gates that the measurements must keep."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from app.settings import Settings
from app.wiring import Services
from evals.cases import Case, CaseSet
from evals.gates import Gate
from evals.measured import Chart, Matrix, Measured
from evals.places import DATA

C = TypeVar("C", bound=Case)


@dataclass(frozen=True)
class Options:
    """How to run. `most` thins each set of cases; `cache` lets answers of models be reused.

    `settings` name the database and the model APIs of this run; `parameters` are changed ones to try; `data`
    is the folder of data sets that are measured with and not copied.
    """

    home: Path
    settings: Settings | None = None
    cache: bool = True
    fresh: bool = False
    most: int | None = None
    parameters: Path | None = None
    data: Path = DATA


@dataclass(frozen=True)
class Bench:
    """What a case is measured with."""

    options: Options
    opened: Services | None = None

    @property
    def services(self) -> Services:
        """The services of production, on a database of the run's own."""
        if self.opened is None:
            raise RuntimeError("this suite did not ask for services")
        return self.opened


@dataclass(frozen=True)
class Findings:
    """What a suite, or a part of one, makes of its measurements; `cases` are those of a part."""

    gates: tuple[Gate, ...]
    charts: tuple[Chart, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    notes: tuple[str, ...] = ()
    cases: tuple[Measured, ...] = ()


@dataclass(frozen=True)
class CaseSuite(Generic[C]):
    """A suite of independent cases. `cases` may raise NotRun; where `measure` raises, the case failed."""

    name: str
    about: str
    cases: Callable[[Bench], CaseSet[C]]
    measure: Callable[[Bench, C], Awaitable[Measured]]
    find: Callable[[Sequence[Measured]], Findings]
    services: bool = True
    at_once: int = 4


@dataclass(frozen=True)
class PartSuite:
    """A suite whose parts each measure as they like; one whose data are absent raises NotRun and is noted.

    Where no part could be run the suite was not run.
    """

    name: str
    about: str
    parts: Mapping[str, Callable[[Options], Findings]]


Suite = CaseSuite[Any] | PartSuite

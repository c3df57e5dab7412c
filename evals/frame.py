"""What a suite is: typed cases, how one is measured, and the gates that the measurements must keep."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from app.settings import Settings
from app.wiring import Services
from evals.cases import Case, CaseSet
from evals.gates import Gate
from evals.measured import Chart, Matrix, Measured

C = TypeVar("C", bound=Case)


@dataclass(frozen=True)
class Options:
    """How to run. `most` thins each set of cases; `cache` lets answers of models be reused.

    `settings` name the database and the model APIs of this run; `parameters` are changed ones to try.
    """

    home: Path
    settings: Settings | None = None
    cache: bool = True
    fresh: bool = False
    most: int | None = None
    parameters: Path | None = None


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
    """What a suite makes of its measurements."""

    gates: tuple[Gate, ...]
    charts: tuple[Chart, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    notes: tuple[str, ...] = ()


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

"""What a seeded fault is, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from evals.cases import Case, CaseSet
from evals.frame import Bench, CaseSuite, Options, Suite
from evals.gates import Gate, Result
from evals.runner import run_suite
from evals.suites import SUITES

Seed = Callable[[], AbstractContextManager[Any]]
COMPLETE = "cases measured of those promised"


@dataclass(frozen=True)
class Fault:
    """A way to break production: `gates` must fail on at most `most` of the cases that `among` picks.

    Of a suite of parts only `parts` are run, where some are named. What only the `whole` of the cases shows
    takes minutes.
    """

    says: str
    suite: str
    gates: tuple[str, ...]
    seed: Callable[[], AbstractContextManager[Any]]
    most: int | None = None
    among: Callable[[Any], bool] = lambda _: True
    parts: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it needs all there is, with vectors that take minutes to make."""
        return self.suite == "retrieval" and self.most is None


@dataclass(frozen=True)
class Seeded:
    """Each gate of a fault, without it and with it."""

    fault: Fault
    gates: tuple[tuple[Gate, Gate], ...]

    @property
    def noticed(self) -> bool:
        """Whether every gate holds without the fault and fails with it."""
        return all(sound.passed and not broken.passed for sound, broken in self.gates)


def seeded(fault: Fault, options: Options, sound: Result | None = None) -> Seeded:
    """The suite's gates without and with the fault; `sound` is the result without it, where it is known."""
    sound = sound or run_fault(fault, options, seed=False)
    broken = run_fault(fault, options, seed=True)
    before, after = ({gate.name: gate for gate in result.gates} for result in (sound, broken))
    return Seeded(fault, tuple((before[name], after[name]) for name in fault.gates))


def run_fault(fault: Fault, options: Options, *, seed: bool) -> Result:
    """The fault's suite on the fault's cases."""
    with fault.seed() if seed else ExitStack():
        return run_suite(_share(fault), replace(options, fresh=True, most=fault.most))


def _share(fault: Fault) -> Suite:
    """What of the fault's suite is run."""
    suite = SUITES[fault.suite]
    if isinstance(suite, CaseSuite):
        return replace(suite, cases=_chosen(suite, fault))
    return replace(suite, parts={name: suite.parts[name] for name in fault.parts or suite.parts})


def _chosen(suite: CaseSuite[Any], fault: Fault) -> Callable[[Bench], CaseSet[Case]]:
    def cases(bench: Bench) -> CaseSet[Case]:
        whole = suite.cases(bench)
        chosen = tuple(case for case in whole.cases if fault.among(case))
        return CaseSet(chosen, len(chosen))

    return cases


def instead(target: str, other: Any) -> Callable[[], AbstractContextManager[Any]]:
    """A seed that puts something else in the place of what that dotted name means."""
    return lambda: patch(target, other)


def together(*seeds: Callable[[], AbstractContextManager[Any]]) -> Callable[[], AbstractContextManager[Any]]:
    """A seed of several."""

    @contextmanager
    def seed() -> Iterator[None]:
        with ExitStack() as stack:
            for each in seeds:
                stack.enter_context(each())
            yield

    return seed


Group = tuple[str, int | None, Any, tuple[str, ...]]


def grouped(faults: Sequence[Fault]) -> Mapping[Group, list[Fault]]:
    """Faults that are run on the same cases, so that the sound run is needed once."""
    groups: dict[Group, list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.suite, fault.most, fault.among, fault.parts), []).append(fault)
    return groups

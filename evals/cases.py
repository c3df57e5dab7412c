"""Typed cases: values with an id, read from JSON lines or made by a suite, under a hash of their content.

A file of cases is named in `cases/counts.json` with the number of its lines: a case that went missing fails
the suite instead of making it easier.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from decisioning.canonical import digest

CASES = Path(__file__).parent / "cases"


class Case(BaseModel):
    """What all cases share: closed to unknown keys, strict about types, an id within their set."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str


C = TypeVar("C", bound=Case)
T = TypeVar("T")


class InvalidCases(ValueError):
    """A set of cases that cannot be trusted: the message names the file, the line and the key."""


class NotRun(Exception):
    """The data that a suite needs are not there; the message says which."""


@dataclass(frozen=True)
class CaseSet(Generic[C]):
    """Cases in a fixed order; `promised` is how many there must be, `version` a hash of their content."""

    cases: tuple[C, ...]
    promised: int

    @property
    def version(self) -> str:
        """The same for the same cases in the same order, another for any other."""
        return digest([case.model_dump(mode="json") for case in self.cases])

    def thinned(self, most: int | None) -> "CaseSet[C]":
        """At most that many, spread evenly over the set."""
        if most is None or most >= len(self.cases):
            return self
        return CaseSet(tuple(spread(self.cases, most)), most)


def spread(cases: Sequence[T], most: int) -> list[T]:
    """At most that many, spread evenly."""
    most = min(most, len(cases))
    return [cases[n * len(cases) // most] for n in range(most)]


def case_set(cases: Iterable[C], promised: int | None = None) -> CaseSet[C]:
    """A set of made cases; raises InvalidCases where two have one id."""
    made = tuple(cases)
    ids = [case.id for case in made]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise InvalidCases(f"two cases are called {twice!r}")
    return CaseSet(made, len(made) if promised is None else promised)


def read_cases(name: str, kind: type[C], folder: Path = CASES) -> CaseSet[C]:
    """The cases of `<name>.jsonl`; raises InvalidCases, and NotRun where there is no such file."""
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        raise NotRun(f"there are no cases in {path.name}")
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [_read(kind, line, f"{path.name}:{n}") for n, line in enumerate(lines, start=1)]
    return case_set(cases, _promised(folder, path.name))


def _read(kind: type[C], line: str, where: str) -> C:
    try:
        return kind.model_validate_json(line)
    except ValidationError as refused:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in refused.errors())
        raise InvalidCases(f"{where}: {problems}") from None


def _promised(folder: Path, file: str) -> int:
    counts = json.loads((folder / "counts.json").read_text(encoding="utf-8"))
    if file not in counts:
        raise InvalidCases(f"counts.json does not say how many cases {file} must have")
    return int(counts[file])

"""Errors of the core, in one tree.

CredenceError
├── InvalidProduct         a product's folder cannot be used; says which file and why
├── UnknownProduct         no such product
├── InvalidApplication     the application breaks the product's schema; carries the fields
├── NoPolicyInForce        the product has no policy at that date
├── RulesFailed            the rules could not be evaluated; nothing was decided
├── EvidenceChanged        what an explanation was made from is not what was kept
└── DependencyFailed       a model API, the LLM or retrieval could not be asked
    ├── DependencyTimeout  it took longer than the time left
    └── DependencyInvalid  it answered something that is not an answer
"""

from dataclasses import dataclass


class CredenceError(Exception):
    """The root: every error that Credence raises on purpose."""


class InvalidProduct(CredenceError):
    """A product's folder cannot be used."""


class UnknownProduct(CredenceError):
    """No product of that name is loaded."""


@dataclass(frozen=True)
class FieldProblem:
    """One refused field: its path with dots, and what is wrong in plain words."""

    field: str
    problem: str


class InvalidApplication(CredenceError):
    """The application breaks the product's schema."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.problem}" for p in problems))
        self.problems = problems


class NoPolicyInForce(CredenceError):
    """The product has no parameters, rules or manual in force at the date asked."""


class RulesFailed(CredenceError):
    """The rules could not be evaluated: a fact they read is absent, or the engine failed.

    A fault of the product's files or of ours, never of the applicant: nothing was decided.
    """


class EvidenceChanged(CredenceError):
    """A clause that an explanation was made from is missing or has another text."""


class DependencyFailed(CredenceError):
    """Something outside could not be asked; `dependency` names it, the message says why."""

    def __init__(self, dependency: str, problem: str) -> None:
        super().__init__(f"{dependency}: {problem}")
        self.dependency = dependency
        self.problem = problem


class DependencyTimeout(DependencyFailed):
    """It took longer than the time left."""


class DependencyInvalid(DependencyFailed):
    """It answered something that is not an answer."""

"""What every form of the report tells, and the files that it becomes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.comparison import Comparison
from evals.gates import Gate, Result
from evals.measured import Measured

WORST = 6


@dataclass(frozen=True)
class Told:
    """A whole run. `source` is a hash of the code; `at` and `seconds` are all that is of the moment."""

    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...] = ()
    source: str = ""
    at: str = ""
    seconds: float = 0.0

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All gates of all suites."""
        return tuple(gate for result in self.results for gate in result.gates)

    @property
    def status(self) -> str:
        """Failed where one suite failed; passed where at least one passed; else not run."""
        statuses = {result.status for result in self.results}
        return next((each for each in ("failed", "passed") if each in statuses), "not run")

    def as_json(self) -> Mapping[str, Any]:
        """The run for a program: two runs of one commit differ only in the blocks called `run`."""
        return {
            "status": self.status,
            "source": self.source,
            "suites": [result.as_json() for result in self.results],
            "comparisons": [{**asdict(each), "call": each.call} for each in self.comparisons],
            "run": {"at": self.at, "seconds": self.seconds},
        }


@dataclass(frozen=True)
class Shortfall:
    """A case that fell short, and by which figures."""

    case: Measured
    of: tuple[str, ...]


def worst_cases(result: Result, most: int = WORST) -> tuple[Shortfall, ...]:
    """The cases furthest from what the gates want: crashes first, then by how many figures they miss."""
    found = [Shortfall(case, _missed(case, result.gates)) for case in result.cases]
    found = [each for each in found if each.of or each.case.error]
    found.sort(key=lambda each: (each.case.error is None, -len(each.of), each.case.id))
    return tuple(found[:most])


def _missed(case: Measured, gates: Sequence[Gate]) -> tuple[str, ...]:
    """The gates whose threshold this case alone would break."""
    return tuple(
        gate.name
        for gate in gates
        if gate.each
        and gate.metric is not None
        and gate.metric in case.scores
        and (
            case.scores[gate.metric] < min(gate.threshold, 1)
            if gate.bound == "at least"
            else case.scores[gate.metric] > max(gate.threshold, 0)
        )
    )


def written(told: Told, folder: Path) -> Mapping[str, Path]:
    """The report's files by form: each suite's JSON, all in one, JUnit, Markdown, HTML."""
    from evals.report.junit import junit
    from evals.report.markdown import markdown
    from evals.report.page import page

    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{result.suite}.json": _dumped(result.as_json()) for result in told.results}
    texts |= {"report.json": _dumped(told.as_json()), "junit.xml": junit(told)}
    texts |= {"report.md": markdown(told), "report.html": page(told)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"

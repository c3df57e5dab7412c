"""What a benchmark hands back, and how it is shown: a table for people, the same figures as JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from typing import Any

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one benchmark; `reason` says why one was not run, `rows` have the header first."""

    name: str
    status: str
    reason: str = ""
    rows: Sequence[Row] = ()
    notes: Sequence[str] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def not_run(cls, name: str, reason: str) -> "Outcome":
        """A benchmark that lacks what it needs."""
        return cls(name, "not run", reason)


def shown(outcome: Outcome) -> str:
    """The outcome as text."""
    lines = [f"{outcome.name}: {outcome.status}" + (f" ({outcome.reason})" if outcome.reason else "")]
    if outcome.rows:
        lines += table(outcome.rows)
    return "\n".join([*lines, *outcome.notes])


def table(rows: Sequence[Row]) -> list[str]:
    """Rows in columns: the first to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def written(outcome: Outcome, folder: Path) -> Path:
    """The file that now holds the outcome with the machine it was measured on."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome.name}.json"
    content = {
        "benchmark": outcome.name,
        "status": outcome.status,
        "reason": outcome.reason or None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": cpu_count(), "python": platform.python_version(), "system": platform.machine()},
        **outcome.figures,
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path

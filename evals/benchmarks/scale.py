"""A million clauses over time, of which the filters leave few."""

from pathlib import Path

from evals.benchmarks.report import Outcome

NAME = "scale"


async def measure(data: Path, out: Path) -> Outcome:
    """To come."""
    return Outcome.not_run(NAME, "not written")

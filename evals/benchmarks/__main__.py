"""`python -m evals.benchmarks [NAME …] [--out DIR]`: run benchmarks, print each, write each as JSON."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evals.benchmarks import batch, memory, report, retrieval, rows, scale, service
from evals.benchmarks.report import Outcome
from evals.places import DATA, OUT

Benchmark = Callable[[Path, Path], Coroutine[Any, Any, Outcome]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "retrieval": retrieval.measure,
    "scale": scale.measure,
    "service": service.measure,
    "memory": memory.measure,
    "rows": rows.measure,
    "batch": batch.measure,
    "scale-tenth": partial(scale.measure, clauses=100_000),
}
"""Each is given the folder of data sets and that of results, where it may keep its scratch data."""

USUAL = ("retrieval", "service")
"""What is run when nothing is named; the others take long."""


def main(arguments: Sequence[str] | None = None, benchmarks: Mapping[str, Benchmark] = BENCHMARKS) -> int:
    """Run the benchmarks that are named. One that lacks its input says so, and that is no failure."""
    asked = _parser(benchmarks).parse_args(arguments)
    for name in asked.names or USUAL:
        outcome = asyncio.run(benchmarks[name](asked.data, asked.out))
        path = report.written(outcome, asked.out)
        print(report.shown(outcome), f"figures in {path}", sep="\n", end="\n\n", flush=True)
    return 0


def _parser(benchmarks: Mapping[str, Benchmark]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", choices=list(benchmarks), help=", ".join(benchmarks)
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the data sets (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder of the JSON files (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m evals.benchmarks.guard`: the service's ratios against the committed ones; exit 1 where one fell.

Absolute figures belong to the machine, ratios to peers of the same run last: throughput over the floor's
and over the obvious app's, and the floor's processor time over ours, each the median over a run's rounds.
A ratio may fall by more than the noise that was seen when the reference was made: that is a run of the
benchmark several times over, whose every figure stays in the file (`--write`).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from evals.benchmarks import report, service
from evals.places import DATA, OUT

REFERENCE: Final = Path(__file__).with_name("service_ratios.json")
LEAST_FALL: Final = 0.10
"""A smaller fall is never told, however quiet the machine was."""
WIDER: Final = 1.5
"""A ratio may fall by so many times its spread (largest less least run, over the median)."""
NOISIEST: Final = 0.40
"""With a wider spread in the reference's runs a ratio would let anything through: it is no guard."""
FLOOR, OBVIOUS = "floor", "obvious"

Ratios = Mapping[str, float]


class Unusable(Exception):
    """What was measured cannot be compared, or is no reference."""


@dataclass(frozen=True)
class Fallen:
    """A ratio below what the reference allows; None where it was not measured at all."""

    name: str
    was: float
    least: float
    now: float | None

    def __str__(self) -> str:
        now = "was not measured" if self.now is None else f"is {self.now:.3f}"
        return f"{self.name} {now}: at least {self.least:.3f} is wanted, the reference has {self.was:.3f}"


def ratios_of(measured: Mapping[str, Any]) -> dict[str, float]:
    """The ratios of one run, from the JSON of the benchmark `service`; higher is better in each."""
    closed = {name: found["closed"] for name, found in measured["services"].items()}
    ratios = {}
    for name in closed.keys() - {FLOOR, OBVIOUS}:
        for clients in closed[name]:
            ours, floor, obvious = (closed[one][clients]["runs"] for one in (name, FLOOR, OBVIOUS))
            pairs = list(zip(ours, floor, obvious, strict=True))
            found = {
                "throughput over the floor's": [a["a_second"] / b["a_second"] for a, b, _ in pairs],
                "throughput over the obvious app's": [a["a_second"] / c["a_second"] for a, _, c in pairs],
                "the floor's CPU over ours": [_cpu_us(b) / _cpu_us(a) for a, b, _ in pairs],
            }
            for what, by_round in found.items():
                ratios[f"{name}, {clients} clients: {what}"] = round(median(by_round), 4)
    return dict(sorted(ratios.items()))


def _cpu_us(run: Mapping[str, Any]) -> float:
    return float(run["cpu_us"]["service"])


def reference_of(measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is committed, from several runs of the benchmark; raises Unusable where they are too far apart."""
    if len(measured) < 2 or any(_conditions(one) != _conditions(measured[0]) for one in measured):
        raise Unusable("a reference needs two runs at least, of one machine and one size")
    runs = [ratios_of(one) for one in measured]
    ratios = {name: _allowed([run[name] for run in runs]) for name in runs[0]}
    noisy = {name: each for name, each in ratios.items() if each["spread"] > NOISIEST}
    if 2 * len(noisy) > len(ratios):
        raise Unusable(f"{len(noisy)} of {len(ratios)} ratios are too noisy: measure in a quieter hour")
    return {
        "measured_at": measured[-1]["measured_at"],
        "conditions": _conditions(measured[0]),
        "how": f"{len(runs)} runs; spread = (max - min) / median; least = median * (1 - fall),"
        f" fall = {WIDER} x spread and {LEAST_FALL} at least",
        "ratios": {name: each for name, each in ratios.items() if name not in noisy},
        "too_noisy": noisy,
    }


def _allowed(values: Sequence[float]) -> dict[str, Any]:
    middle = median(values)
    spread = (max(values) - min(values)) / middle
    least = middle * (1 - max(LEAST_FALL, WIDER * spread))
    return {
        "median": round(middle, 4),
        "spread": round(spread, 4),
        "least": round(least, 4),
        "runs": list(values),
    }


def _conditions(measured: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same for ratios to be comparable."""
    return {"cpus": measured["machine"]["cpus"], "workers": measured["size"]["workers"]}


def fallen(reference: Mapping[str, Any], measured: Mapping[str, Any]) -> list[Fallen]:
    """The ratios that are lower than the reference allows; raises Unusable on another machine or size."""
    here, there = _conditions(measured), reference["conditions"]
    if here != there:
        raise Unusable(f"the reference was made with {there}, this run with {here}")
    now = ratios_of(measured)
    return [
        Fallen(name, each["median"], each["least"], now.get(name))
        for name, each in reference["ratios"].items()
        if now.get(name, 0.0) < each["least"]
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and compare, or make a reference: 0, 1 where a ratio fell, 2 where nothing can be said."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.write:
            runs = [_read(path) for path in asked.measured] or [
                _measured(asked.out) for _ in range(asked.times)
            ]
            asked.reference.write_text(json.dumps(reference_of(runs), indent=2) + "\n")
            print(f"{asked.reference} is written, from {len(runs)} runs")
            return 0
        reference = _read(asked.reference)
        found = fallen(reference, _read(asked.measured[0]) if asked.measured else _measured(asked.out))
    except (Unusable, OSError, KeyError, ValueError) as problem:
        print(f"bench-guard: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    for each in found:
        print(f"fell: {each}")
    print(f"{len(reference['ratios']) - len(found)} of {len(reference['ratios'])} ratios hold")
    return 1 if found else 0


def _measured(out: Path) -> dict[str, Any]:
    """The benchmark run now, as its JSON says it."""
    outcome = asyncio.run(service.measure(DATA, out))
    print(report.shown(outcome), flush=True)
    if outcome.status != "measured":
        raise Unusable(outcome.reason)
    return _read(report.written(outcome, out))


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.benchmarks.guard", description=__doc__)
    parser.add_argument(
        "--measured",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="JSON of a run that is there already; else one is made",
    )
    parser.add_argument("--reference", type=Path, default=REFERENCE, help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help="make the reference instead, from several runs")
    parser.add_argument("--times", type=int, default=4, help="runs for a reference (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the runs (default: %(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

"""`credence eval`: the offline suites and their gates."""

import json as json_format
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.terminal import FAILED, Json, Misuse, out, print_json
from evals.gates import Result
from evals.suites import SUITES

commands = typer.Typer(no_args_is_help=True, help="Offline suites: what a change made better or worse.")


@commands.command("list")
def list_command(json: Json = False) -> None:
    """The suites there are."""
    described = {name: (suite.__doc__ or "").splitlines()[0] for name, suite in SUITES.items()}
    if json:
        print_json(described)
    for name, line in () if json else described.items():
        out.print(f"{name:14} {line}", markup=False)


@commands.command("run")
def run_command(
    suite: Annotated[str, typer.Argument(help="A suite's name, or all.")],
    baseline: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="An earlier run's JSON to show beside.")
    ] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Write each suite's result here.")] = None,
    json: Json = False,
) -> None:
    """Run a suite; exit code 1 where a gate fails. A suite whose data are absent is not run, never passed."""
    if suite != "all" and suite not in SUITES:
        raise Misuse(f"there is no suite {suite!r}; there are {', '.join(SUITES)}, and all")
    before = _values(baseline)
    results = [SUITES[name]() for name in (SUITES if suite == "all" else [suite])]
    for result in results:
        if out_folder is not None:
            _write(result, out_folder)
        print_json(result.as_json()) if json else out.print(_table(result, before))
    if any(result.status == "failed" for result in results):
        raise typer.Exit(FAILED)


def _values(baseline: Path | None) -> dict[str, float]:
    if baseline is None:
        return {}
    try:
        return {gate["name"]: gate["value"] for gate in json_format.loads(baseline.read_text())["gates"]}
    except (KeyError, TypeError, ValueError) as problem:
        raise Misuse(f"{baseline} is no result of a suite: {problem}") from None


def _write(result: Result, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json_format.dumps(result.as_json(), indent=2) + "\n"
    (folder / f"{result.suite}.json").write_text(text, encoding="utf-8")


def _table(result: Result, before: dict[str, float]) -> Table:
    table = Table("gate", "value", "95 % interval", "must be", "", title=f"{result.suite}: {result.status}")
    if before:
        table.add_column("before")
    if result.not_run:
        table.caption = result.not_run
    for gate in result.gates:
        was = [f"{before[gate.name]:.3f}" if gate.name in before else ""] if before else []
        interval = "all there is" if gate.low == gate.high else f"{gate.low:.3f} to {gate.high:.3f}"
        verdict = "ok" if gate.passed else "FAILED"
        wanted = f"{gate.bound} {gate.threshold:.3f}"
        table.add_row(gate.name, f"{gate.value:.3f}", interval, wanted, verdict, *was)
    return table

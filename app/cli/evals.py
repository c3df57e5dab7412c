"""`credence eval`: the offline suites, their gates, and a report of them."""

import asyncio
import json as json_format
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.cli.opening import opened
from app.cli.terminal import FAILED, Json, Misuse, err, out, print_json, run, settings_now
from app.database import Database, database
from evals.comparison import Comparison, compared
from evals.frame import Options
from evals.gates import Result
from evals.lived import write_cases
from evals.report import Told, written
from evals.report.numerals import detectable, interval, of_gate, wanted
from evals.runner import source_digest
from evals.running import about, run_all
from evals.suites import SUITES

commands = typer.Typer(no_args_is_help=True, help="Offline suites: what a change made better or worse.")


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.add_typer(commands, name="eval")


@commands.command("list")
def list_command(json: Json = False) -> None:
    """The suites there are."""
    described = {name: about(name) for name in SUITES}
    if json:
        print_json(described)
    for name, line in () if json else described.items():
        out.print(f"{name:14} {line}", markup=False)


@commands.command("run")
def run_command(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="A suite's name, or all.")],
    baseline: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="An earlier run's JSON to compare with, case by case.",
        ),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where the report goes; CREDENCE_HOME/evals/report without it."
        ),
    ] = None,
    cache: Annotated[bool, typer.Option(help="Reuse what models answered to the very same request.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Take up no run that was stopped.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Suites at a time; one a processor.")] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="At most so many cases a suite, spread evenly.")
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="decisions: other parameters to try, {name: value}.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Run a suite; exit code 1 where a gate fails. A suite whose data are absent is not run, never passed."""
    if suite != "all" and suite not in SUITES:
        raise Misuse(f"there is no suite {suite!r}; there are {', '.join(SUITES)}, and all")
    if parameters is not None and suite != "decisions":
        raise Misuse("--parameters goes with the suite decisions")
    names = list(SUITES) if suite == "all" else [suite]
    before = _earlier(baseline)
    settings = settings_now(database_url=None)
    options = Options(settings.home / "evals", cache=cache, fresh=fresh, most=most, parameters=parameters)
    started, at = time.perf_counter(), datetime.now(UTC)
    with _Shown(names) as shown:
        results = asyncio.run(run_all(names, options, settings, shown.tell, jobs))
    comparisons = compared([result.as_json() for result in results], before)
    seconds = time.perf_counter() - started
    told = Told(tuple(results), comparisons, source_digest(), f"{at:%Y-%m-%d %H:%M} UTC", seconds)
    files = written(told, out_folder or options.home / "report")
    _show(told, json=json)
    err.print(f"report: {files['report.html']}", markup=False)
    if told.status == "failed":
        raise typer.Exit(FAILED)


@commands.command("cases")
def cases_command(json: Json = False) -> None:
    """Make cases of the decisions and the feedback in the service's database, for `stored` and `feedback`."""
    settings = settings_now()

    async def story(base: Database) -> None:
        async with opened(base) as services:
            written_cases = await write_cases(services.engine, settings.home / "evals")
        if json:
            print_json(written_cases)
        for name, n in () if json else written_cases.items():
            out.print(f"{name}: {n} cases", markup=False)

    with database(settings) as base:
        run(story(base))


def _earlier(baseline: Path | None) -> Sequence[Mapping[str, Any]]:
    """The suites of an earlier report, of one suite or of all."""
    if baseline is None:
        return ()
    try:
        content = json_format.loads(baseline.read_text(encoding="utf-8"))
        found = content.get("suites", [content])
        compared(found, found)
    except (KeyError, TypeError, ValueError) as problem:
        raise Misuse(f"{baseline} is no report of a run: {problem!r}") from None
    return list(found)


def _show(told: Told, *, json: bool) -> None:
    for result in told.results:
        print_json(json_format.dumps(result.as_json(), default=str).encode()) if json else out.print(
            _table(result)
        )
    if told.comparisons and not json:
        out.print(_compared(told.comparisons))


def _table(result: Result) -> Table:
    columns = ("gate", "value", "95 % interval", "must be", "n", "would show", "")
    table = Table(*columns, title=f"{result.suite}: {result.status}", caption=result.not_run)
    for gate in result.gates:
        n = "" if gate.n is None else str(gate.n)
        verdict = "ok" if gate.passed else "FAILED"
        cells = (of_gate(gate, gate.value), interval(gate), wanted(gate), n, detectable(gate), verdict)
        table.add_row(gate.name, *cells)
    if result.notes:
        table.caption = "\n".join(result.notes)
    return table


def _compared(comparisons: Sequence[Comparison]) -> Table:
    table = Table("suite", "gate", "before", "after", "p, adjusted", "call", title="against the baseline")
    for each in comparisons:
        figures = (f"{each.before:.4f}", f"{each.after:.4f}", f"{each.adjusted_p:.3f}")
        table.add_row(
            each.suite, each.gate, *figures, each.call + (f", {each.gone} gone" if each.gone else "")
        )
    return table


class _Shown:
    """A bar a suite on a terminal; a line a finished suite anywhere else."""

    def __init__(self, names: Sequence[str]) -> None:
        columns = (
            TextColumn("{task.description:14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=err, disable=not err.is_terminal)
        self._tasks: dict[str, TaskID] = {name: self._bars.add_task(name, total=None) for name in names}
        self._told: set[str] = set()

    def __enter__(self) -> "_Shown":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def tell(self, going: Mapping[str, tuple[int, int]], ended: Sequence[Result]) -> None:
        """How far each suite is."""
        for name, (done, total) in going.items():
            self._bars.update(self._tasks[name], completed=done, total=total or None)
        for result in ended:
            if result.suite not in self._told:
                self._told.add(result.suite)
                self._end(result)

    def _end(self, result: Result) -> None:
        n = max(1, len(result.cases))
        self._bars.update(self._tasks[result.suite], completed=n, total=n)
        if not err.is_terminal:
            err.print(f"{result.suite}: {result.status} in {result.run.seconds:.1f} s", markup=False)

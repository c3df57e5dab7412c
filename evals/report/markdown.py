"""The run as Markdown, to paste into a review."""

from collections.abc import Iterator

from evals.gates import Gate, Result
from evals.measured import Matrix
from evals.report.numerals import detectable, interval, of_gate, percent, plain, wanted
from evals.report.told import Shortfall, Told, worst_cases

_ROW = "| {} |"
_NOTES = 8
_LONGEST = 240
_HOW_TO_READ = (
    "“Would show” is the least departure past the threshold that so many cases turn into a failed gate"
    " in four runs of five; (!) marks a group that chance does not explain."
)


def markdown(told: Told) -> str:
    """The whole report."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    failed = sum(not gate.passed for gate in told.gates)
    yield f"# Evals: {told.status}"
    suites = f"{len(told.results)} suite{'s' * (len(told.results) != 1)}"
    yield f"\n{len(told.gates)} gates, {failed} failed; {suites}; source {told.source}; {told.at}."
    yield f"\n{_HOW_TO_READ}"
    if told.comparisons:
        yield from _comparisons(told)
    for result in told.results:
        yield from _suite(result)


def _suite(result: Result) -> Iterator[str]:
    yield f"\n## {result.suite}: {result.status}\n\n{result.about}"
    if result.version:
        yield f"\n{len(result.cases):,} cases, version {result.version}."
    yield from (f"\n> {_cell(note)}" for note in result.notes[:_NOTES])
    if len(result.notes) > _NOTES:
        yield f"\n> {len(result.notes) - _NOTES} more notes stand in the JSON."
    if result.not_run:
        yield f"\nNot run: {result.not_run}"
    if result.gates:
        yield "\n| gate | value | 95 % interval | must be | n | would show | | why |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        yield from (_gate(gate) for gate in result.gates)
    for chart in result.charts:
        told = percent if chart.percent else plain
        yield f"\n{chart.title}: " + ", ".join(
            f"{bar.label} {told(bar.value)}{' (!)' if bar.stands_out else ''}" for bar in chart.bars
        )
    for made in result.matrices:
        yield from _matrix(made)
    if worst := worst_cases(result):
        yield "\nCases furthest from what is wanted:\n"
        yield from map(_worst, worst)


def _matrix(made: Matrix) -> Iterator[str]:
    yield f"\n{_ROW.format(' | '.join(map(_cell, (made.title, *made.columns))))}"
    yield _ROW.format(" | ".join("---" for _ in range(len(made.columns) + 1)))
    for name, cells in zip(made.rows, made.cells, strict=True):
        told = [f"{percent(cell[0])} of {cell[1]}" if cell else "" for cell in cells]
        yield _ROW.format(" | ".join(map(_cell, (name, *told))))


def _worst(shortfall: Shortfall) -> str:
    case = shortfall.case
    said = f" → {_cut(_cell(case.said))}" if case.said else ""
    return f"- `{case.id}` ({_cell(case.error or ', '.join(shortfall.of))}): {_cut(_cell(case.asked))}{said}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _gate(gate: Gate) -> str:
    cells = (
        gate.name,
        of_gate(gate, gate.value),
        interval(gate),
        wanted(gate),
        "" if gate.n is None else str(gate.n),
        detectable(gate),
        "ok" if gate.passed else "**FAILED**",
        gate.reason,
    )
    return _ROW.format(" | ".join(map(_cell, cells)))


def _comparisons(told: Told) -> Iterator[str]:
    yield "\n## Against the baseline\n"
    yield "| suite | gate | before | after | difference (95 %) | p, adjusted | would show | call |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for each in told.comparisons:
        difference = f"{each.difference:+.4f} ({each.low:+.4f} to {each.high:+.4f})"
        gone = f", {each.gone} cases gone" if each.gone else ""
        cells = (
            each.suite,
            each.gate,
            plain(each.before),
            plain(each.after),
            difference,
            f"{each.adjusted_p:.3f}",
            plain(each.detectable),
            each.call + gone,
        )
        yield _ROW.format(" | ".join(map(_cell, cells)))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

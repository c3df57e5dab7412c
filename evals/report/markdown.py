"""The run as Markdown, to paste into a review."""

from collections.abc import Iterator

from evals.gates import Gate, Result
from evals.report.numerals import detectable, interval, of_gate, percent, plain, wanted
from evals.report.told import Told, worst_cases

_ROW = "| {} |"


def markdown(told: Told) -> str:
    """The whole report."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    failed = sum(not gate.passed for gate in told.gates)
    yield f"# Evals: {told.status}"
    yield f"\n{len(told.gates)} gates, {failed} failed; {len(told.results)} suites; source {told.source}."
    if told.comparisons:
        yield from _comparisons(told)
    for result in told.results:
        yield from _suite(result)


def _suite(result: Result) -> Iterator[str]:
    yield f"\n## {result.suite}: {result.status}\n\n{result.about}"
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
    for shortfall in worst_cases(result):
        case = shortfall.case
        yield f"\n- `{case.id}` {_cell(case.error or ', '.join(shortfall.of))}: {_cell(case.asked)}"


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

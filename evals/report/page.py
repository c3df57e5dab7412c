"""The run as one HTML page that needs nothing else: no script, no font, no picture from outside."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from evals.comparison import Comparison
from evals.gates import Gate, Result
from evals.report import svg
from evals.report.numerals import detectable, interval, of_gate, plain, wanted
from evals.report.told import Shortfall, Told, worst_cases

STYLE = Path(__file__).with_name("page.css")
_CLASS = {"passed": "passed", "failed": "failed", "not run": "idle"}
_HOW_TO_READ = (
    "A gate is a measured figure that must keep a threshold. The dot is the figure, the thick line its 95 %"
    " interval, the upright line the threshold; the shaded side passes. “Would show” is the least departure"
    " past the threshold that this many cases turn into a failed gate in four runs of five. ◆ marks a group"
    " that chance does not explain (Fisher's test against all others, Benjamini-Hochberg at 5 %)."
)


def page(told: Told) -> str:
    """The whole page."""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Evals: {escape(told.status)}</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            "</head>\n<body>\n<main>",
            *_body(told),
            "</main>\n</body>\n</html>\n",
        )
    )


def _body(told: Told) -> Iterator[str]:
    yield _verdict(told)
    yield '<nav class="cards">' + "".join(map(_card, told.results)) + "</nav>"
    if told.comparisons:
        yield from _against(told.comparisons)
    # What failed is what a reader came for.
    for result in sorted(told.results, key=lambda each: each.status != "failed"):
        yield from _suite(result)
    yield f'<p class="soft small">{_HOW_TO_READ}</p>'


def _verdict(told: Told) -> str:
    failed = [gate for gate in told.gates if not gate.passed]
    idle = sum(result.status == "not run" for result in told.results)
    heading = (
        f"{len(failed)} of {len(told.gates)} gates fail" if failed else f"All {len(told.gates)} gates hold"
    )
    if told.status == "not run":
        heading = "Nothing was run"
    cases = sum(len(result.cases) for result in told.results)
    rest = f"; {idle} suite{'s' * (idle > 1)} not run, which is no pass" if idle else ""
    numbers = (
        (len(told.results) - idle, "suites run"),
        (len(told.gates) - len(failed), "gates held"),
        (cases, "cases"),
        (round(told.seconds), "seconds"),
    )
    return (
        f'<header class="verdict {_CLASS[told.status]}"><div><h1>{heading}</h1>'
        f'<p class="soft">Credence offline evals, source <code>{escape(told.source)}</code>, '
        f"{escape(told.at)}{rest}</p></div>"
        '<div class="numbers">'
        + "".join(f'<div><b>{n:,}</b><span class="soft small">{name}</span></div>' for n, name in numbers)
        + "</div></header>"
    )


def _card(result: Result) -> str:
    held = sum(gate.passed for gate in result.gates)
    dots = "".join(
        f'<span class="dot{"" if gate.passed else " failed"}" title="{escape(gate.name)}"></span>'
        for gate in result.gates
    )
    tail = f"{held} of {len(result.gates)} gates" if result.gates else "not run"
    return (
        f'<a class="card {_CLASS[result.status]}" href="#{escape(result.suite)}">'
        f"<b>{escape(result.suite)}</b> "
        f'<span class="soft small">{tail}</span><div class="about">{escape(result.about)}</div>'
        f'<div class="dots">{dots}</div></a>'
    )


def _suite(result: Result) -> Iterator[str]:
    status = _CLASS[result.status]
    yield f'<section id="{escape(result.suite)}"><div class="head"><h2>{escape(result.suite)}</h2>'
    yield f'<span class="badge {status}">{result.status.upper()}</span></div><p>{escape(result.about)}</p>'
    yield f'<p class="soft small">{escape(_provenance(result))}</p>'
    if result.not_run:
        yield f"<p>Not run: {escape(result.not_run)}</p>"
    if result.gates:
        yield "<table><tr><th>gate, and why this threshold</th><th>value</th><th>where it stands</th>"
        yield '<th class="right">must be</th><th class="right">95 % interval</th>'
        yield '<th class="right">cases</th><th class="right">would show</th></tr>'
        yield from map(_gate, result.gates)
        yield "</table>"
    yield from _pictures(result)
    yield from _worst(worst_cases(result))
    yield "</section>"


def _provenance(result: Result) -> str:
    parts = [f"{result.run.seconds:.1f} s"] if result.run.seconds else []
    if result.version:
        parts.insert(0, f"{len(result.cases):,} cases, version {result.version}")
    if result.run.hit_rate is not None:
        parts.append(f"cache answered {result.run.hit_rate:.0%} of {result.run.cache_asked:,} requests")
    if result.run.resumed:
        parts.append(f"{result.run.resumed:,} cases taken up from a run that was stopped")
    return " · ".join([*parts, *result.notes])


def _gate(gate: Gate) -> str:
    failed = "" if gate.passed else " failed"
    cells = (wanted(gate), interval(gate), "" if gate.n is None else f"{gate.n:,}", detectable(gate))
    return (
        f'<tr><td class="name">{escape(gate.name)}<div class="why">{escape(gate.reason)}</div></td>'
        f'<td class="value{failed}">{of_gate(gate, gate.value)}{"" if gate.passed else " ✕"}</td>'
        f"<td>{svg.strip(gate)}</td>"
        + "".join(f'<td class="right small">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
    )


def _pictures(result: Result) -> Iterator[str]:
    drawn = [(chart.title, svg.bars(chart), chart.note) for chart in result.charts if chart.bars]
    drawn += [(made.title, svg.matrix(made), made.note) for made in result.matrices if made.rows]
    if len(result.run.latency_ms) > 1:
        drawn.append(("Time a case", svg.histogram(result.run.latency_ms, "ms"), ""))
    if drawn:
        yield '<div class="pictures">'
        for title, picture, note in drawn:
            told = f'<p class="why">{escape(note)}</p>' if note else ""
            yield f"<div><h3>{escape(title)}</h3>{picture}{told}</div>"
        yield "</div>"


def _worst(found: tuple[Shortfall, ...]) -> Iterator[str]:
    if not found:
        return
    yield "<h3>Cases furthest from what is wanted</h3>"
    for n, shortfall in enumerate(found):
        case, fell_short = shortfall.case, shortfall.case.error or ", ".join(shortfall.of)
        yield f"<details{' open' if n == 0 else ''}><summary><code>{escape(case.id)}</code> "
        yield f'<span class="soft small">{escape(fell_short)}</span></summary>'
        yield f"<blockquote>{escape(case.asked)}</blockquote>"
        if case.said:
            yield f"<blockquote>{escape(case.said)}</blockquote>"
        yield "</details>"


def _against(comparisons: tuple[Comparison, ...]) -> Iterator[str]:
    yield '<section id="baseline"><div class="head"><h2>Against the baseline</h2></div>'
    yield '<p class="soft small">Paired case by case; exact McNemar or sign flips, corrected by Holm over all'
    yield " rows: a run that changed nothing is called better or worse in at most one of twenty. A win less"
    yield " than the cases can show is not called.</p><table><tr><th>gate</th><th>before</th><th>after</th>"
    yield "<th>difference (95 %)</th><th>p, adjusted</th><th>would show</th><th>call</th></tr>"
    for each in comparisons:
        gone = f" ({each.gone} cases gone)" if each.gone else ""
        yield f'<tr><td class="name">{escape(each.suite)}: {escape(each.gate)}</td>'
        yield f"<td>{plain(each.before)}</td>"
        yield f"<td>{plain(each.after)}</td>"
        yield f"<td>{each.difference:+.4f} ({each.low:+.4f} to {each.high:+.4f})</td>"
        yield f"<td>{each.adjusted_p:.3f}</td><td>{plain(each.detectable)}</td>"
        yield f'<td class="call {each.call.split()[0]}">{each.call}{gone}</td></tr>'
    yield "</table></section>"

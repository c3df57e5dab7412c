"""Small static pictures: where a gate stands, bars with intervals, a matrix, a histogram.

Each is a function from values to the text of an SVG element. No script, no font of its own, no colour that
alone carries a meaning.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite

from evals.gates import Gate
from evals.measured import Bar, Chart, Matrix
from evals.report.numerals import of_gate, percent, plain

GOOD, BAD, INK, SOFT, LINE, ACCENT = "#13795b", "#c0392b", "#1d2733", "#66727f", "#d5dbe1", "#2f6db5"
STRIP_WIDTH, STRIP_HEIGHT = 300, 34


def _svg(width: float, height: float, parts: Iterable[str], label: str) -> str:
    body = "".join(parts)
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return (
        f'<svg role="img" aria-label="{escape(label)}" {size} xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = INK, size: float = 12) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-size="{size:g}"'
    return f"<text {place}>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def _rect(x: float, y: float, width: float, height: float, fill: str, radius: float = 0) -> str:
    size = f'x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}"'
    return f'<rect {size} rx="{radius:g}" fill="{fill}"/>'


def strip(gate: Gate) -> str:
    """A number line: the side that passes is shaded, the value is a dot on its interval."""
    ends = [v for v in (gate.low, gate.high, gate.value, gate.threshold) if isfinite(v)]
    low, high = min(ends), max(ends)
    pad = (high - low) * 0.14 or max(abs(high) * 0.1, 0.05)
    left, right, middle = 8.0, STRIP_WIDTH - 8.0, 13.0

    def x(value: float) -> float:
        share = (value - (low - pad)) / (high - low + 2 * pad)
        return left + (right - left) * min(1.0, max(0.0, share))

    colour, edge = (GOOD if gate.passed else BAD), x(gate.threshold)
    start, width = (edge, right - edge) if gate.bound == "at least" else (left, edge - left)
    parts = [_rect(start, middle - 8, width, 16, "#e4f2ec", 2), _line(left, middle, right, middle, LINE)]
    parts.append(_line(edge, middle - 10, edge, middle + 10, INK, 1.5))
    if isfinite(gate.value):
        parts.append(_line(x(gate.low), middle, x(gate.high), middle, colour, 4))
        parts.append(f'<circle cx="{x(gate.value):.1f}" cy="{middle}" r="5" fill="{colour}"/>')
    anchor = "start" if edge < 60 else "end" if edge > STRIP_WIDTH - 60 else "middle"
    parts.append(
        _text(edge, STRIP_HEIGHT - 1, of_gate(gate, gate.threshold), anchor=anchor, fill=SOFT, size=10)
    )
    return _svg(STRIP_WIDTH, STRIP_HEIGHT, parts, f"{gate.name}: {of_gate(gate, gate.value)}")


def bars(chart: Chart) -> str:
    """One horizontal bar a group with its interval as a whisker; those that stand out are marked."""
    label_width, plot, row = 170.0, 250.0, 24.0
    finite = [v for bar in chart.bars for v in (bar.value, bar.high) if isfinite(v)]
    most = max([*finite, 1e-9])
    most = 1.0 if chart.percent and most > 0.6 else most * 1.05
    told = percent if chart.percent else plain
    parts = [_line(label_width, 0, label_width, row * len(chart.bars), LINE)]
    for n, bar in enumerate(chart.bars):
        parts += _bar(bar, n * row, label_width, plot / most, told(bar.value))
    return _svg(label_width + plot + 130, row * len(chart.bars) + 4, parts, chart.title)


def _bar(bar: Bar, top: float, left: float, scale: float, value: str) -> Iterable[str]:
    middle, end = top + 12, left + scale * max(0.0, bar.value)
    whisker = left + scale * max(0.0, bar.high)
    yield _text(left - 8, middle + 4, _short(bar.label, 24), anchor="end")
    yield _rect(left, middle - 7, end - left, 14, "#d98a2b" if bar.stands_out else "#9db8d6", 2)
    if bar.low != bar.high:
        yield _line(left + scale * max(0.0, bar.low), middle, whisker, middle, INK, 1.2)
        yield _line(whisker, middle - 4, whisker, middle + 4, INK, 1.2)
        low = left + scale * max(0.0, bar.low)
        yield _line(low, middle - 4, low, middle + 4, INK, 1.2)
    mark = " ◆" if bar.stands_out else ""
    yield _text(max(end, whisker) + 8, middle + 4, f"{value}{mark}", size=12)
    yield _text(max(end, whisker) + 66, middle + 4, f"n {bar.n:,}", fill=SOFT, size=10)


def matrix(made: Matrix) -> str:
    """Rows by columns, each cell shaded by its share and written out."""
    left, width, row, top = 350.0, 110.0, 22.0, 24.0
    parts = [
        _text(left + (n + 0.5) * width, 15, _short(name, 20), anchor="middle", fill=SOFT, size=11)
        for n, name in enumerate(made.columns)
    ]
    for r, name in enumerate(made.rows):
        y = top + r * row
        parts.append(_text(left - 8, y + 15, _short(name, 54), anchor="end", size=11.5))
        for c, cell in enumerate(made.cells[r]):
            parts += _cell(cell, left + c * width, y, width, row)
    return _svg(left + width * len(made.columns) + 4, top + row * len(made.rows) + 4, parts, made.title)


def _cell(cell: tuple[float, int] | None, x: float, y: float, width: float, height: float) -> Iterable[str]:
    if cell is None:
        yield _text(x + width / 2, y + 15, "·", anchor="middle", fill=SOFT)
        return
    value, n = cell
    yield _rect(x + 1, y + 1, width - 2, height - 2, _shade(value), 2)
    ink = "#ffffff" if value > 0.72 or value < 0.28 else INK
    yield _text(x + width / 2, y + 15, f"{percent(value)}  ({n})", anchor="middle", fill=ink, size=11)


def _shade(value: float) -> str:
    """From red over grey to green."""
    stops = ((192, 57, 43), (226, 222, 214), (19, 121, 91))
    value = min(1.0, max(0.0, value))
    a, b, part = (stops[0], stops[1], value * 2) if value < 0.5 else (stops[1], stops[2], value * 2 - 1)
    return "#" + "".join(f"{round(p + (q - p) * part):02x}" for p, q in zip(a, b, strict=True))


def histogram(values: Sequence[float], unit: str, bins: int = 40) -> str:
    """How many values lie where, with the median and the 99th percentile marked."""
    ordered = sorted(values)
    half, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    most = max(late * 1.15, 1e-9)
    counts = [0] * bins
    for value in ordered:
        counts[min(bins - 1, int(value / most * bins))] += 1
    width, height = 460.0, 74.0
    step = width / bins
    parts = [
        _rect(
            n * step + 0.5, height - 60 * count / max(counts), step - 1, 60 * count / max(counts), "#9db8d6"
        )
        for n, count in enumerate(counts)
    ]
    parts.append(_line(0, height, width, height, LINE))
    for value, name in ((half, "p50"), (late, "p99")):
        at = min(width, value / most * width)
        parts.append(_line(at, 4, at, height, INK, 1, "3 2"))
        anchor = "end" if at > width - 120 else "start"
        shift = -4 if anchor == "end" else 4
        parts.append(_text(at + shift, 12, f"{name} {value:,.0f} {unit}", anchor=anchor, size=11, fill=SOFT))
    return _svg(width, height + 4, parts, f"median {half:.0f} {unit}")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

"""PDF as blocks: the lines of its pages by their size and place; a file that hides text is refused.

A PDF has letters at places and no structure. A line that is larger than most, or a numbered one in bold, is
taken for a heading; a wider gap, a label such as "(a)" or an indent begins a paragraph. Tables come out as
lines of text: a manual whose rows are to be cited one by one is better taken in as Markdown, HTML or DOCX.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from retrieval.errors import Unreadable
from retrieval.outline import NUMBERED, Block, Shape

MOST_PAGES = 3000
SMALLEST = 3.0
"""Letters of fewer points than these are there and cannot be read."""

_INVISIBLE = {3, 7}
"""Text render modes that paint nothing (ISO 32000-1, table 106)."""
_WHITE = {"g": [1], "rg": [1, 1, 1], "k": [0, 0, 0, 0], "sc": [1, 1, 1], "scn": [1, 1, 1]}
_SHOWS = {b"Tj", b"TJ", b"'", b'"'}
_LABEL = re.compile(r"\([a-z]{1,4}\)\s|\(\d{1,3}\)\s|[\u2022\u2013-]\s|\d{1,3}[.)]\s")
_PAGE_NUMBER = re.compile(r"(page\s+)?\d{1,4}(\s*(of|/)\s*\d{1,4})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    bold: bool
    gap: float


@dataclass(slots=True)
class _Paint:
    """What the page's drawing is set to: the colour of letters, and whether they are drawn at all."""

    mode: int = 0
    white: bool = False
    saved: list[tuple[int, bool]] = field(default_factory=list)


def read(content: bytes, source: str) -> tuple[dict[str, str], list[Block]]:
    """What the file says of itself, and its blocks; raises Unreadable with the reason."""
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        _refuse_locked(reader, source)
        pages = [_lines(page, source) for page in reader.pages]
        title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    except Unreadable:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        # what pypdf raises on a damaged file depends on where the damage is
        raise Unreadable(source, f"it is damaged: {error or type(error).__name__}") from error
    return {"title": title} if title else {}, list(_blocks(_without_furniture(pages)))


def _refuse_locked(reader: PdfReader, source: str) -> None:
    if reader.is_encrypted:
        raise Unreadable(source, "it is protected by a password")
    if len(reader.pages) > MOST_PAGES:
        raise Unreadable(source, f"it has {len(reader.pages)} pages")
    layers: Any = reader.root_object.get("/OCProperties")
    if layers is not None and layers.get_object().get("/D", {}).get_object().get("/OFF"):
        raise Unreadable(source, "it has layers that are switched off")


def _lines(page: PageObject, source: str) -> list[_Line]:
    paint, hidden = _Paint(), []
    parts: list[tuple[str, float, bool, float]] = []

    def before(operator: bytes, operands: Sequence[Any], _cm: Any, _tm: Any) -> None:
        _follow(paint, operator, operands)
        if operator in _SHOWS and (paint.white or paint.mode in _INVISIBLE) and _has_letters(operands):
            hidden.append("white" if paint.white else "not drawn")

    def shown(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        if text.strip():
            scale = abs(tm[3] or tm[1]) * abs(cm[3] or cm[1])
            points, name = size * scale, str((font or {}).get("/BaseFont", ""))
            parts.append((text, points, "bold" in name.lower(), tm[5] * cm[3] + cm[5]))
            if points < SMALLEST:
                hidden.append(f"{points:.1f} points high")

    page.extract_text(visitor_operand_before=before, visitor_text=shown)
    if hidden:
        raise Unreadable(source, f"it hides text from its reader: letters that are {hidden[0]}")
    return list(_joined(parts))


def _follow(paint: _Paint, operator: bytes, operands: Sequence[Any]) -> None:
    name = operator.decode("latin-1")
    if name == "q":
        paint.saved.append((paint.mode, paint.white))
    elif name == "Q" and paint.saved:
        paint.mode, paint.white = paint.saved.pop()
    elif name == "Tr":
        paint.mode = int(operands[0])
    elif name in _WHITE:
        paint.white = [float(o) for o in operands if isinstance(o, int | float)] == _WHITE[name]


def _has_letters(operands: Sequence[Any]) -> bool:
    told = operands[0] if operands and isinstance(operands[0], list) else operands
    return any(isinstance(one, str | bytes) and one.strip() for one in told)


def _joined(parts: Sequence[tuple[str, float, bool, float]]) -> Iterator[_Line]:
    """Parts of one height on the page make a line; the gap is how far below the line before it stands."""
    line: list[tuple[str, float, bool, float]] = []
    above: float | None = None
    for part in [*parts, ("", 0.0, False, float("-inf"))]:
        if line and abs(part[3] - line[-1][3]) > 1:
            text = " ".join(" ".join(p[0] for p in line).split())
            gap = 0.0 if above is None else above - line[0][3]
            yield _Line(text, max(p[1] for p in line), all(p[2] for p in line), gap)
            above, line = line[0][3], []
        line.append(part)


def _without_furniture(pages: Sequence[Sequence[_Line]]) -> list[_Line]:
    """The lines of all pages, without page numbers and what stands at the edge of most pages."""
    edges = Counter(line.text for page in pages for line in {*page[:1], *page[-1:]})
    repeated = {text for text, count in edges.items() if count > max(2, len(pages) // 2)}
    return [
        line
        for page in pages
        for line in page
        if line.text not in repeated and not _PAGE_NUMBER.fullmatch(line.text)
    ]


def _blocks(lines: Sequence[_Line]) -> Iterator[Block]:
    sizes = Counter(round(line.size, 1) for line in lines for _ in line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({round(line.size, 1) for line in lines if line.size > usual * 1.1}, reverse=True)
    gaps = Counter(round(line.gap) for line in lines if line.gap > 0)
    step = gaps.most_common(1)[0][0] if gaps else 0
    paragraph: list[str] = []
    for line in lines:
        level = _level(line, larger)
        if level or line.gap > step * 1.3 or _LABEL.match(line.text):
            yield from _said(paragraph)
            paragraph = []
        if level:
            yield Block(Shape.HEADING, line.text, level=level)
        else:
            paragraph.append(line.text)
    yield from _said(paragraph)


def _level(line: _Line, larger: Sequence[float]) -> int:
    """How deep a heading the line is; 0 for none."""
    if round(line.size, 1) in larger:
        return min(larger.index(round(line.size, 1)) + 1, 6)
    return 6 if line.bold and NUMBERED.match(line.text + " ") else 0


def _said(lines: Sequence[str]) -> Iterator[Block]:
    text = "\n".join(lines).replace("-\n", "-").replace("\n", " ")
    if text:
        yield Block(Shape.PARAGRAPH, text)

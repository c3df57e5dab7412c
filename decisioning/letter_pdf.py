"""A letter as PDF: A4, the viewer's own Helvetica, no font and no library brought along.

It prints what Windows-1252 has, which is most of western Europe; a letter with another character is not
printed wrong but refused, and HTML takes it. Widths are Adobe's font metrics, in thousandths of the size.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from decisioning.letter import Block, Letter
from decisioning.letter_forms import printable

PLAIN: Final = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
    278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350, 556, 350, 222, 556,
    333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350, 350, 222, 222, 333, 333, 350, 556, 1000,
    333, 1000, 500, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556,
    584, 333, 737, 333, 400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778,
    778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 500,
    556, 556, 556, 556, 278, 278, 278, 278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556,
    556, 500, 556, 500,
)  # fmt: skip
BOLD: Final = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778,
    722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333,
    278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350, 556, 350, 278, 556,
    500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350, 350, 278, 278, 500, 500, 350, 556, 1000,
    333, 1000, 556, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556,
    584, 333, 737, 333, 400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778,
    778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 556,
    556, 556, 556, 556, 278, 278, 278, 278, 611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611,
    611, 556, 611, 556,
)  # fmt: skip
_WIDTH, _HEIGHT, _MARGIN = 595, 842, 72
_LEADING = 1.35
_LABEL_WIDTH = 170


class Unprintable(ValueError):
    """The letter holds a character that this form cannot print."""


@dataclass(frozen=True)
class _Line:
    """A line of text: where it begins from the left margin, and the space above it in points."""

    text: str
    size: float = 10.5
    bold: bool = False
    indent: float = 0.0
    above: float = 0.0
    beside: bool = False


def as_pdf(letter: Letter) -> bytes:
    """The letter as a PDF document, the same bytes for the same letter; raises Unprintable."""
    pages = _pages(list(_lines(letter)))
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    title = _bytes(letter.title).hex()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Lang(en)/ViewerPreferences<</DisplayDocTitle true>>>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}/MediaBox[0 0 {_WIDTH} {_HEIGHT}]>>".encode(),
        *(
            f"<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>".encode()
            for name in ("Helvetica", "Helvetica-Bold")
        ),
    ]
    for number, page in enumerate(pages):
        fonts = "<</Font<</F1 3 0 R/F2 4 0 R>>>>"
        contents = f"/Contents {6 + 2 * number} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources{fonts}{contents}>>".encode())
        objects.append(f"<</Length {len(page)}>>stream\n".encode() + page + b"\nendstream")
    objects.append(f"<</Title<{title}>/Producer(Credence)>>".encode())
    return _document(objects)


def _lines(letter: Letter) -> Iterator[_Line]:
    for party in (letter.sender, letter.recipient):
        for number, text in enumerate(party):
            yield from _wrapped(_Line(text, above=16 if number == 0 else 0))
    yield from _wrapped(_Line(letter.date, above=16))
    yield from _wrapped(_Line(letter.title, size=15, bold=True, above=20))
    yield from _wrapped(_Line(letter.salutation, above=12))
    for block in letter.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[_Line]:
    if block.heading:
        yield from _wrapped(_Line(block.heading, size=11.5, bold=True, above=16))
    for paragraph in block.paragraphs:
        yield from _wrapped(_Line(paragraph, above=6))
    for number, (label, value) in enumerate(block.facts):
        yield _Line(_clean(label), above=6 if number == 0 else 1)
        first, *others = _wrapped(_Line(value, indent=_LABEL_WIDTH))
        yield _Line(first.text, indent=_LABEL_WIDTH, beside=True)
        yield from others
    if block.lead:
        yield from _wrapped(_Line(block.lead, above=6))
    for item in block.items:
        yield _Line("\u2022", indent=8, above=4)
        first, *others = _wrapped(_Line(item, indent=20))
        yield _Line(first.text, indent=20, beside=True)
        yield from others
    for paragraph in block.after:
        yield from _wrapped(_Line(paragraph, above=6))


def _wrapped(line: _Line) -> Iterator[_Line]:
    """The line broken between words, and within a word that is longer than the page is wide."""
    room = _WIDTH - 2 * _MARGIN - line.indent
    above, text = line.above, ""
    for word in _clean(line.text).split(" ") or [""]:
        longer = f"{text} {word}" if text else word
        while _measured(longer, line) > room:
            whole = text or _that_fits(longer, line, room)
            yield _Line(whole, line.size, line.bold, line.indent, above)
            above, longer = 0.0, longer[len(whole) :].lstrip()
            text = ""
        text = longer
    yield _Line(text, line.size, line.bold, line.indent, above)


def _that_fits(word: str, line: _Line, room: float) -> str:
    return next(word[:n] for n in range(len(word), 0, -1) if n == 1 or _measured(word[:n], line) <= room)


def _measured(text: str, line: _Line) -> float:
    widths = BOLD if line.bold else PLAIN
    return sum(widths[code - 32] for code in _bytes(text)) * line.size / 1000


def _pages(lines: list[_Line]) -> list[bytes]:
    """The content of each page; a heading stays with the line below it."""
    pages: list[list[str]] = [[]]
    y = float(_HEIGHT - _MARGIN)
    for line in lines:
        height = line.size * _LEADING
        if not line.beside:
            y -= line.above + height
            if y < _MARGIN + (3 * height if line.bold else 0):
                pages.append([])
                y = _HEIGHT - _MARGIN - height
        font = "F2" if line.bold else "F1"
        at = f"{_MARGIN + line.indent:g} {y:.2f}"
        pages[-1].append(f"BT /{font} {line.size:g} Tf {at} Td <{_bytes(line.text).hex()}> Tj ET")
    return ["\n".join(page).encode() for page in pages]


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", printable(text))


def _bytes(text: str) -> bytes:
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError as error:
        raise Unprintable(f"cannot print {text[error.start]!r}") from None


def _document(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, with their table; the first is the catalogue, the last the title."""
    body, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\n" % (len(objects) + 1, len(objects))
    return body + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)

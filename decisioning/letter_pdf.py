"""A letter as PDF: A4, in the viewer's own Helvetica where that has every character, else in Noto Sans.

So it prints what is written in Latin, Greek and Cyrillic letters; a letter with another character is not
printed wrong but refused, and HTML takes it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from decisioning.letter import Block, Letter
from decisioning.letter_fonts import Font, Helvetica, Noto, Unprintable
from decisioning.letter_forms import printable

_WIDTH, _HEIGHT, _MARGIN = 595, 842, 72
_LEADING = 1.35
_LABEL_WIDTH = 170
_FONTS = 3
"""The number of the first object that a font needs."""


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
    try:
        font: Font = Helvetica()
        lines = list(_lines(letter, font))
    except Unprintable:
        lines = list(_lines(letter, Noto()))
        font = Noto().holding(line.text for line in lines)
    pages = _pages(lines, font)
    objects = [b"<</Type/Catalog/Pages 2 0 R/Lang(en)/ViewerPreferences<</DisplayDocTitle true>>>>", b""]
    objects += font.objects(_FONTS)
    first = len(objects) + 1
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects[1] = f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}/MediaBox[0 0 {_WIDTH} {_HEIGHT}]>>".encode()
    for number, page in enumerate(pages):
        resources = f"<</Font<<{font.names(_FONTS)}>>>>"
        contents = f"/Contents {first + 1 + 2 * number} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources{resources}{contents}>>".encode())
        objects.append(f"<</Length {len(page)}>>stream\n".encode() + page + b"\nendstream")
    title = b"\xfe\xff" + letter.title.encode("utf-16-be")
    objects.append(f"<</Title<{title.hex()}>/Producer(Credence)>>".encode())
    return _document(objects)


def _lines(letter: Letter, font: Font) -> Iterator[_Line]:
    for party in (letter.sender, letter.recipient):
        for number, text in enumerate(party):
            yield from _wrapped(_Line(text, above=16 if number == 0 else 0), font)
    yield from _wrapped(_Line(letter.date, above=16), font)
    yield from _wrapped(_Line(letter.title, size=15, bold=True, above=20), font)
    yield from _wrapped(_Line(letter.salutation, above=12), font)
    for block in letter.blocks:
        yield from _block(block, font)


def _block(block: Block, font: Font) -> Iterator[_Line]:
    if block.heading:
        yield from _wrapped(_Line(block.heading, size=11.5, bold=True, above=16), font)
    for paragraph in block.paragraphs:
        yield from _wrapped(_Line(paragraph, above=6), font)
    for number, (label, value) in enumerate(block.facts):
        yield _Line(_clean(label), above=6 if number == 0 else 1)
        first, *others = _wrapped(_Line(value, indent=_LABEL_WIDTH), font)
        yield _Line(first.text, indent=_LABEL_WIDTH, beside=True)
        yield from others
    if block.lead:
        yield from _wrapped(_Line(block.lead, above=6), font)
    for item in block.items:
        yield _Line("\u2022", indent=8, above=4)
        first, *others = _wrapped(_Line(item, indent=20), font)
        yield _Line(first.text, indent=20, beside=True)
        yield from others
    for paragraph in block.after:
        yield from _wrapped(_Line(paragraph, above=6), font)


def _wrapped(line: _Line, font: Font) -> Iterator[_Line]:
    """The line broken between words, and within a word that is longer than the page is wide."""
    room = _WIDTH - 2 * _MARGIN - line.indent
    above, text = line.above, ""
    for word in _clean(line.text).split(" ") or [""]:
        longer = f"{text} {word}" if text else word
        while _measured(longer, line, font) > room:
            whole = text or _that_fits(longer, line, room, font)
            yield _Line(whole, line.size, line.bold, line.indent, above)
            above, longer = 0.0, longer[len(whole) :].lstrip()
            text = ""
        text = longer
    yield _Line(text, line.size, line.bold, line.indent, above)


def _that_fits(word: str, line: _Line, room: float, font: Font) -> str:
    fits = (n for n in range(len(word), 0, -1) if n == 1 or _measured(word[:n], line, font) <= room)
    return word[: next(fits)]


def _measured(text: str, line: _Line, font: Font) -> float:
    return font.width(text, bold=line.bold) * line.size / 1000


def _pages(lines: list[_Line], font: Font) -> list[bytes]:
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
        at, style = f"{_MARGIN + line.indent:g} {y:.2f}", font.style(line.size, bold=line.bold)
        pages[-1].append(f"BT {style} {at} Td <{font.codes(line.text).hex()}> Tj ET")
    return ["\n".join(page).encode() for page in pages]


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", printable(text))


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

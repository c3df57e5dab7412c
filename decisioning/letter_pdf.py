"""A letter as PDF: A4, in the viewer's own Helvetica where that has every character, else in Noto Sans.

So it prints what is written in Latin, Greek and Cyrillic letters; a letter with another character is not
printed wrong but refused, and HTML takes it.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Final

from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

from decisioning.letter import Block, Letter, Unprintable
from decisioning.letter_forms import printable

HELVETICA: Final = "helvetica"
NOTO: Final = "noto"
FONT: Final = files("fontpkg_noto_sans") / "files/NotoSans[wdth,wght].ttf"
"""SIL Open Font License 1.1. What a letter does not use of it stays out of the file."""
SCRIPTS: Final = ("LATIN ", "GREEK ", "CYRILLIC ")
"""Letters that stand side by side as they are; others are joined, reordered or written from the right."""
WINDOWS: Final = "cp1252"

_MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""The letter has its own date; the file's is the same for all, so that equal letters are equal bytes."""
_MARGIN = 72
_LEADING = 1.35
_LABEL_WIDTH, _BULLET_WIDTH = 170, 12
_STROKE = 0.03
"""Bold in Noto Sans is its regular outline drawn with a pen of this share of the size."""


def as_pdf(letter: Letter) -> bytes:
    """The letter as a PDF document, the same bytes for the same letter; raises Unprintable."""
    sheet = _Sheet(letter.title, _font("".join(_texts(letter))))
    for party in (letter.sender, letter.recipient):
        for number, text in enumerate(party):
            sheet.write_line(text, above=16 if number == 0 else 0)
    sheet.write_line(letter.date, above=16)
    sheet.write_line(letter.title, size=15, bold=True, above=20)
    sheet.write_line(letter.salutation, above=12)
    for block in letter.blocks:
        _write(block, sheet)
    return bytes(sheet.output())


def _write(block: Block, sheet: "_Sheet") -> None:
    if block.heading:
        sheet.write_line(block.heading, size=11.5, bold=True, above=16)
    for paragraph in block.paragraphs:
        sheet.write_line(paragraph, above=6)
    for number, (label, value) in enumerate(block.facts):
        sheet.write_line(value, above=6 if number == 0 else 1, beside=label, width=_LABEL_WIDTH)
    if block.lead:
        sheet.write_line(block.lead, above=6)
    for item in block.items:
        sheet.write_line(item, above=4, beside="\u2022", width=_BULLET_WIDTH)
    for paragraph in block.after:
        sheet.write_line(paragraph, above=6)


class _Sheet(FPDF):
    """Pages of one font, written from the top to the bottom."""

    def __init__(self, title: str, font: str) -> None:
        super().__init__(unit="pt", format="A4")
        self._font = font
        self.core_fonts_encoding = "windows-1252"
        if font == NOTO:
            with as_file(FONT) as path:
                self.add_font(NOTO, fname=path)
        self.set_creation_date(_MADE)
        self.set_title(title)
        self.set_lang("en")
        self.set_producer("Credence")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.add_page()

    def write_line(
        self,
        text: str,
        *,
        size: float = 10.5,
        bold: bool = False,
        above: float = 0,
        beside: str = "",
        width: float = 0,
    ) -> None:
        """A text broken into lines, with space above it and what stands beside its first line."""
        height = size * _LEADING
        emulated = bold and self._font == NOTO
        self.set_font(self._font, style="B" if bold and not emulated else "", size=size)
        self.ln(above)
        if self.will_page_break(height * (4 if bold else 1)):  # a heading stays with the line below it
            self.add_page()
        with self.local_context(
            text_mode=TextMode.FILL_STROKE if emulated else TextMode.FILL, line_width=size * _STROKE
        ):
            if beside:
                self.cell(width, height, _clean(beside))
            self.multi_cell(0, height, _clean(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _texts(letter: Letter) -> Iterator[str]:
    """Every text of the letter as it is printed."""
    yield from map(_clean, (*letter.sender, *letter.recipient, letter.date, letter.title, letter.salutation))
    for block in letter.blocks:
        facts = (text for fact in block.facts for text in fact)
        lines = (block.heading or "", block.lead or "", *block.paragraphs, *facts, *block.items, *block.after)
        yield from map(_clean, lines)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", printable(text))


def _font(text: str) -> str:
    try:
        text.encode(WINDOWS)
    except UnicodeEncodeError:
        if odd := next((c for c in text if not _is_in_noto(c)), None):
            raise Unprintable(f"cannot print {odd!r}") from None
        return NOTO
    return HELVETICA


def _is_in_noto(character: str) -> bool:
    kind = unicodedata.category(character)[0]
    if kind in "MC" or (kind == "L" and not unicodedata.name(character, "").startswith(SCRIPTS)):
        return False
    return ord(character) in _glyphs()


@cache
def _glyphs() -> frozenset[int]:
    with as_file(FONT) as path:
        font = TTFFont(FPDF(), path, NOTO, style="")
        try:
            return frozenset(font.cmap)
        finally:
            font.close()

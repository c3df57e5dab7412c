"""The fonts of a letter's PDF: the viewer's own Helvetica; Noto Sans, embedded, for Greek and Cyrillic too.

Helvetica prints Windows-1252, most of western Europe; widths are Adobe's font metrics, in thousandths of the
size. A letter with any other character is printed in the other font, of which it brings the glyphs it needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from decisioning.typeface import NAME, Typeface, typeface

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


_STROKE = 0.03
"""The regular outlines drawn with a pen of this share of the size are bold."""
_LARGEST_BLOCK = 100
"""Characters that one operator of a character map may tell."""


class Unprintable(ValueError):
    """The letter holds a character that no font here can print."""


class Font(Protocol):
    """What a letter is printed in; the objects of the document begin with number `first`."""

    def width(self, text: str, *, bold: bool) -> float:
        """Thousandths of the size; raises Unprintable."""
        ...

    def codes(self, text: str) -> bytes:
        """The text as its strings spell it."""
        ...

    def style(self, size: float, *, bold: bool) -> str:
        """The operators that choose it."""
        ...

    def objects(self, first: int) -> list[bytes]:
        """The objects that describe it."""
        ...

    def names(self, first: int) -> str:
        """The names that a page knows it by."""
        ...


class Helvetica:
    """Nothing is brought along: every viewer has it."""

    def width(self, text: str, *, bold: bool) -> float:
        """From Adobe's tables."""
        widths = BOLD if bold else PLAIN
        return sum(widths[code - 32] for code in self.codes(text))

    def codes(self, text: str) -> bytes:
        """Windows-1252."""
        try:
            return text.encode("cp1252")
        except UnicodeEncodeError as error:
            raise Unprintable(f"cannot print {text[error.start]!r}") from None

    def style(self, size: float, *, bold: bool) -> str:
        """Plain or bold, each a font of its own."""
        return f"/{'F2' if bold else 'F1'} {size:g} Tf"

    def objects(self, first: int) -> list[bytes]:
        """Two fonts by their names."""
        del first
        named = "<</Type/Font/Subtype/Type1/BaseFont/{}/Encoding/WinAnsiEncoding>>"
        return [named.format(name).encode() for name in ("Helvetica", "Helvetica-Bold")]

    def names(self, first: int) -> str:
        """F1 and F2."""
        return f"/F1 {first} 0 R/F2 {first + 1} 0 R"


@dataclass(frozen=True)
class Noto:
    """Noto Sans; what a letter does not use of it stays out. Bold is the same outline, drawn with a pen."""

    face: Typeface = field(default_factory=typeface)
    numbers: Mapping[str, int] = field(default_factory=dict)
    program: bytes = b""

    def holding(self, texts: Iterable[str]) -> "Noto":
        """The font with the glyphs that these texts need."""
        glyphs = {character: self._glyph(character) for text in texts for character in text}
        program, new = self.face.subset(glyphs.values())
        return Noto(self.face, {c: new[glyph] for c, glyph in sorted(glyphs.items())}, program)

    def width(self, text: str, *, bold: bool) -> float:
        """From the font's own table; bold is as wide."""
        del bold
        return sum(self.face.width(self._glyph(character)) for character in text)

    def codes(self, text: str) -> bytes:
        """Two bytes a glyph: its number in the subset."""
        return b"".join(self.numbers[character].to_bytes(2, "big") for character in text)

    def style(self, size: float, *, bold: bool) -> str:
        """Filled, or filled and drawn."""
        return f"{2 if bold else 0} Tr {size * _STROKE:.3f} w /F1 {size:g} Tf"

    def objects(self, first: int) -> list[bytes]:
        """The font, its glyphs and widths, what it looks like, its program, and what its codes mean."""
        name, face = f"AAAAAA+{NAME}", self.face
        told = {number: face.width(self._glyph(c)) for c, number in self.numbers.items()}
        widths = " ".join(str(width) for _, width in sorted(told.items()))
        bounds = " ".join(map(str, face.bounds))
        sheet = (
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{bounds}]/ItalicAngle 0/StemV 80"
            f"/Ascent {face.ascent}/Descent {face.descent}/CapHeight {face.capital}"
            f"/FontFile2 {first + 3} 0 R>>"
        )
        glyphs = (
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)"
            f"/Ordering(Identity)/Supplement 0>>/FontDescriptor {first + 2} 0 R/CIDToGIDMap/Identity"
            f"/DW 0/W[1[{widths}]]>>"
        )
        whole = (
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
            f"/DescendantFonts[{first + 1} 0 R]/ToUnicode {first + 4} 0 R>>"
        )
        size = f"/Length1 {len(self.program)}"
        streams = [_stream(self.program, size), _stream(self._meanings())]
        return [whole.encode(), glyphs.encode(), sheet.encode(), *streams]

    def names(self, first: int) -> str:
        """F1 alone."""
        return f"/F1 {first} 0 R"

    def _glyph(self, character: str) -> int:
        found = self.face.glyph(character)
        if found is None:
            raise Unprintable(f"cannot print {character!r}")
        return found

    def _meanings(self) -> bytes:
        """The character of each code, so that the text can be read out and searched."""
        meant = {number: character for character, number in sorted(self.numbers.items(), reverse=True)}
        told = [f"<{n:04x}><{c.encode('utf-16-be').hex()}>" for n, c in sorted(meant.items())]
        blocks = [told[at : at + _LARGEST_BLOCK] for at in range(0, len(told), _LARGEST_BLOCK)]
        lines = [line for b in blocks for line in (f"{len(b)} beginbfchar", *b, "endbfchar")]
        return "\n".join((_MAP_HEAD, *lines, _MAP_TAIL)).encode()


_MAP_HEAD: Final = """/CIDInit/ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
/CMapName/Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><ffff>
endcodespacerange"""
_MAP_TAIL: Final = "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend"


def _stream(content: bytes, more: str = "") -> bytes:
    return f"<</Length {len(content)}{more}>>stream\n".encode() + content + b"\nendstream"

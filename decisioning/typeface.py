"""A TrueType font to print a letter in: its characters, their widths, and a subset to embed.

Noto Sans (SIL Open Font License 1.1), from the package that ships it; it has the Latin, Greek and Cyrillic
letters. Of a variable font the outlines are those of its default, the regular weight, and nothing that varies
goes into a subset. Tables as the OpenType specification 1.9 has them; widths in thousandths of the size.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

PACKAGE: Final = "fontpkg_noto_sans"
FILE: Final = "files/NotoSans[wdth,wght].ttf"
NAME: Final = "NotoSans-Regular"
SCRIPTS: Final = ("LATIN ", "GREEK ", "CYRILLIC ")
"""Letters that stand side by side as they are; others are joined, reordered or written from the right."""

_WORDS, _MORE, _SCALE, _XY_SCALE, _TWO_BY_TWO = 0x1, 0x20, 0x8, 0x40, 0x80
_UNICODE_FULL = 12
_KEPT: Final = ("head", "hhea", "maxp", "OS/2", "prep")


class Typeface:
    """One font file, read once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._tables = dict(self._directory())
        self._em = self._number("head", 18, "H")
        self.ascent, self.descent = (self._scaled(self._number("hhea", at, "h")) for at in (4, 6))
        self.bounds = tuple(self._scaled(self._number("head", at, "h")) for at in (36, 38, 40, 42))
        self.capital = self._scaled(self._number("OS/2", 88, "h"))
        count = self._number("maxp", 4, "H")
        metrics = self._number("hhea", 34, "H")
        widths = struct.unpack_from(f">{2 * metrics}H", self._table("hmtx"))[::2]
        self._widths = (*widths, *widths[-1:] * (count - metrics))
        self._places = struct.unpack_from(f">{count + 1}I", self._table("loca"))
        self._glyphs = dict(self._mapped())

    def glyph(self, character: str) -> int | None:
        """The glyph of a character that can be printed by itself; None where it cannot."""
        kind = unicodedata.category(character)[0]
        if kind in "MC" or (kind == "L" and not unicodedata.name(character, "").startswith(SCRIPTS)):
            return None
        return self._glyphs.get(ord(character))

    def width(self, glyph: int) -> int:
        """How far it moves the pen."""
        return self._scaled(self._widths[glyph])

    def subset(self, glyphs: Iterable[int]) -> tuple[bytes, Mapping[int, int]]:
        """A font of these glyphs alone and of what they are made of, and the new number of each."""
        wanted = [0]
        wanted += sorted(set(glyphs) - {0})
        for glyph in wanted:  # grows while it is read: a part may have parts
            wanted += [part for _, part in self._parts(glyph) if part not in wanted]
        new = {glyph: number for number, glyph in enumerate(wanted)}
        outlines = [self._renumbered(glyph, new) for glyph in wanted]
        return self._file(wanted, outlines), new

    def _directory(self) -> Iterator[tuple[str, tuple[int, int]]]:
        count = struct.unpack_from(">H", self._content, 4)[0]
        for number in range(count):
            tag, _, start, size = struct.unpack_from(">4sIII", self._content, 12 + 16 * number)
            yield tag.decode(), (start, size)

    def _table(self, tag: str) -> bytes:
        start, size = self._tables[tag]
        return self._content[start : start + size]

    def _number(self, tag: str, at: int, form: str) -> int:
        found: int = struct.unpack_from(f">{form}", self._content, self._tables[tag][0] + at)[0]
        return found

    def _scaled(self, units: int) -> int:
        return round(units * 1000 / self._em)

    def _mapped(self) -> Iterator[tuple[int, int]]:
        table = self._table("cmap")
        for number in range(struct.unpack_from(">H", table, 2)[0]):
            start = struct.unpack_from(">I", table, 8 + 8 * number)[0]
            if struct.unpack_from(">H", table, start)[0] == _UNICODE_FULL:
                groups = struct.unpack_from(">I", table, start + 12)[0]
                for first, last, glyph in struct.iter_unpack(">III", table[start + 16 :][: 12 * groups]):
                    yield from zip(
                        range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True
                    )
                return

    def _outline(self, glyph: int) -> bytes:
        start = self._tables["glyf"][0]
        return self._content[start + self._places[glyph] : start + self._places[glyph + 1]]

    def _parts(self, glyph: int) -> Iterator[tuple[int, int]]:
        """The glyphs that one is made of, each with where its number stands in the outline."""
        outline = self._outline(glyph)
        if not outline or struct.unpack_from(">h", outline)[0] >= 0:
            return
        at, flags = 10, _MORE
        while flags & _MORE:
            flags, part = struct.unpack_from(">HH", outline, at)
            yield at + 2, part
            at += 8 if flags & _WORDS else 6
            at += 2 if flags & _SCALE else 4 if flags & _XY_SCALE else 8 if flags & _TWO_BY_TWO else 0

    def _renumbered(self, glyph: int, new: Mapping[int, int]) -> bytes:
        outline = bytearray(self._outline(glyph))
        for at, part in self._parts(glyph):
            struct.pack_into(">H", outline, at, new[part])
        return bytes(outline) + b"\0" * (-len(outline) % 4)

    def _file(self, glyphs: list[int], outlines: list[bytes]) -> bytes:
        count, places = len(glyphs), [0]
        for outline in outlines:
            places.append(places[-1] + len(outline))
        sides = self._table("hmtx")
        metrics = [struct.pack(">H", self._widths[glyph]) + _side(sides, glyph) for glyph in glyphs]
        tables: dict[str, bytes] = {tag: self._table(tag) for tag in _KEPT if tag in self._tables}
        tables["hhea"] = tables["hhea"][:34] + struct.pack(">H", count)
        tables["maxp"] = tables["maxp"][:4] + struct.pack(">H", count) + tables["maxp"][6:]
        tables |= {"glyf": b"".join(outlines), "hmtx": b"".join(metrics)}
        tables["loca"] = struct.pack(f">{count + 1}I", *places)
        return _packed(dict(sorted(tables.items())))


def _side(metrics: bytes, glyph: int) -> bytes:
    """The left side bearing of a glyph: every one of this font has a width of its own."""
    found = metrics[4 * glyph + 2 : 4 * glyph + 4]
    return found if len(found) == 2 else b"\0\0"


def _packed(tables: Mapping[str, bytes]) -> bytes:
    count = len(tables)
    power = count.bit_length() - 1
    head = struct.pack(">IHHHH", 0x00010000, count, 16 << power, power, 16 * count - (16 << power))
    at, directory, body = 12 + 16 * count, b"", b""
    for tag, content in tables.items():
        whole = content + b"\0" * (-len(content) % 4)
        check = sum(struct.unpack(f">{len(whole) // 4}I", whole)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag.encode(), check, at + len(body), len(content))
        body += whole
    return head + directory + body


@lru_cache(maxsize=1)
def typeface() -> Typeface:
    """The font that letters are printed in where the viewer's own has not every character."""
    return Typeface(files(PACKAGE).joinpath(FILE).read_bytes())

"""DOCX as blocks: headings by their styles, numbers as Word counts them, tables by their rows.

A file is refused where what a reader sees is not what is written: hidden or white text, changes that nobody
accepted or refused, text boxes; and where it is a bomb: its parts are counted and sized before any is
unpacked, and no archive inside it is ever opened.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import docx
from docx.document import Document as Word
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.oxml.table import CT_Tbl
from docx.oxml.text.paragraph import CT_P
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError

from retrieval.counting import Numbering
from retrieval.errors import Unreadable
from retrieval.outline import Block, Shape

MOST_PARTS = 2000
MOST_BYTES = 128 * 1024 * 1024
"""Unpacked; a manual of a thousand pages has five million."""
SMALLEST_HALF_POINTS = 6

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADING = re.compile(r"heading ([1-6])|title", re.IGNORECASE)
_UNSETTLED = ("w:ins", "w:del", "w:moveFrom", "w:moveTo")
_BOXES = ("w:txbxContent",)
_OFF = {"0", "false", "off", "none"}
_WHITE = {"FFFFFF", "FFFFFE", "FEFEFE"}


def read(content: bytes, source: str) -> tuple[dict[str, str], list[Block]]:
    """What the file says of itself, and its blocks; raises Unreadable with the reason."""
    if content.startswith(_OLD_OR_LOCKED):
        raise Unreadable(source, "it is protected by a password, or of a Word before 2007")
    try:
        _refuse_bomb(content, source)
        word = docx.Document(io.BytesIO(content))
        _refuse_unseen(word, source)
        made = list(_blocks(word))
    except (zipfile.BadZipFile, PackageNotFoundError, LxmlError, KeyError, ValueError, OSError) as error:
        raise Unreadable(source, f"it is damaged: {error or type(error).__name__}") from error
    title = (word.core_properties.title or "").strip()
    return {"title": title} if title else {}, made


def _refuse_bomb(content: bytes, source: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > MOST_PARTS or unpacked > MOST_BYTES:
            raise Unreadable(source, f"it unpacks to {unpacked:,} bytes in {len(parts)} parts")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(part):
                raise Unreadable(source, f"{part.filename} declares entities")


def _refuse_unseen(word: Word, source: str) -> None:
    body = word.element.body
    for tag in _UNSETTLED:
        if next(body.iter(qn(tag)), None) is not None:
            raise Unreadable(source, "it has tracked changes that nobody accepted or refused")
    for tag in _BOXES:
        if any(box.xpath("string()").strip() for box in body.iter(qn(tag))):
            raise Unreadable(source, "it has text boxes, which stand in no reading order")
    unseen = {style.style_id for style in word.styles if _is_unseen(style.element.find(qn("w:rPr")))}
    for run in body.iter(qn("w:r")):
        text = "".join(piece.text or "" for piece in run.iter(qn("w:t")))
        if text.strip() and (_is_unseen(run.find(qn("w:rPr"))) or _styles_of(run) & unseen):
            raise Unreadable(source, f"it hides text from its reader: {text[:40]!r}")


def _styles_of(run: Any) -> set[str]:
    """The styles of a run and of its paragraph."""
    own = run.find(f"{qn('w:rPr')}/{qn('w:rStyle')}")
    around = next(run.iterancestors(qn("w:p")), None)
    of_paragraph = None if around is None else around.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return {style.get(qn("w:val")) for style in (own, of_paragraph) if style is not None}


def _is_unseen(properties: Any) -> bool:
    if properties is None:
        return False
    for tag in ("w:vanish", "w:webHidden", "w:specVanish"):
        found = properties.find(qn(tag))
        if found is not None and found.get(qn("w:val"), "1").lower() not in _OFF:
            return True
    color, size = properties.find(qn("w:color")), properties.find(qn("w:sz"))
    ground = properties.find(qn("w:shd")), properties.find(qn("w:highlight"))
    if color is not None and color.get(qn("w:val"), "").upper() in _WHITE and ground == (None, None):
        return True
    return size is not None and float(size.get(qn("w:val"), "24")) < SMALLEST_HALF_POINTS


def _blocks(word: Word) -> Iterator[Block]:
    numbering = Numbering(word)
    for element in _flow(word.element.body):
        if isinstance(element, CT_Tbl):
            yield from _rows(element)
        elif isinstance(element, CT_P):
            block = _paragraph(Paragraph(element, word.part), numbering)
            if block is not None:
                yield block


def _flow(element: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, those inside content controls too."""
    for child in element:
        if isinstance(child, CT_P | CT_Tbl):
            yield child
        elif child.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:smartTag")}:
            yield from _flow(child)


def _paragraph(paragraph: Paragraph, numbering: Numbering) -> Block | None:
    text = " ".join(_text(paragraph._p).split())
    if not text:
        return None
    number = numbering.of(paragraph._p)
    style = paragraph.style.name if paragraph.style is not None else None
    if match := _HEADING.fullmatch(style or ""):
        level = int(match[1]) if match[1] else 1
        return Block(Shape.HEADING, f"{number} {text}".strip(), level=level)
    return Block(Shape.ITEM, text, label=number.strip("().")) if number else Block(Shape.PARAGRAPH, text)


def _rows(table: CT_Tbl) -> Iterator[Block]:
    look = table.find(f"{qn('w:tblPr')}/{qn('w:tblLook')}")
    first_is_head = look is not None and look.get(qn("w:firstRow")) == "1"
    for place, row in enumerate(table.iter(qn("w:tr"))):
        cells = [" ".join(_text(cell).split()) for cell in row.iter(qn("w:tc"))]
        if any(cells):
            head = row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
            shape = Shape.TABLE_HEAD if place == 0 and (head or first_is_head) else Shape.TABLE_ROW
            yield Block(shape, " | ".join(cells))


def _text(element: Any) -> str:
    """The words of a paragraph or a cell; tabs, breaks and the ends of paragraphs are spaces."""
    pieces = []
    for piece in element.iter(
        qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:noBreakHyphen"), qn("w:p")
    ):
        if piece.tag == qn("w:t"):
            pieces.append(piece.text or "")
        else:
            pieces.append("-" if piece.tag == qn("w:noBreakHyphen") else " ")
    return "".join(pieces)

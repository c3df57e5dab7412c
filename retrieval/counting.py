"""The numbers that Word counts and does not write: of headings and of list items."""

from typing import Any

from docx.document import Document as Word
from docx.oxml.ns import qn

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class Numbering:
    """Follows the paragraphs of a document in their order and counts as Word does."""

    def __init__(self, word: Word) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._list_of: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._styles = {style.style_id: style.element for style in word.styles}
        numbers = next((p for p in word.part.package.iter_parts() if "numbering" in p.partname), None)
        if numbers is not None and hasattr(numbers, "element"):
            self._learn(numbers.element)

    def of(self, paragraph: Any) -> str:
        """The number that stands before a paragraph, such as "3.2" or "(a)"; empty for none or a bullet."""
        list_id, level = self._place(paragraph)
        levels = self._levels.get(self._list_of.get(list_id, ""), {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(self._list_of[list_id], {})
        for deeper in [d for d in counts if d > level]:
            del counts[deeper]
        counts[level] = counts.get(level, levels[level][2] - 1) + 1
        form, pattern, _ = levels[level]
        if form in {"bullet", "none"}:
            return ""
        for n in range(level + 1):
            of_level, _, start = levels.get(n, ("decimal", "", 1))
            pattern = pattern.replace(f"%{n + 1}", _written(counts.get(n, start), of_level))
        return pattern.strip()

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """The list and the level, the paragraph's own or its style's."""
        own = paragraph.find(qn("w:pPr"))
        style = None if own is None else own.find(qn("w:pStyle"))
        inherited = self._styles.get(style.get(qn("w:val"))) if style is not None else None
        of_style = None if inherited is None else inherited.find(qn("w:pPr"))
        for properties in (own, of_style):
            number = None if properties is None else properties.find(qn("w:numPr"))
            if number is not None:
                list_id, level = number.find(qn("w:numId")), number.find(qn("w:ilvl"))
                return _value(list_id, "0"), int(_value(level, "0"))
        return "", 0

    def _learn(self, numbering: Any) -> None:
        for abstract in numbering.iter(qn("w:abstractNum")):
            levels = self._levels.setdefault(abstract.get(qn("w:abstractNumId")), {})
            for level in abstract.iter(qn("w:lvl")):
                form, pattern = level.find(qn("w:numFmt")), level.find(qn("w:lvlText"))
                start = int(_value(level.find(qn("w:start")), "1"))
                levels[int(level.get(qn("w:ilvl")))] = _value(form, "decimal"), _value(pattern, ""), start
        for number in numbering.iter(qn("w:num")):
            abstract_id = _value(number.find(qn("w:abstractNumId")), "")
            self._list_of[number.get(qn("w:numId"))] = abstract_id


def _value(element: Any, default: str) -> str:
    return default if element is None else str(element.get(qn("w:val"), default))


def _written(count: int, form: str) -> str:
    if form in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if form == "lowerLetter" else letter.upper()
    if form in {"lowerRoman", "upperRoman"}:
        roman = ""
        for value, letters in _ROMAN:
            roman, count = roman + letters * (count // value), count % value
        return roman if form == "lowerRoman" else roman.upper()
    return f"{count:02d}" if form == "decimalZero" else str(count)

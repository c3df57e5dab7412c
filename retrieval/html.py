"""HTML as blocks: what a reader sees, tables by their rows; a page that hides text is refused."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from retrieval.errors import Unreadable
from retrieval.outline import Block, Shape

_FIELDS = {"document", "title", "edition", "effective_from", "effective_to"}
_LEFT_OUT = {"script", "style", "template", "noscript", "svg", "nav", "head"}
_PLAIN = {"p", "pre", "blockquote", "dd", "dt", "figcaption", "address", "div", "section", "article"}
_HEADING = re.compile(r"h[1-6]")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(\.0*)?\s*(;|$)|font-size\s*:\s*0"
)


def split(text: str, source: str) -> tuple[dict[str, str], str]:
    """What `<meta name=… content=…>` and `<title>` say of the document, and the page itself."""
    page = LexborHTMLParser(text)
    fields = {}
    for meta in page.css("meta[name]"):
        name = (meta.attributes.get("name") or "").lower()
        if name in _FIELDS:
            fields[name] = (meta.attributes.get("content") or "").strip()
    title = page.css_first("title")
    if title is not None:
        fields.setdefault("title", _text(title))
    return fields, text


def blocks(text: str, source: str) -> Iterator[Block]:
    """The blocks of a page in its reading order."""
    body = LexborHTMLParser(text).body
    if body is not None:
        _refuse_hidden(body, source)
        yield from _walk(body)


def _refuse_hidden(body: LexborNode, source: str) -> None:
    for node in body.css("[style], [hidden], [aria-hidden=true]"):
        style = (node.attributes.get("style") or "").lower()
        if ("hidden" in node.attributes or _HIDDEN.search(style)) and _text(node):
            raise Unreadable(source, f"it hides text from its reader: {_text(node)[:40]!r}")


def _walk(node: LexborNode) -> Iterator[Block]:
    loose: list[str] = []
    for child in node.iter(include_text=True):
        if _is_block(child):
            yield from _said(loose)
            loose = []
            yield from _block(child)
        else:
            loose.append(_inline(child))
    yield from _said(loose)


def _is_block(node: LexborNode) -> bool:
    tag = node.tag or ""
    return (
        tag in _PLAIN
        or tag in {"table", "ul", "ol", "li", "main", "header", "footer"}
        or bool(_HEADING.fullmatch(tag))
    )


def _block(node: LexborNode) -> Iterator[Block]:
    tag = node.tag or ""
    if _HEADING.fullmatch(tag):
        yield Block(Shape.HEADING, _text(node), level=int(tag[1]))
    elif tag == "table":
        yield from _rows(node)
    elif tag == "ol":
        yield from _items(node, int(node.attributes.get("start") or 1))
    elif tag == "ul":
        yield from _items(node, None)
    else:
        yield from _walk(node)


def _items(node: LexborNode, number: int | None) -> Iterator[Block]:
    for item in node.iter():
        for index, block in enumerate(_walk(item)):
            label = str(number) if number is not None and index == 0 else block.label
            yield Block(Shape.ITEM, block.text, label=label) if index == 0 else block
        number = None if number is None else number + 1


def _rows(table: LexborNode) -> Iterator[Block]:
    for row in table.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in {"td", "th"}]
        text = " | ".join(_text(cell) for cell in cells)
        if text.replace("|", "").strip():
            head = all(cell.tag == "th" for cell in cells)
            yield Block(Shape.TABLE_HEAD if head else Shape.TABLE_ROW, text)


def _said(loose: list[str]) -> Iterator[Block]:
    text = _squeezed("".join(loose))
    if text:
        yield Block(Shape.PARAGRAPH, text)


def _inline(node: LexborNode) -> str:
    """The words inside a line; a line breaks at `<br>` and nowhere else."""
    if node.tag == "br":
        return "\n"
    if node.tag == "-text":
        return re.sub(r"\s", " ", node.text(deep=False))
    if node.tag in _LEFT_OUT or node.tag == "_comment":
        return ""
    return "".join(_inline(child) for child in node.iter(include_text=True))


def _text(node: LexborNode) -> str:
    return _squeezed(_inline(node))


def _squeezed(text: str) -> str:
    return "\n".join(line for part in text.split("\n") if (line := " ".join(part.split())))

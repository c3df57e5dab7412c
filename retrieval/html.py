"""HTML as blocks: what a reader sees, tables by their rows; a page that hides text is refused."""

import re
from collections import Counter
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from retrieval.errors import Unreadable
from retrieval.outline import Block, Shape

_FIELDS = {"document", "title", "edition", "effective_from", "effective_to"}
_LEFT_OUT = {"script", "style", "template", "noscript", "svg", "nav", "head"}
_PLAIN = {"p", "pre", "blockquote", "dd", "dt", "figcaption", "address", "div", "section", "article"}
_HEADING = re.compile(r"h[1-6]")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0?(\.0*)?\s*(;|$)"
    r"|font-size\s*:\s*(0?\.[0-3]\d*|0|1(\.\d*)?(?=\s*p[xt]))\s*(px|pt|r?em|%)?\s*(;|!|$)"
    r"|(text-indent|left|top)\s*:\s*-\d{3,}"
    r"|clip-path\s*:\s*inset\(\s*(50|100)%|clip\s*:\s*rect\(\s*0"
    r"|(?<!-)color\s*:\s*(transparent|(?P<white>white|#fff(f{3})?\b|rgba?\(\s*255\s*,\s*255\s*,\s*255))"
)
"""Styles that leave nothing to see; white letters count unless the same style gives them a background."""

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_CLOSED_BY_OTHERS = {
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
}  # fmt: skip
DEEPEST = 200
"""How deep elements may nest; reading takes the square of it."""


def split(text: str, source: str) -> tuple[dict[str, str], str]:
    """What `<meta name=… content=…>` and `<title>` say of the document, and the page itself."""
    _refuse_depth(text, source)
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
    page = LexborHTMLParser(text)
    if page.body is not None:
        for node in _hidden(page, page.body):
            if shown := _text(node):
                raise Unreadable(source, f"it hides text from its reader: {shown[:40]!r}")
        yield from _walk(page.body)


def _refuse_depth(text: str, source: str) -> None:
    depth, unclosed = 0, Counter[str]()
    for slash, tag in _TAG.findall(text.lower()):
        if tag in _CLOSED_BY_OTHERS or (slash and not unclosed[tag]):
            continue
        step = -1 if slash else 1
        unclosed[tag] += step
        depth += step
        if depth > DEEPEST:
            raise Unreadable(source, f"its elements nest deeper than {DEEPEST}")


def _hidden(page: LexborHTMLParser, body: LexborNode) -> Iterator[LexborNode]:
    """What its own style, or a rule of the page, leaves unseen."""
    for node in body.css("[style], [hidden]"):
        if "hidden" in node.attributes or _unseen(node.attributes.get("style") or ""):
            yield node
    for sheet in page.css("style"):
        for selectors, style in _RULE.findall(sheet.text()):
            if _unseen(style):
                for selector in selectors.split(","):
                    yield from _chosen(body, selector.strip())


def _unseen(style: str) -> bool:
    found = _HIDDEN.search(style.lower())
    return found is not None and not (found["white"] and "background" in style.lower())


def _chosen(body: LexborNode, selector: str) -> list[LexborNode]:
    try:
        return body.css(selector)
    except SelectolaxError:  # what comes before or after an element, or a rule for printing: no element
        return []


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
